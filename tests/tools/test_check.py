#!/usr/bin/env python3
"""s2sprobe check, and connect by SRV records: a DNS server that says what it is told,
and a server of the library behind it."""
import hashlib
import json
import re
import socket
import subprocess
import sys

from tools import BASE, ROOT, TIMEOUT, Peer, check, equal, main, s2sprobe, started
from tools import silent as silent_peer

sys.path.insert(1, f'{ROOT}/tests/lab')

from dns_wire import A, NXDOMAIN, SERVFAIL, SRV, TLSA, address, srv  # noqa: E402
from responder import Held, Responder, answer, fails, secure, silent  # noqa: E402

HARMFUL = re.compile('[\0-\x09\x0b-\x1f\x7f-\x9f]')
XMPP, XMPPS = '_xmpp-server._tcp.', '_xmpps-server._tcp.'
HERE = answer((A, address('127.0.0.1')))


def closed():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def records(*targets, how=answer):
    """SRV records: (port, host), the first one first."""
    return how(*((SRV, srv(10 * i, 0, port, host))
                 for i, (port, host) in enumerate(targets, 1)))


class Looked:
    """How a command ended, for peer.test with these names in DNS."""

    def __init__(self, lab, dns, *args, command='check'):
        self.done = s2sprobe(command, 'peer.test', '--ca-file', lab.cert, *BASE,
                             '--dns-server', dns.address, *args)
        self.status, self.out = self.done.returncode, self.done.stdout

    def lines(self, *wanted):
        """They are there, one below the other, with blanks as in the text."""
        text = re.sub(r'\d+\.\d+ ms', 'N ms', self.out)
        assert '\n' + '\n'.join(wanted) + '\n' in text, (wanted, self.done)

    def finds(self, code, *evidence):
        text = '\n'.join(f'         {line}' for line in evidence)
        assert re.search(rf'^\w+ +{code}, fault: .*\n{re.escape(text)}', self.out, re.M), \
            (code, evidence, self.done)


def look(lab, table, *args, command='check'):
    with Responder(table) as dns:
        return Looked(lab, dns, *args, command=command)


def addresses(hosts):
    """For each host another one; the first is where the server is."""
    return {(host, A): answer((A, address(f'127.0.0.{i}')))
            for i, (_, host) in enumerate(hosts, 1)}


def one(lab, port=None):
    return {(XMPP + 'peer.test', SRV): records((port or lab.port, 'h1.peer.test')),
            ('h1.peer.test', A): HERE}


def two(lab):
    """The first one does not work."""
    bad = closed()
    return bad, {(XMPPS + 'peer.test', SRV): records((bad, 'h1.peer.test')),
                 (XMPP + 'peer.test', SRV): answer(
                     (SRV, srv(20, 0, lab.port, 'h2.peer.test'))),
                 ('h1.peer.test', A): HERE, ('h2.peer.test', A): HERE}


@check('what works')
def _(lab):
    r = look(lab, one(lab))
    equal((r.status, r.done.stderr), (0, ''))
    r.lines('outcome      1 of 1 endpoint works, 1 warning, N ms',
            'dns          by SRV, in this order, not secured by DNSSEC',
            f'             _xmpp-server h1.peer.test port {lab.port}, priority 10, weight 0')
    assert re.search(rf'\nh1\.peer\.test  127\.0\.0\.1  +{lab.port}  starttls  ok       '
                     r'1\.2 1\.3  ok   +(99|100)  +[0-9.]+\n', r.out), r.out
    r.lines('dialback     verify: invalid, as it should be, N ms')
    r.finds('address_private', f'at h1.peer.test 127.0.0.1 port {lab.port}',
            'DNS leads to an address that is not reachable from the Internet')


@check('one of two works: status 1, and which one does not')
def _(lab):
    bad, table = two(lab)
    r = look(lab, table)
    equal(r.status, 1)
    r.lines('outcome      1 of 2 endpoints work, 1 error, 2 warnings, N ms',
            'dns          by SRV, in this order, not secured by DNSSEC',
            f'             _xmpps-server h1.peer.test port {bad}, priority 10, weight 0',
            f'             _xmpp-server h2.peer.test port {lab.port}, priority 20, weight 0')
    r.finds('connect_failed', f'at h1.peer.test 127.0.0.1 port {bad}: connection refused',
            'Check that the server runs')
    r.finds('endpoints_differ', 'seen: 1 of 2 do not work')


