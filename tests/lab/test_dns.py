#!/usr/bin/env python3
"""The DNS world is as dns_world.py says: what the resolver validates, what the zones
answer, what the hosts do. Only the lab itself is tested here.

Run it through ./in-namespace.
"""
import hashlib
import os
import socket
import ssl
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import dns_world  # noqa: E402
import responder_checks  # noqa: E402,F401 (its checks)
from dns_client import ask, over_udp  # noqa: E402
from dns_wire import (A, AAAA, CNAME, DNSKEY, NOERROR, NXDOMAIN, RD, SERVFAIL,  # noqa: E402
                      SRV, TC, TLSA, Answer, query)
from peers import receive  # noqa: E402
from servers import Lab, LabError  # noqa: E402
from tap import check, equal, run  # noqa: E402
from world import HEADER, dead_hosts  # noqa: E402

XMPP, XMPPS = '_xmpp-server._tcp.', '_xmpps-server._tcp.'


def place(lab):
    host, port = lab.dns.rsplit(':', 1)
    return host, int(port)


# ---- What is validated ---------------------------------------------------------------


@check('signed: secure, whether there is such a name or not')
def _(lab):
    for zone in ('test', 'signed.test'):
        for name, kind, rcode in ((zone, DNSKEY, NOERROR), (zone, TLSA, NOERROR),
                                  (f'nobody.{zone}', A, NXDOMAIN)):
            answer = ask(lab.dns, name, kind)
            equal((answer.rcode, answer.secure), (rcode, True), name)


@check('not signed: an answer that is not secure')
def _(lab):
    for name, rcode in (('h1.plain.test', NOERROR), ('nobody.plain.test', NXDOMAIN)):
        answer = ask(lab.dns, name, A)
        equal((answer.rcode, answer.secure), (rcode, False), name)


@check('bogus: SERVFAIL, and an answer for who does not want it checked')
def _(lab):
    answer = ask(lab.dns, 'h1.bogus.test', A)
    equal((answer.rcode, answer.secure, answer.records), (SERVFAIL, False, []))
    answer = ask(lab.dns, 'h1.bogus.test', A, checking=False)
    equal((answer.rcode, answer.secure, answer.of(A)), (NOERROR, False, ['127.0.0.61']))


@check('no data: SERVFAIL, checked or not')
def _(lab):
    for zone in ('signed.test', 'plain.test'):
        for name in (f'{XMPP}servfail.{zone}', f'{XMPPS}servfail.{zone}',
                     f'{XMPPS}half.{zone}', f'{XMPP}otherhalf.{zone}'):
            for checking in (True, False):
                equal(ask(lab.dns, name, SRV, checking).rcode, SERVFAIL, name)


@check('neither AD nor DO in a question: no AD in the answer')
def _(lab):
    answer = ask(lab.dns, 'h1.signed.test', A, flags=RD)
    equal((answer.rcode, answer.secure), (NOERROR, False))
    assert ask(lab.dns, 'h1.signed.test', A, flags=RD, do=True).secure


@check('what is silent is asked for and says nothing, and holds up nobody')
def _(lab):
    silent = lab.servers['unbound'].silent[1]  # where the resolver asks
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(place(lab))
        s.send(query(1, f'{XMPPS}slow.plain.test', SRV))
        silent.settimeout(20)
        assert b'\x04slow' in silent.recv(65535).lower()
        equal(ask(lab.dns, f'{XMPP}slow.plain.test', SRV).rcode, NOERROR)
        s.setblocking(False)
        try:
            raise AssertionError(s.recv(65535))
        except BlockingIOError:
            pass


@check('more than fits in a datagram comes over TCP')
def _(lab):
    name = XMPP + 'hundred.signed.test'
    assert Answer(over_udp(place(lab), query(7, name, SRV))).flags & TC
    answer = ask(lab.dns, name, SRV)
    equal((len(set(answer.of(SRV))), answer.secure), (100, True))


