#!/usr/bin/env python3
"""What s2sprobe shows: the report, JSON, pings, and nothing that a terminal would
obey."""
import json
import re
import subprocess
import sys

from tools import (FEATURES, HEADER, PEER, TIMEOUT, US, Peer, at, check, equal, fake,
                   main, s2sprobe, says)

# C0 but for the newline, DEL, C1, marks and overrides of direction.
HARMFUL = re.compile('[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e'
                     '\u2060-\u206f\ufeff]')
EVIL = '\033[2J\x07\x7f\x9b31m\u202egpj\u2066\u061c\r\n\tx'
STEADY = ('timings', 'rtt')  # members that are another each time


def without_times(text):
    value = json.loads(text)
    for name in STEADY:
        del value[name]
    for attempt in value['attempts']:
        attempt.pop('ms', None)
    return value


@check('the report of a connection')
def _(lab):
    done = lab('connect', '--authenticate', *lab.ours)
    equal(done.returncode, 0)
    for pattern in (r'^peer\.test, asked by probe\.test$', r'^outcome +ok, [0-9.]+ ms$',
                    rf'^reached +127\.0\.0\.1 port {lab.port}$',
                    r'^tls +starttls, TLS1\.3, TLS_\w+, verified$',
                    r'^certificate +CN=peer\.test$', r'^  issuer +CN=peer\.test$',
                    r'^  expires +20\d\d-\S+Z, (99|100) days left$',
                    r'^  verdict +chain ok, name ok, matched peer\.test$',
                    r'^features +STARTTLS .*DIALBACK',
                    r'^auth +authenticated by external',
                    r'^phases$', r'^tls +[0-9.]+ ms  +█+$', r'^findings$',
                    r'^info +revocation_not_checked, '):
        assert re.search(pattern, done.stdout, flags=re.M), (pattern, done.stdout)
    assert '\033' not in done.stdout, done.stdout


@check('pings are told as ping(8) does')
def _(lab):
    done = lab('ping', *lab.ours, '--count', 3, '--interval', '.001')
    equal(done.returncode, 0)
    lines = [line for line in done.stdout.split('\n')
             if line.startswith('peer.test: seq=')]
    equal(len(lines), 3)
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(rf'peer\.test: seq={number} result via=stream '
                            r'(ack=[0-9.]+ )?time=[0-9.]+ ms', line), line
    assert '--- peer.test ping statistics ---\n3 sent, 3 answered, 0% lost\n' \
        'rtt min/avg/max/mdev = ' in done.stdout, done.stdout


@check('statistics of pings')
def _(_lab):
    values = {'pingMethod': 'iq', 'us.100': 1}
    for i, ms in enumerate(('1.000', '3.000', '2.000')):
        values[f'pings.{i}.answer'] = 'result'
        values[f'pings.{i}.ms'] = ms
    _, out = fake('text', 'ping', values)
    assert '\n3 sent, 3 answered, 0% lost\n' \
        'rtt min/avg/max/mdev = 1.000/2.000/3.000/0.816 ms\n' in out, out
    _, out = fake('text', 'ping', {**values, 'stageNumber': 80, 'error': -7})
    assert 'seq=4 no answer\n' in out and \
        '\n4 sent, 3 answered, 25% lost\n' in out, out


@check('--json is what the library says')
def _(_lab):
    for answer in (FEATURES, HEADER, b'x', HEADER + b'<\xc3\xbc/>'):
        with Peer(says(answer)) as peer:
            done = s2sprobe('connect', 'localhost', *at(peer), '--json')
            library = subprocess.run(
                [PEER, 'json', '127.0.0.1', str(peer.port), US, 'localhost'],
                stdout=subprocess.PIPE, encoding='utf-8', timeout=TIMEOUT,
                check=True)
        equal(done.stdout.count('\n'), 1)
        equal(list(json.loads(done.stdout)), list(json.loads(library.stdout)))
        equal(without_times(done.stdout), without_times(library.stdout))


@check('--json on a terminal is the same value, and harmless')
def _(_lab):
    text = json.dumps({'a': EVIL + '\U000e0041ü'}, ensure_ascii=False)
    _, out = fake('json', 'connect', {'json': text}, 'utf8')
    equal(json.loads(out), json.loads(text))
    assert not HARMFUL.search(out) and '\U000e0041' not in out, out


