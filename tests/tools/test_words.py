#!/usr/bin/env python3
"""The options: --help, the manual, the completion and the program agree."""
import os
import re
import subprocess
import sys
import tempfile

from tools import ROOT, TIMEOUT, check, equal, main, s2sprobe

COMPLETION = f'{ROOT}/tools/s2sprobe.bash'
SYSTEM = '/usr/share/bash-completion/bash_completion'


def read(path):
    with open(f'{ROOT}/{path}', encoding='utf-8') as f:
        return f.read()


def helped():
    """{option} of --help, long and short ones, with their dashes."""
    out = s2sprobe('--help').stdout
    found = set()
    for row in re.findall(r'^  (?:(-\w), |    )(--[a-z-]+)', out, flags=re.M):
        found.update(o for o in row if o)
    return found


def completed(*words):
    script = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _s2sprobe; ' \
        'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(['bash', '-c', script, COMPLETION, 's2sprobe', *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=TIMEOUT, check=True)
    equal(done.stderr, '')
    return set(done.stdout.split())


@check('--help and --version')
def _(_lab):
    done = s2sprobe('--help')
    equal((done.returncode, done.stderr), (0, ''))
    assert done.stdout.startswith('usage: s2sprobe '), done
    assert max(map(len, done.stdout.split('\n'))) < 80, done
    equal(s2sprobe('-h').stdout, done.stdout)
    done = s2sprobe('--version')
    equal((done.returncode, done.stderr), (0, ''))
    assert re.fullmatch(r's2sprobe \d+\.\d+\.\d+\n', done.stdout), done
    equal(s2sprobe('-V').stdout, done.stdout)


@check('--help has the options of the program')
def _(_lab):
    source = read('tools/options.c')
    program = {'--' + o for o in re.findall(
        r'\{"([a-z-]+)", (?:required|no)_argument', source)}
    letters = re.search(r'letters\[\] = ":([a-zA-Z:]+)"', source).group(1)
    program |= {'-' + c for c in letters if c != ':'}
    assert len(program) > 30, program
    equal(helped() ^ program, set())


@check('so has the manual')
def _(_lab):
    manual = read('man/s2sprobe.1')
    found = set()
    for row in re.findall(r'^\.It (Fl .*)$', manual, flags=re.M):
        found.update('-' + o.replace('\\-', '-') for o in re.findall(r'Fl (\S+)', row))
    equal(helped() ^ found, set())
    synopsis = re.search(r'^\.Sh SYNOPSIS\n(.*?)^\.Sh ', manual, flags=re.M | re.S).group(1)
    for command in 'connect', 'ping', 'send', 'check', 'batch':
        assert re.search(rf'^\.Cm .*\b{command}\b', synopsis, flags=re.M), command
        assert f'.It Cm {command}' in manual, command


@check('and the completion')
def _(_lab):
    equal(completed('connect', 'peer.test', '-') ^ helped(), set())
    equal(completed('connect', 'peer.test', '--no-'),
          {'--no-external', '--no-dialback', '--no-bidi', '--no-progress'})
    equal(completed(''), {'connect', 'ping', 'send', 'check', 'batch'})
    equal(completed('p'), {'ping'})


@check('completion of values: what the program takes')
def _(_lab):
    values = {'--tls': {'auto', 'starttls', 'direct', 'none'},
              '--ping-method': {'auto', 'iq', 'dialback-verify'},
              '--op': {'connect', 'ping', 'check'},
              '--color': {'auto', 'always', 'never'}}
    for option, wanted in values.items():
        for start in (option, ''), (option, '='), (option, '=', ''):
            equal(completed('ping', 'peer.test', *start), wanted, option)
        done = s2sprobe('ping', 'peer.test', option, 'x')
        equal(set(re.findall(r'[a-z-]+', done.stderr.split('wants ')[1].split(':')[0])) -
              {'or'}, wanted, option)
    equal(completed('ping', 'peer.test', '--tls', '=', 'd'), {'direct'})
    for option in '--port', '--timeout', '-w', '--shard':
        equal(completed('ping', 'peer.test', option, ''), set(), option)
    with tempfile.TemporaryDirectory() as folder:
        for name in 'cert.pem', 'other':
            with open(f'{folder}/{name}', 'w', encoding='utf-8'):
                pass
        for option in '--cert', '--key', '--ca-file', '--password-file', '--secret-file':
            equal(completed('ping', option, f'{folder}/c'), {f'{folder}/cert.pem'}, option)
        equal(completed('batch', f'{folder}/o'), {f'{folder}/other'})


@check('bash-completion finds it by its name')
def _(_lab):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f'{folder}/completions')
        os.symlink(COMPLETION, f'{folder}/completions/s2sprobe')
        done = subprocess.run(
            ['bash', '-c', f'. {SYSTEM}; _completion_loader s2sprobe; complete -p s2sprobe'],
            env={**os.environ, 'BASH_COMPLETION_USER_DIR': folder},
            stdout=subprocess.PIPE, text=True, timeout=TIMEOUT, check=False)
    equal(done.stdout, 'complete -F _s2sprobe s2sprobe\n')


if __name__ == '__main__':
    sys.exit(main())
