#!/usr/bin/env python3
"""What s2sprobe shows: the report, JSON, pings, and nothing that a terminal would
obey."""
import json
import re
import subprocess
import sys

from tools import (FEATURES, HEADER, PEER, ROOT, TIMEOUT, US, Peer, at, check, equal, fake,
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
    dns.plan dns.xmpps dns.xmpp dns.records.0.service
    dns.records.0.target dns.records.0.port dns.records.0.priority
    dns.records.0.weight rows.0.target rows.0.address rows.0.port rows.0.tls
    rows.0.success rows.0.code rows.0.versions.0 rows.0.chain rows.0.daysLeft
    rows.0.dane rows.0.ms rows.1.target rows.1.address rows.1.port rows.1.code
    rows.1.error rows.1.protocol rows.2.pingAnswer rows.3.pingAnswer rows.3.authMethod
    rows.4.code rows.4.error dns.xmppsError
    pings.0.answer pings.0.condition pings.0.via pings.0.ackMs
    pings.0.ms'''.split()


KINDS = {f'rows.{i}.kind': kind for i, kind in enumerate(
    ('endpoint', 'service', 'verify', 'ping', 'time'))}
KINDS.update({f'rows.{i}.success': success for i, success in enumerate(
    ('false', 'false', 'true', 'true', 'false'))})


@check('no text of a result reaches the terminal as it is')
def _(_lab):
    values = {path: f'[{i}{EVIL}]' for i, path in enumerate(PATHS)}
    values.update({'error': -40, 'certificate.daysLeft': 3, 'us.10': 5, **KINDS})
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
                     'rows.0.success', 'rows.0.ms'), path


@check('bytes that are no UTF-8 are replaced')
def _(_lab):
    for bad in '\udc80', '\udcff', '\udcc0\udcaf', '\udce2\udc80', '\udced\udca0\udc80':
        _, out = fake('text', 'connect', {'message': f'a{bad}b', 'error': -40}, 'utf8')
        assert 'a' + '\ufffd' * len(bad) + 'b' in out, ascii(out)


@check('no line is wider than asked for')
def _(_lab):
    values = {path: f'{path} ' * 12 + 'x' * 150 for path in PATHS}
    values.update({'error': -40, 'rows.0.tls': 'starttls', 'rows.0.code': 'cert_untrusted',
                   'rows.0.port': 5269, 'rows.0.versions.0': 'TLS1.2',
                   'rows.0.versions.1': 'TLS1.3', 'rows.0.chain': 'self-signed',
                   'rows.0.daysLeft': 12, 'rows.0.dane': 'mismatch',
                   'rows.0.ms': '12345.234', 'us.10': 1000, 'us.20': 1,
                   'us.50': 100000, 'us.100': 101001, **KINDS})
    del values['stanzas.0']  # as it came
    for width in 40, 60, 80, 120, 200:
        for text in 'x', '日本', 'e\u0301':
            wide = {k: str(v).replace('x' * 150, text * 75) for k, v in values.items()}
            for command in 'check', 'connect':
                _, out = fake('text', command, wide, 'utf8', width=width)
                longest = max(map(columns, out.split('\n')))
                assert width - 2 <= longest <= width, (width, longest, out)
                for line in out.split('\n'):
                    assert line == line.rstrip(' '), ascii(line)


def columns(line):
    return sum(0 if c == '\u0301' else 2 if c in '日本' else 1 for c in line)


ROW = {'kind': 'endpoint', 'target': 'xmpp.peer.test', 'address': '192.0.2.1', 'port': 5269,
       'tls': 'starttls', 'success': 'true', 'versions.0': 'TLS1.2', 'versions.1': 'TLS1.3',
       'chain': 'ok', 'name': 'ok', 'daysLeft': 20, 'ms': '12.500'}
BAD = {'kind': 'endpoint', 'target': 'xmpp.peer.test', 'address': '2001:db8::1', 'port': 5270,
       'tls': 'direct', 'success': 'false', 'code': 'connect', 'error': 'refused',
       'ms': '0.300'}


def result(*rows, **more):
    values = {f'rows.{i}.{k}': v for i, row in enumerate(rows) for k, v in row.items()}
    return {'error': 0, 'us.100': 13000, **values, **more}


FINDINGS = {'findings.0.code': 'lang_missing', 'findings.0.severity': 'info',
            'findings.0.fault': 'peer', 'findings.0.advice': 'Do this.',
            'findings.1.code': 'connect_failed', 'findings.1.severity': 'error',
            'findings.1.fault': 'peer', 'findings.1.seen': '2001:db8::1: refused',
            'findings.1.advice': 'Check the port.', 'findings.1.rows.0': 1}


@check('a check: its rows, its findings, its status')
def _(_lab):
    status, out = fake('text', 'check', result(ROW, BAD), width=90)
    equal(status, 0)
    assert '\n' + '\n'.join((
        'target          address      port  tls       outcome  version  cert  days    ms',
        'xmpp.peer.test  192.0.2.1    5269  starttls  ok       1.2 1.3  ok      20  12.5',
        'xmpp.peer.test  2001:db8::1  5270  direct    connect  -        -        -   0.3'
    )) + '\n' in out, out
    status, out = fake('text', 'check', result(ROW, BAD, **FINDINGS))
    equal(status, 1)
    assert '\noutcome      1 of 2 endpoints work, 1 error, 13.0 ms\n' in out, out
    worst = 'error    connect_failed, fault: the server\'s\n' \
        '         at xmpp.peer.test 2001:db8::1 port 5270: refused\n' \
        '         Check the port.\n'
    assert worst in out and out.index('connect_failed') < out.index('lang_missing'), out
    equal(fake('text', 'connect', result(ROW, **FINDINGS))[0], 0)
    _, out = fake('text', 'check', result(ROW, BAD), width=75)
    assert '\nxmpp.peer.test 192.0.2.1   5269 starttls ok      1.2 1.3 ok     20 12.5\n' in out, out
    _, out = fake('text', 'check', result(ROW, BAD), width=60)
    assert '\n    connect  -        -        -   0.3\n' in out, out


@check('a check of which nothing works')
def _(_lab):
    status, out = fake('text', 'check', result(BAD, error=-21, stage='tcp',
                                               message='it refused'))
    equal(status, 3)
    assert '\noutcome      0 of 1 endpoint works, 13.0 ms\n             connect: it refused\n' \
        in out and 'stage' not in out, out
    # Columns in which there is nothing are not there.
    assert '\ntarget          address      port  tls     outcome   ms\n' in out, out
    _, out = fake('text', 'check', {'error': -20, 'us.100': 1000})
    assert '\noutcome      no endpoint, 1.0 ms\n' in out and 'target' not in out, out


@check('a certificate in the table: the chain, then the name')
def _(_lab):
    for chain, name, shown in (('ok', 'mismatch', 'name mismatch'), ('ok', 'ok', 'ok'),
                               ('expired', 'mismatch', 'expired')):
        _, out = fake('text', 'check', result({**ROW, 'chain': chain, 'name': name}),
                      width=120)
        assert f'  1.2 1.3  {shown} ' in out, out


@check('rows of a check that are no endpoints')
def _(_lab):
    place = {'target': 'peer.test', 'success': 'true', 'ms': '1.200'}
    no = {'success': 'false', 'code': 'remote_error', 'error': 'no', 'ms': '1.200'}
    for row, shown in (
            ({**place, 'kind': 'verify', 'pingAnswer': 'invalid'},
             'dialback     verify: invalid, as it should be, 1.2 ms'),
            ({**place, 'kind': 'verify', 'pingAnswer': 'valid'},
             'dialback     verify: valid, 1.2 ms'),
            ({**place, 'kind': 'verify', **no}, 'dialback     verify: remote_error: no, 1.2 ms'),
            ({**place, 'kind': 'ping', 'pingAnswer': 'result', 'authMethod': 'external'},
             'ping         result, authenticated by external, 1.2 ms'),
            ({**place, 'kind': 'ping', **no}, 'ping         remote_error: no, 1.2 ms'),
            ({**place, 'kind': 'time'}, 'clock        ok, 1.2 ms'),
            ({**place, 'kind': 'time', **no},
             'clock        not known: remote_error: no, 1.2 ms'),
            ({**ROW, 'kind': 'service', 'protocol': 'TLS1.3'},
             'service      xmpp.peer.test 192.0.2.1 port 5269: ok, TLS1.3, 12.5 ms'),
            ({**BAD, 'kind': 'service'},
             'service      xmpp.peer.test 2001:db8::1 port 5270: connect: refused, 0.3 ms')):
        _, out = fake('text', 'check', result(ROW, row))
        assert f'\n\n{shown}\n' in out and '1 of 1 endpoint works' in out, (shown, out)
    skew = {'findings.0.code': 'clock_skew', 'findings.0.severity': 'warning',
            'findings.0.seen': 'an hour', 'findings.0.advice': 'Set it.'}
    _, out = fake('text', 'check', result(ROW, {**place, 'kind': 'time'}, **skew))
    assert '\nclock        wrong: an hour, 1.2 ms\n' in out, out


@check('one finding at several endpoints is told once')
def _(_lab):
    both = {f'findings.{i}.{k}': v for i in range(2) for k, v in (
        ('code', 'connect_failed'), ('severity', 'error'), ('fault', 'peer'),
        ('advice', 'Check the port.'), ('rows.0', i))}
    _, out = fake('text', 'check', result(ROW, BAD, **both))
    assert "\nerror    connect_failed, fault: the server's\n" \
        '         at xmpp.peer.test 192.0.2.1 port 5269\n' \
        '         at xmpp.peer.test 2001:db8::1 port 5270\n' \
        '         Check the port.\n' in out and out.count('Check') == 1, out


@check('what DNS says, in words')
def _(_lab):
    for dns, shown in (
            ({'plan': 'srv', 'secure': 'true', 'xmpp': 'records', 'xmpps': 'none'},
             'by SRV, in this order, secured by DNSSEC\n\n'),
            ({'plan': 'srv', 'secure': 'false', 'xmpp': 'records', 'xmpps': 'refused'},
             'by SRV, in this order, not secured by DNSSEC\n'
             '             _xmpps-server: not offered\n'),
            ({'plan': 'domain', 'secure': 'false', 'xmpp': 'none', 'xmpps': 'none'},
             "no SRV records: the domain's own address, not secured by DNSSEC\n"),
            ({'plan': 'domain', 'secure': 'false', 'xmpp': 'failed', 'xmpps': 'none',
              'xmppError': 'SERVFAIL'},
             "no answer for SRV: the domain's own address, not secured by DNSSEC\n"
             '             _xmpp-server: no answer, SERVFAIL\n'),
            ({'plan': 'none', 'secure': 'true', 'xmpp': 'refused', 'xmpps': 'none'},
             'says that it offers no service to other servers (SRV "."), secured\n'
             '             by DNSSEC\n\n'),
            ({'plan': 'unknown', 'secure': 'false', 'xmpp': 'failed', 'xmpps': 'none'},
             'no answer: where the servers are is not known\n'),
            ({'plan': 'bogus', 'secure': 'false', 'xmpp': 'bogus', 'xmpps': 'none'},
             'DNSSEC validation of the SRV records fails\n')):
        values = {f'dns.{k}': v for k, v in dns.items()}
        for command in 'check', 'connect':
            _, out = fake('text', command, {**result(), **values, 'us.10': 1000})
            assert f'\ndns          {shown}'.rstrip('\n') + '\n' in out, (shown, out)


@check('more SRV records than anybody reads')
def _(_lab):
    values = {f'dns.records.{i}.{k}': v for i in range(40) for k, v in (
        ('service', 'xmpp-server'), ('target', f'h{i}.test'), ('port', 5269))}
    _, out = fake('text', 'check', {'dns.plan': 'srv', **result(), **values})
    equal(out.count('_xmpp-server h'), 16)
    assert '\n             and 24 more, which --json lists\n' in out, out


@check('nothing is said of TLS where nothing was connected')
def _(_lab):
    values = {'error': -21, 'tls.mode': 'starttls', 'tls.established': 'false', 'us.100': 1}
    for stage, mode, shown in ((20, 'starttls', None), (50, 'direct', 'not established'),
                               (30, 'starttls', 'not established'),
                               (60, 'none', 'not encrypted')):
        _, out = fake('text', 'connect', {**values, 'stageNumber': stage, 'tls.mode': mode})
        if shown is None:
            assert '\ntls' not in out, out
        else:
            assert f'\ntls          {mode}, {shown}\n' in out, out


def manual(command):
    """An example in the manual: the lines behind a command."""
    with open(f'{ROOT}/man/s2sprobe.1', encoding='utf-8') as f:
        text = f.read()
    return text.split(f'\n$ {command}\n', 1)[1].split('\n.Ed', 1)[0]


@check("the manual's example of a check is what the program prints")
def _(_lab):
    host = {'kind': 'endpoint', 'target': 'xmpp.example.org', 'address': '192.0.2.1'}
    bad = {**host, 'port': 5270, 'tls': 'direct', 'success': 'false', 'code': 'connect',
           'ms': '.4'}
    good = {**ROW, **host, 'daysLeft': 60, 'ms': '41.9'}
    service = {'kind': 'service', 'target': 'conference.example.org', 'success': 'false',
               'code': 'dns', 'error': 'conference.example.org: NXDOMAIN', 'ms': '9.1'}
    verify = {**host, 'kind': 'verify', 'success': 'true', 'pingAnswer': 'invalid',
              'ms': '42.3'}
    records = {f'dns.records.{i}.{k}': v for i, record in enumerate(
        (('xmpps-server', 5270, 5), ('xmpp-server', 5269, 10))) for k, v in zip(
            ('service', 'port', 'priority', 'weight', 'target'),
            (*record, 0, 'xmpp.example.org'))}
    findings = {f'findings.{i}.{k}': v for i, severity in enumerate(
        ('error', 'error', 'warning')) for k, v in (('code', f'x{i}'), ('severity', severity))}
    values = result(bad, good, service, verify, **records, **findings)
    values.update({'dns.plan': 'srv', 'from': 'example.com', 'us.100': 84200})
    _, out = fake('text', 'check', values)
    shown = manual('s2sprobe check example.org --from example.com --service conference.')
    equal(out.replace('peer.test', 'example.org').split('\n\nfindings\n')[0], shown)


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
