"""Checks that print TAP.

    @check('name')
    def _(...): ...      # raises AssertionError when it fails

    sys.exit(run(...))   # all of them, with these arguments
"""
import json
import sys
import traceback

CHECKS = []


def check(name):
    def add(function):
        CHECKS.append((name, function))
        return function
    return add


def equal(actual, expected, what='value'):
    assert actual == expected, f'{what}: got {actual!r}, expected {expected!r}'


def member(value, path):
    """The member of a JSON value at a path such as 'findings.0.code'."""
    for key in path.split('.'):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def has(result, expected):
    """The members of a result's JSON, by path, are as expected; None: absent."""
    wrong = [f'{path}: got {member(result.json, path)!r}, expected {value!r}'
             for path, value in expected.items()
             if member(result.json, path) != value]
    assert not wrong, '\n'.join(wrong) + '\n' + json.dumps(result.json)


def run(*arguments):
    """The exit status: 0 when all checks pass."""
    failed, lost = 0, []
    # An exception in a callback cannot pass through C; it fails the check.
    sys.unraisablehook = lambda what: lost.append(what.exc_value)
    print(f'1..{len(CHECKS)}', flush=True)
    for number, (name, function) in enumerate(CHECKS, 1):
        try:
            function(*arguments)
            if lost:
                raise lost.pop()
            print(f'ok {number} - {name}', flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            lost.clear()
            print(f'not ok {number} - {name}')
            print('# ' + traceback.format_exc().replace('\n', '\n# '), flush=True)
    return 1 if failed else 0