@check('the same as JSON, and as a plugin of a monitoring system')
def _(lab):
    bad, table = two(lab)
    r = look(lab, table, '--json')
    equal(r.status, 1)
    value = json.loads(r.out)
    rows = [(row['kind'], row['target'], row['port'], row['success']) for row in value['rows']]
    equal(rows, [('endpoint', 'h1.peer.test', bad, False),
                 ('endpoint', 'h2.peer.test', lab.port, True),
                 ('verify', 'h2.peer.test', lab.port, True)])
    equal([f['row'] for f in value['findings'] if f['code'] == 'connect_failed'], [0])
    r = look(lab, table, '--nagios')
    equal(r.status, 2)
    assert re.fullmatch(
        r'S2SPROBE CRITICAL - check peer\.test: 1 of 2 endpoints work, certificate has '
        rf'(99|100) days left, connect_failed at h1\.peer\.test 127\.0\.0\.1 port {bad} \| '
        r'time=[0-9.]+s;;;0 dns=[0-9.]+s;;;0 endpoints=1;;;0;2 daysleft=(99|100);14:;7:\n',
        r.out), r.out
    r = look(lab, one(lab), '--nagios')
    equal(r.status, 0)
    assert r.out.startswith('S2SPROBE OK - check peer.test: 1 of 1 endpoint works, '), r.out
    assert ' endpoints=1;;;0;1 ' in r.out, r.out


@check('the order of the records, whichever name is found first')
def _(lab):
    hosts = [(lab.port, f'h{i}.peer.test') for i in range(1, 5)]
    table = {(XMPP + 'peer.test', SRV): records(*hosts), **addresses(hosts)}
    held = table['h1.peer.test', A] = Held(HERE)
    with Responder(table) as dns, \
            started('check', 'peer.test', '--ca-file', lab.cert, *BASE, '--json',
                    '--dns-server', dns.address) as p:
        names = {f'{host}.' for _, host in hosts}
        dns.wait(lambda asked: names <= {name for name, kind, _ in asked if kind == A})
        held.release()
        out, _ = p.communicate(timeout=TIMEOUT)
    rows = [row['target'] for row in json.loads(out)['rows'] if row['kind'] == 'endpoint']
    equal(rows, [host for _, host in hosts])


@check('3: nothing works')
def _(lab):
    bad = closed()
    r = look(lab, one(lab, bad))
    equal(r.status, 3)
    r.lines('outcome      0 of 1 endpoint works, 1 error, 1 warning, N ms',
            '             connect: 127.0.0.1: connection refused')
    assert 'dialback' not in r.out, r.out
    r = look(lab, {(XMPP + 'peer.test', SRV): records((5269, 'gone.peer.test'))})
    equal(r.status, 3)
    r.lines('target          port  tls       outcome', 'gone.peer.test  5269  starttls  dns')


@check('1: the answer is no')
def _(lab):
    table = {(XMPP + 'other.test', SRV): records((lab.port, 'h1.peer.test')),
             ('h1.peer.test', A): HERE}
    with Responder(table) as dns:
        done = s2sprobe('check', 'other.test', '--ca-file', lab.cert, *BASE,
                        '--dns-server', dns.address)
    equal(done.returncode, 1)
    assert '\n             stream_error: ' in done.stdout, done


@check('3: DNS says no, or says nothing')
def _(lab):
    for action, shown in (
            (answer((SRV, srv(0, 0, 0, '.'))),
             'says that it offers no service to other servers (SRV "."), not'),
            (fails(SERVFAIL), 'no answer: where the servers are is not known')):
        r = look(lab, {(XMPP + 'peer.test', SRV): action, (XMPPS + 'peer.test', SRV): action})
        equal(r.status, 3)
        r.lines(f'dns          {shown}')
        assert '\noutcome      no endpoint, 1 error, ' in r.out, r.out