@check('no colour in a pipe, and always when asked')
def _(lab):
    assert '\033' not in lab('connect', *lab.there).stdout
    assert '\033' not in lab('connect', *lab.there, '--color', 'never').stdout
    out = lab('connect', *lab.there, '--color', 'always',
              environment={'NO_COLOR': '1'}).stdout
    assert '\033[1m' in out, out
    left = re.sub(r'\033\[[0-9;]*m', '', out)
    assert '\033' not in left, left
    equal(out.rsplit('\033[', 1)[1][:2], '0m', 'the last code')


@check('plain ASCII where the locale has no UTF-8')
def _(lab):
    for locale in 'C', 'POSIX', 'en_US.ISO-8859-1':
        out = lab('connect', *lab.there, locale=locale).stdout
        assert out.isascii() and '  #' in out, out
    out = lab('connect', *lab.there, locale='C',
              environment={'LC_ALL': 'de_DE.utf8'}).stdout
    assert '█' in out, out
    _, out = fake('text', 'connect', {'certificate.chain': 'ok', 'certificate.name': 'ok',
                                      'certificate.subject': 'CN=bücher', 'us.100': 1})
    assert 'CN=b?cher' in out, out


def error(text):
    return HEADER + (
        "<stream:error><undefined-condition "
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text "
        f"xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{text}</text>"
        "</stream:error>").encode()


@check('a hostile peer writes no control characters')
def _(_lab):
    evil = ''.join(c for c in EVIL if c >= ' ' or c in '\t\r\n')  # XML
    for args in ((), ('--color', 'always'), ('--nagios',), ('--quiet',),
                 ('-vvv', '--quiet')):
        with Peer(says(error(f'before {evil} after'))) as peer:
            done = s2sprobe('connect', 'localhost', *at(peer), *args)
        text = re.sub(r'\033\[[0-9;]*m', '', done.stdout) + done.stderr
        assert not HARMFUL.search(text), ascii(text)
        assert 'before' in text and 'gpj' in text, text


PATHS = '''message stage from address host port redirect attempts.0.address attempts.0.outcome attempts.0.host
    attempts.0.port attempts.0.ms tls.mode tls.protocol tls.cipher tls.alpn
    certificate.subject certificate.issuer certificate.notAfter certificate.chain
    certificate.name certificate.matched features.0 auth.method auth.external
    auth.externalText auth.dialback auth.dialbackCondition inbound.count
    inbound.connections.0.address inbound.connections.0.from
    inbound.connections.0.tlsError inbound.connections.0.auth
    inbound.connections.0.authError inbound.connections.0.streamError
    inbound.connections.0.streamErrorText inbound.connections.0.ourStreamError
    streamError.condition streamError.text stanzas.0 findings.0.code
    findings.0.severity findings.0.fault findings.0.seen findings.0.advice
    dns.plan dns.secure dns.xmpps dns.xmpp dns.records.0.service
    dns.records.0.target dns.records.0.port dns.records.0.priority
    dns.records.0.weight rows.0.target rows.0.address rows.0.port rows.0.tls
    rows.0.success rows.0.code rows.0.protocol rows.0.daysLeft rows.0.ms
    pings.0.answer pings.0.condition pings.0.via pings.0.ackMs
    pings.0.ms'''.split()


@check('no text of a result reaches the terminal as it is')
def _(_lab):
    values = {path: f'[{i}{EVIL}]' for i, path in enumerate(PATHS)}
    values.update({'error': -40, 'certificate.daysLeft': 3, 'us.10': 5})
    seen = ''
    for what in 'text', 'nagios':
        for command in 'connect', 'ping', 'check':
            for width in 40, 80, 4000:
                _, out = fake(what, command, values, 'utf8', width=width)
                assert not HARMFUL.search(out), ascii(out)
                seen += out if width == 4000 else ''
    _, out = fake('text', 'ping', {'pingMethod': 'dialback-verify', 'us.80': 7,
                                   'pingAnswer': EVIL, 'pingCondition': EVIL}, 'utf8')
    assert not HARMFUL.search(out) and 'dialback-verify \ufffd' in out, ascii(out)
    for i, path in enumerate(PATHS):
        assert f'[{i}\ufffd' in seen or \
            path in ('findings.0.severity', 'findings.0.fault', 'pings.0.ms',
                     'rows.0.success'), path