# ---- The zones ---------------------------------------------------------------------

DOT = [(0, 0, 0, '.')]
NONE = []


def hosts(port, *records):
    """SRV records: (priority, weight, host)."""
    return [(priority, weight, port, host) for priority, weight, host in records]


TABLE = {  # domain: _xmpps-server, _xmpp-server, the domain's own address; None: SERVFAIL
    'no-srv': (NONE, NONE, True),
    'only-xmpp': (NONE, hosts(5269, (10, 0, 'h1'), (20, 0, 'h2')), False),
    'only-xmpps': (hosts(5270, (10, 0, 'h1'), (20, 0, 'h2')), NONE, True),
    'both': (hosts(5270, (10, 0, 'h1'), (30, 0, 'h3')),
             hosts(5269, (20, 0, 'h2'), (40, 0, 'h4')), False),
    'both-weighted': (hosts(5270, (10, 50, 'h1'), (20, 0, 'h3')),
                      hosts(5269, (10, 50, 'h2')), False),
    'xmpps-dot': (DOT, hosts(5269, (10, 0, 'h1')), True),
    'xmpps-dot-alone': (DOT, NONE, True),
    'xmpp-dot-alone': (NONE, DOT, True),
    'xmpp-dot': (hosts(5270, (10, 0, 'h1')), DOT, True),
    'dots': (DOT, DOT, True),
    'servfail': (None, None, None),
    'half': (None, hosts(5269, (10, 0, 'h1')), True),
    'otherhalf': (hosts(5270, (10, 0, 'h1')), None, True),
    'weights': (NONE, hosts(5269, (10, 0, 'h4'), (10, 10, 'h3'), (10, 30, 'h2'),
                            (10, 60, 'h1')), False),
    'xn--bcher-kva': (NONE, hosts(5269, (10, 0, 'h1')), False),
}


def records(lab, name, zone):
    answer = ask(lab.dns, f'{name}.{zone}', SRV, checking=zone != 'bogus.test')
    if answer.rcode == SERVFAIL:
        return None
    equal(answer.secure, zone == 'signed.test', name)
    return sorted((*r[:3], r[3].replace(f'.{zone}.', '')) for r in answer.of(SRV))


@check('every row of the table, in every zone')
def _(lab):
    wrong = []
    for zone in dns_world.ZONES:
        for domain, (xmpps, xmpp, own) in TABLE.items():
            seen = [records(lab, prefix + domain, zone) for prefix in (XMPPS, XMPP)]
            if own is not None:
                there = ask(lab.dns, f'{domain}.{zone}', A, zone != 'bogus.test').of(A)
                seen.append(there == ['127.0.0.60'])
                equal(len(there), own, domain)
            if seen != [xmpps, xmpp, own][:len(seen)]:
                wrong.append((domain, zone, seen))
    equal(wrong, [])


@check('hosts: aliases, without addresses, private, IPv6')
def _(lab):
    for name, kinds in {
            'other.alias': [CNAME, A], 'own-alias': [CNAME, A], 'text.addressless': [],
            'none.addressless': [], 'host.private': [A], 'itself': [A],
            'm2.many': [A, A, A]}.items():
        equal([k for _, k, _ in ask(lab.dns, f'{name}.signed.test', A).records], kinds, name)
    equal(ask(lab.dns, 'host.eyeballs.signed.test', AAAA).of(AAAA), ['::1'])
    equal(ask(lab.dns, 'host.eyeballs.signed.test', A).of(A), ['127.0.0.61'])
    equal(len(ask(lab.dns, XMPP + 'many.plain.test', SRV).of(SRV)), 30)