@check("no SRV records, and none that are answered for: the domain's own address")
def _(lab):
    own = {('peer.test', A): fails(NXDOMAIN)}
    for command in 'check', 'connect':
        r = look(lab, own, command=command)
        equal(r.status, 3)
        r.lines("dns          no SRV records: the domain's own address, not secured by DNSSEC")
        broken = {**own, (XMPP + 'peer.test', SRV): fails(SERVFAIL),
                  (XMPPS + 'peer.test', SRV): fails(SERVFAIL)}
        with Responder(broken) as dns:
            r = Looked(lab, dns, command=command)
            assert ('peer.test.', A, 'udp') not in dns.asked, dns.asked
            r = Looked(lab, dns, '--srv-fallback', command=command)
            assert ('peer.test.', A, 'udp') in dns.asked, dns.asked
        r.lines("dns          no answer for SRV: the domain's own address, not secured by DNSSEC",
                '             _xmpps-server: no answer, SERVFAIL',
                '             _xmpp-server: no answer, SERVFAIL')


@check('4: the deadline')
def _(lab):
    r = look(lab, {None: silent}, '--timeout', '.2')
    equal(r.status, 4)
    r.lines('             timeout: the deadline of 200 ms passed while looking up SRV '
            'records')
    r.finds('timeout', 'seen: stage dns')


@check('4: a host that DNS does not answer for, until the deadline')
def _(lab):
    table = {(XMPP + 'peer.test', SRV): records((lab.port, 'h1.peer.test'),
                                                (lab.port, 'h2.peer.test')),
             ('h1.peer.test', None): silent, ('h2.peer.test', A): HERE}
    r = look(lab, table, '--timeout', '.3')
    equal(r.status, 4)
    r.lines('             timeout: h1.peer.test: the deadline passed')
    row = f'{lab.port}  starttls  timeout\n'
    assert re.search(rf'\nh1\.peer\.test  -          +{row}h2\.peer\.test  127\.0\.0\.1  +{row}',
                     r.out), r.out


@check('an endpoint that says nothing does not hold up the others')
def _(lab):
    with Peer(silent_peer) as mute:
        table = {(XMPP + 'peer.test', SRV): records((mute.port, 'h1.peer.test'),
                                                    (lab.port, 'h2.peer.test')),
                 ('h1.peer.test', A): HERE, ('h2.peer.test', A): HERE}
        r = look(lab, table, '--timeout', '1')
    equal(r.status, 1)
    assert '1 of 2 endpoints work' in r.out, r.out
    r.finds('silent', f'at h1.peer.test 127.0.0.1 port {mute.port}')


@check('connect by SRV: what was reached, and what was not needed')
def _(lab):
    table = {(XMPP + 'peer.test', SRV): records((lab.port, 'h1.peer.test'),
                                                (closed(), 'h2.peer.test')),
             ('h1.peer.test', A): HERE, ('h2.peer.test', A): HERE}
    r = look(lab, table, command='connect')
    equal(r.status, 0)
    r.lines(f'reached      127.0.0.1 port {lab.port}, host h1.peer.test')
    assert '\ntried ' not in r.out, r.out
    _, table = two(lab)
    r = look(lab, table, command='connect')
    equal(r.status, 0)
    assert re.search(r'\ntried        h1\.peer\.test 127\.0\.0\.1 port \d+: refused, ', r.out), \
        r.out


@check('--service: more domains')
def _(lab):
    r = look(lab, {**one(lab), (XMPP + 'chat.test', SRV): records((lab.port, 'h1.peer.test'))},
             '--service', 'conference.', '--service', 'chat.test')
    equal(r.status, 1)
    r.lines('service      conference.peer.test: dns: NXDOMAIN, N ms')
    assert f'\nservice      chat.test 127.0.0.1 port {lab.port}: stream_error: ' in r.out, r.out
    assert '1 of 1 endpoint works' in r.out, r.out


@check('--authenticate: a ping, and the clock')
def _(lab):
    r = look(lab, one(lab), '--authenticate', '--cert', lab.cert, '--key', lab.key)
    assert re.search(r'\nping         \w+, authenticated by external, ', r.out), r.out
    assert '\nclock        ' in r.out, r.out
    r = look(lab, one(lab))
    assert '\nping ' not in r.out and '\nclock ' not in r.out, r.out