@check('bytes that are no UTF-8 are replaced')
def _(_lab):
    for bad in '\udc80', '\udcff', '\udcc0\udcaf', '\udce2\udc80', '\udced\udca0\udc80':
        _, out = fake('text', 'connect', {'message': f'a{bad}b', 'error': -40}, 'utf8')
        assert 'a' + '\ufffd' * len(bad) + 'b' in out, ascii(out)


@check('no line is wider than asked for')
def _(_lab):
    values = {path: f'{path} ' * 12 + 'x' * 150 for path in PATHS}
    values.update({'error': -40, 'rows.0.tls': 'starttls', 'rows.0.code': 'connect',
                   'rows.0.port': 5269, 'rows.0.protocol': 'TLS1.3',
                   'rows.0.daysLeft': 12, 'rows.0.ms': '1.234', 'us.10': 1000,
                   'us.20': 1, 'us.50': 100000, 'us.100': 101001})
    del values['stanzas.0']  # as it came
    for width in 40, 60, 80, 120, 200:
        for text in 'x', '日本', 'e\u0301':
            wide = {k: str(v).replace('x' * 150, text * 75) for k, v in values.items()}
            _, out = fake('text', 'check', wide, 'utf8', width=width)
            longest = max(map(columns, out.split('\n')))
            assert width - 2 <= longest <= width, (width, longest, out)


def columns(line):
    return sum(0 if c == '\u0301' else 2 if c in '日本' else 1 for c in line)


ROW = {'target': 'xmpp.peer.test', 'address': '192.0.2.1', 'port': 5269, 'tls': 'starttls',
       'success': 'true', 'protocol': 'TLS1.3', 'daysLeft': 20, 'ms': '12.500'}
BAD = {'target': 'xmpp.peer.test', 'address': '2001:db8::1', 'port': 5270, 'tls': 'direct',
       'success': 'false', 'code': 'connect', 'ms': '0.300'}


def result(*rows, **more):
    values = {f'rows.{i}.{k}': v for i, row in enumerate(rows) for k, v in row.items()}
    return {'error': 0, 'us.100': 13000, **values, **more}


FINDINGS = {'findings.0.code': 'lang_missing', 'findings.0.severity': 'info',
            'findings.0.fault': 'peer', 'findings.0.advice': 'Do this.',
            'findings.1.code': 'connect_failed', 'findings.1.severity': 'error',
            'findings.1.fault': 'peer', 'findings.1.seen': 'refused',
            'findings.1.advice': 'Check the port.', 'findings.1.row': 1}


@check('a check: its rows, its findings, its status')
def _(_lab):
    status, out = fake('text', 'check', result(ROW, BAD))
    equal(status, 0)
    assert '\n' + '\n'.join((
        'target          address      port  tls       outcome  protocol  days      ms',
        'xmpp.peer.test  192.0.2.1    5269  starttls  ok       TLS1.3      20  12.500',
        'xmpp.peer.test  2001:db8::1  5270  direct    connect  -            -   0.300'
    )) + '\n' in out, out
    status, out = fake('text', 'check', result(ROW, BAD, **FINDINGS))
    equal(status, 1)
    worst = 'error    connect_failed, fault: the server\'s, at xmpp.peer.test 2001:db8::1 5270\n' \
        '         seen: refused\n         Check the port.\n'
    assert worst in out and out.index('connect_failed') < out.index('lang_missing'), out
    equal(fake('text', 'connect', result(ROW, **FINDINGS))[0], 0)
    equal(fake('text', 'check', result(BAD, error=-21))[0], 3)
    _, out = fake('text', 'check', result(ROW, BAD), width=60)
    assert '\n    connect  -            -   0.300\n' in out, out


@check('-v says more on standard error')
def _(lab):
    equal(lab('connect', *lab.there).stderr, '')
    done = lab('connect', *lab.there, '-vvv')
    assert 's2sprobe: out: <?xml ' in done.stderr and \
        's2sprobe: in: <stream:stream ' in done.stderr, done


@check('what an unfinished probe has learnt')
def _(_lab):
    with Peer(says(HEADER)) as peer:
        done = s2sprobe('connect', 'localhost', *at(peer))
    equal(done.returncode, 3)
    assert 'outcome      closed, ' in done.stdout, done.stdout


if __name__ == '__main__':
    sys.exit(main())