@check('what dnsmasq says without us, this says too')
def _(lab):
    equal(ask(lab.dns, XMPP + 'prosody.test', SRV).of(SRV), [(10, 5, 5269, 'xmpp.prosody.test.')])
    equal(ask(lab.dns, 'xmpp.prosody.test', A).of(A), ['127.0.0.11'])
    equal(ask(lab.dns, 'anything.probe.test', A).of(A), ['127.0.0.14'])
    equal(ask(lab.dns, 'v6.test', AAAA).of(AAAA), ['::1'])
    equal(ask(lab.dns, XMPP + 'noservice.test', SRV).of(SRV), DOT)


# ---- TLSA, and the servers at the hosts -----------------------------------------------


def shown(address, port, domain):
    """The certificate that a server shows for a domain, and whether it is one of the
    authority's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((address, port), 20) as s:
        if port == 5269:
            s.sendall(HEADER.format('probe.test', domain).encode())
            receive(s, '</stream:features>')
            s.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            receive(s, '<proceed [^>]*>')
        with context.wrap_socket(s, server_hostname=domain) as tls:
            tls.sendall(HEADER.format('probe.test', domain).encode())
            receive(tls, '</stream:features>')
            return tls.getpeercert(binary_form=True)


def key_digest(lab, certificate):
    path = os.path.join(lab.dir, 'shown.pem')
    with open(path, 'w', encoding='ascii') as f:
        f.write(ssl.DER_cert_to_PEM_cert(certificate))
    return hashlib.sha256(dns_world.key_of(path)).hexdigest()


@check('TLSA records match what the servers show, or do not')
def _(lab):
    for domain, port, usage, matches in (
            ('dane-ee', 5269, 3, True), ('dane-ee', 5270, 3, True),
            ('dane-selfsigned', 5269, 3, True), ('dane-mismatch', 5269, 3, False),
            ('pkix-ee', 5269, 1, True), ('dane-alias', 5269, 3, True)):
        for zone in ('signed.test', 'plain.test'):
            answer = ask(lab.dns, f'_{port}._tcp.host.{domain}.{zone}', TLSA)
            equal(answer.secure, zone == 'signed.test', domain)
            found = key_digest(lab, shown('127.0.0.61', port, f'{domain}.{zone}'))
            data = answer.of(TLSA)
            equal((len(data), data[0][:3], data[0][3] == found),
                  (1, (usage, 1, 1), matches), domain)
    equal(ask(lab.dns, '_5269._tcp.host.dane-servfail.signed.test', TLSA).rcode, SERVFAIL)
    unusable = ask(lab.dns, '_5269._tcp.host.dane-unusable.signed.test', TLSA).of(TLSA)
    equal(sorted(r[:3] for r in unusable), [(3, 1, 1), (3, 1, 99), (77, 1, 1)])


@check('the servers at the hosts tell who came, and how')
def _(lab):
    world = lab.servers['world']
    del world.came[:]
    shown('127.0.0.62', 5270, 'both.signed.test')
    shown('127.0.0.60', 5269, 'no-srv.plain.test')
    equal(world.came, [('127.0.0.62', 5270, 'direct', 'both.signed.test'),
                       ('127.0.0.60', 5269, 'starttls', 'no-srv.plain.test')])


@check('dead hosts do not answer, and do not refuse')
def _(_):
    for n in range(2):
        with dead_hosts() as dead:
            for where in dead.places:
                family = socket.AF_INET6 if ':' in where[0] else socket.AF_INET
                with socket.socket(family) as s:
                    s.setblocking(False)
                    equal(s.connect_ex(where), 115, 'EINPROGRESS')  # loopback refuses at once
                    with open('/proc/net/tcp6' if ':' in where[0] else '/proc/net/tcp',
                              encoding='ascii') as f:
                        port = f':{s.getsockname()[1]:04X}'
                        states = [line.split()[3] for line in f if line.split()[1].endswith(port)]
                    equal(states, ['02'], f'SYN_SENT, time {n}')


def main():
    try:
        with Lab(('knot', 'unbound', 'world')) as lab:
            return run(lab)
    except LabError as e:
        print(f'Bail out! {e}'.replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