def pin(lab):
    """The SHA-256 of the certificate's key."""
    pem = subprocess.run(['openssl', 'x509', '-in', lab.cert, '-noout', '-pubkey'],
                         check=True, capture_output=True).stdout
    key = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'], input=pem,
                         check=True, capture_output=True).stdout
    return hashlib.sha256(key).digest()


@check('DNSSEC and TLSA records: findings, and a verdict with --dane')
def _(lab):
    for digest, shown, status, decided in ((pin(lab), 'match', 0, 0),
                                           (b'x' * 32, 'mismatch', 1, 1)):
        table = {(XMPP + 'peer.test', SRV): records((lab.port, 'h1.peer.test'), how=secure),
                 (XMPPS + 'peer.test', SRV): secure(),
                 ('h1.peer.test', None): secure(),
                 ('h1.peer.test', A): secure((A, address('127.0.0.1'))),
                 (f'_{lab.port}._tcp.h1.peer.test', TLSA): secure((TLSA, b'\3\1\1' + digest))}
        r = look(lab, table)
        equal(r.status, status)
        r.lines('dns          by SRV, in this order, secured by DNSSEC',
                f'             _xmpp-server h1.peer.test port {lab.port}, priority 10, weight 0')
        assert re.search(rf'^h1.* ok .* {shown} ', r.out, re.M), r.out
        assert '1 of 1 endpoint works' in r.out, r.out
        r = look(lab, table, '--dane')
        equal(r.status, decided)
        assert ('cert_untrusted' in r.out) == (decided == 1), r.out


@check('--xml-to: what the stream calls the domain')
def _(lab):
    there = (*lab.there, '-vvv', '-q')
    for args, to in ((), 'bücher.test'), (('--xml-to', 'xn--bcher-kva.test'),
                                          'xn--bcher-kva.test'):
        done = s2sprobe('connect', 'bücher.test', *there, *args)
        assert re.search(rf"out: .*to=['\"]{to}['\"]", done.stderr), (to, done)


@check('--dns-trust-ad is taken')
def _(lab):
    equal(look(lab, one(lab), '--dns-trust-ad').status, 0)


EVIL = (b'\x09\x1b[2Jevil\x07\x04test\0', b'\x06a\nb\rc\t\x04test\0', b'\x03\x9b31\x04test\0',
        b'\x05\xe2\x80\xaeab\x04test\0', b'\x08a b|c=1;\x04test\0')


@check('a hostile host in an SRV record writes no control characters')
def _(lab):
    for host in EVIL:
        table = {(XMPP + 'peer.test', SRV): answer((SRV, srv(1, 0, 5269, host)),
                                                   (SRV, srv(2, 0, lab.port, 'h1.peer.test'))),
                 ('h1.peer.test', A): HERE}
        for args in (), ('--nagios',), ('--json',), ('-vvv', '--quiet'):
            r = look(lab, table, *args)
            for text in r.out, r.done.stderr:
                assert not HARMFUL.search(text) and '\u202e' not in text, ascii(text)
            equal(r.out.count(' | ') if '--nagios' in args else 1, 1)


@check('long names, and many of them: no line is too wide')
def _(lab):
    long = '.'.join(('x' * 63, 'y' * 63, 'z' * 63, 'test'))
    many = [(lab.port, f'h{i}.{long}') for i in range(30)]
    table = {(XMPP + 'peer.test', SRV): records(*many),
             **addresses(many)}
    r = look(lab, table)
    equal(r.status, 1)
    assert '\noutcome      1 of 10 endpoints work, ' in r.out, r.out
    assert max(map(len, r.out.split('\n'))) <= 80, r.out
    equal(len(re.findall(r'^h\d\.x+', r.out, re.M)), 10)
    assert '             and 14 more, which --json lists\n' in r.out, r.out


@check('128 and the signal: a check that was ended')
def _(lab):
    with Responder({None: silent}) as dns, \
            started('check', 'peer.test', *BASE, '--dns-server', dns.address) as p:
        dns.wait(lambda asked: asked)
        p.send_signal(2)
        out, errors = p.communicate(timeout=TIMEOUT)
    equal((p.returncode, errors), (130, 's2sprobe: interrupted\n'))
    assert '\n             cancelled' in out, out


if __name__ == '__main__':
    sys.exit(main())
