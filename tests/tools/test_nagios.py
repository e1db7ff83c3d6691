#!/usr/bin/env python3
"""s2sprobe as a plugin of a monitoring system: one line, numbers, thresholds."""
import re
import socket
import sys

from tools import US, Peer, at, check, equal, fake, main, s2sprobe, silent

# The guidelines for plugins: text, a bar, then 'label'=value[UOM];[w];[c];[min];[max]
NUMBER = r'-?[0-9.]+'
RANGE = rf'(?:@?(?:~|{NUMBER})?:?(?:{NUMBER})?)'
DATUM = rf"(?:[^ '=]+|'[^'=]+')={NUMBER}(?:s|us|ms|%|B|KB|MB|TB|c)?" \
    rf'(?:;{RANGE})?(?:;{RANGE})?(?:;(?:{NUMBER})?)?(?:;(?:{NUMBER})?)?'
LINE = re.compile(rf'S2SPROBE (OK|WARNING|CRITICAL|UNKNOWN) - ([^|\n]+)'
                  rf'(?: \|((?: {DATUM})+))?\n')
STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']


def line(status, out):
    """{label: rest} of a right line, and its text."""
    match = LINE.fullmatch(out)
    assert match, ascii(out)
    equal(match.group(1), STATES[status], f'state in {out}')
    return dict(d.split('=', 1) for d in (match.group(3) or '').split()), match.group(2)


@check('the line, and the thresholds for a certificate')
def _(lab):
    for days, status, warning, critical in (
            ((), 0, 14, 7), (('-w', 50, '-c', 10), 0, 50, 10), (('-w', 200), 1, 200, 7),
            (('--warning', 300, '--critical', 200), 2, 300, 200),
            (('-w', 3), 0, 3, 3), (('-c', 150), 2, 150, 150)):
        done = lab('ping', '--nagios', *days, *lab.ours)
        equal((done.returncode, done.stderr), (status, ''))
        numbers, text = line(status, done.stdout)
        assert re.fullmatch(rf'(99|100);{warning}:;{critical}:', numbers['daysleft']), numbers
        for phase in ('time', 'tcp', 'stream', 'starttls', 'tls', 'features',
                      'auth', 'ping'):
            assert re.fullmatch(r'[0-9]+\.[0-9]{6}s;;;0', numbers[phase]), numbers
        assert 'ping peer.test: ok' in text and '1 of 1 pings answered' in text, text


@check('days left at each threshold')
def _(_lab):
    for days, status in (15, 0), (14, 0), (13, 1), (7, 1), (6, 2), (0, 2), (-3, 2):
        got, out = fake('nagios', 'connect', {'us.100': 5, 'certificate.daysLeft': days})
        equal(got, status, f'state with {days} days')
        equal(line(got, out)[0]['daysleft'], f'{days};14:;7:')


@check('a check: the certificate that ends first, the endpoints, the worst finding')
def _(_lab):
    values = {'us.100': 5, 'rows.3.kind': 'verify', 'rows.3.success': 'true'}
    for i, (success, days) in enumerate((('true', 50), ('false', None), ('true', 10))):
        values.update({f'rows.{i}.kind': 'endpoint', f'rows.{i}.target': f'h{i}',
                       f'rows.{i}.address': '192.0.2.1', f'rows.{i}.port': 5269,
                       f'rows.{i}.success': success})
        if days:
            values[f'rows.{i}.daysLeft'] = days
    status, out = fake('nagios', 'check', values)
    equal(status, 1)
    numbers, text = line(status, out)
    equal(numbers, {'time': '0.000005s;;;0', 'endpoints': '2;;;0;3', 'daysleft': '10;14:;7:'})
    equal(text, 'check peer.test: 2 of 3 endpoints work, certificate has 10 days left')
    warning = {'findings.0.code': 'endpoints_differ', 'findings.0.severity': 'warning'}
    status, out = fake('nagios', 'check', {**values, **warning})
    equal(status, 1)
    assert line(1, out)[1].endswith(' days left, endpoints_differ'), out
    bad = {'findings.1.code': 'cert_name', 'findings.1.severity': 'error', 'findings.1.row': 1}
    status, out = fake('nagios', 'check', {**values, **warning, **bad})
    equal(status, 2)
    assert line(2, out)[1].endswith(' days left, cert_name at h1 192.0.2.1 port 5269'), out


@check('a success with an error among its findings is a warning')
def _(lab):
    done = lab('connect', '--nagios', '--accept-untrusted', '--host', '127.0.0.1',
               '--port', lab.port, '--from', US)
    equal(done.returncode, 1)
    assert 'cert_self_signed' in line(1, done.stdout)[1], done


@check('critical: no, nothing there, the deadline')
def _(lab):
    done = s2sprobe('connect', 'other.test', *lab.there, '--nagios')
    equal(done.returncode, 2)
    assert 'stream_error' in line(2, done.stdout)[1], done
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    done = s2sprobe('connect', 'peer.test', '--host', '127.0.0.1', '--port', port,
                    '--from', US, '--nagios')
    equal(done.returncode, 2)
    assert 'daysleft' not in line(2, done.stdout)[0], done
    with Peer(silent) as peer:
        done = s2sprobe('connect', 'peer.test', *at(peer), '--timeout', '.05', '--nagios')
    equal(done.returncode, 2)
    line(2, done.stdout)


@check('unknown: the command line, its files, our configuration')
def _(lab):
    for args in (('--nagios',), ('connect', '--nagios'),
                 ('connect', 'peer.test', '--nagios', '-w', '3', '-c', '4'),
                 ('connect', 'peer.test', '--x', '--nagios'),
                 ('connect', 'peer.test', '--nagios', '-w', 'x'),
                 ('connect', 'no domain', '--from', US, '--nagios'),
                 ('connect', 'peer.test', *lab.ours, '--cert', '/gone', '--nagios')):
        done = s2sprobe(*args)
        equal(done.returncode, 3)
        line(3, done.stdout)


@check('a bar, a newline or a quote in a text is none')
def _(_lab):
    status, out = fake('nagios', 'connect', {
        'error': -40, 'message': "a | b=1;2\nOK 'c'\r\tx", 'us.100': 5})
    equal(status, 2)
    numbers, text = line(2, out)
    equal(list(numbers), ['time'])
    assert "a / b=1;2 OK 'c'" in text, text


if __name__ == '__main__':
    sys.exit(main())
