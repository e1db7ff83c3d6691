"""Checks: a DNS server that lies, and names that change between two questions. Each lie is
found, and ends."""
import ctypes
import functools
import socket
import struct

import responder as lie
import s2sprobe as s2s
from discovery import US, about_dns, codes, records, seen
from dns_wire import A, REFUSED, SERVFAIL, SRV, address, record, srv
from loops import collect
from peers import Peer, drain
from responder import POINTER, Responder, answer, fails, silent
from tap import check, equal, has

LONG = 20000  # milliseconds; c-ares gives up before
HOST = 'host.test'
GOOD = answer((SRV, srv(10, 0, 5269, HOST)))
NONE = answer()


def alias_chain(question):
    """Longer than anybody follows."""
    names = [question.name, *(f'a{n}.test' for n in range(40))]
    return lie.answer(*[record(names[n], 5, lie.name(names[n + 1])) for n in range(40)])(question)


def alias_ring(question):
    return lie.alias_loop(question.name, 'b.test', 'c.test')(question)


# By the first label of the domain: what is said to both SRV questions, and what comes of it:
# code, plan, the state of _xmpp, findings about DNS.
TIMED_OUT = ('dns', 'unknown', 'failed', {'dns_unavailable'})
FAILED = ('dns', 'unknown', 'failed', {'dns_failed'})
UNREADABLE = ('dns', 'unknown', 'failed', {'dns_failed', 'srv_unreadable'})
LIES = {
    'silent': (silent, TIMED_OUT),
    'servfail': (fails(SERVFAIL), FAILED),
    'refused': (fails(REFUSED), FAILED),
    'wrong-number': (lie.wrong_number(GOOD), TIMED_OUT),
    'wrong-question': (lie.wrong_question(GOOD), TIMED_OUT),
    'a-question': (lie.itself_a_question(GOOD), FAILED),
    'elsewhere': (lie.elsewhere(GOOD), TIMED_OUT),
    'cut': (lie.cut(GOOD, 50), FAILED),
    'cut-header': (lie.cut(GOOD, 9), TIMED_OUT),
    'overcounted': (lie.overcounted((SRV, srv(1, 1, 5269, HOST))), FAILED),
    'alias-ring': (alias_ring, FAILED),
    'alias-chain': (alias_chain, FAILED),
    'pointer-loop': (lie.pointer_loop, FAILED),
    'target-loop': (lie.target_loop, FAILED),
    'target-beyond': (lie.target_beyond, FAILED),
    'long-target': (lie.long_target, FAILED),
    'long-label': (lie.long_label, FAILED),
    'endless-target': (lie.endless_target, FAILED),
    'short-data': (lie.short_data, FAILED),
    'no-data': (lie.no_data, FAILED),
    'longer-data': (lie.longer_data, FAILED),
    'not-a-name': (answer((SRV, srv(1, 1, 5269, b'\x03a b\0'))), UNREADABLE),
}
# The same: what it is told in the end is true.
TRUE = {
    'padded': lie.padded(GOOD),
    'twice': lie.twice(GOOD),
    'first-a-lie': lie.first(lie.wrong_number(fails(REFUSED)), GOOD),
    'truncated': lie.truncated(GOOD),
    'second-time': [silent, GOOD],
    'compressed': answer((SRV, srv(10, 0, 5269, b'\x04host' + b'\x04test\0'))),
}


def domain_of(label):
    return label + '.test'


def table():
    found = {HOST: NONE, (HOST, A): answer((A, address('127.0.0.69')))}
    for label, action in {**{k: v[0] for k, v in LIES.items()}, **TRUE}.items():
        for service in ('_xmpp-server', '_xmpps-server'):
            found[f'{service}._tcp.{domain_of(label)}', SRV] = action
    return found


@functools.cache
def lie_results(lab):
    """All at once, of one server."""
    with Responder(table()) as dns, \
            s2s.Context(ca_file=lab.ca, dns_servers=[dns.address]) as context:
        labels = [*LIES, *TRUE]
        for label in labels:
            context.submit(s2s.OP_CONNECT, US, domain_of(label), user=label, timeout_ms=LONG)
        return collect(context, len(labels))


def row(label, code, plan, state, findings):
    @check(f'a lie: {label}: {", ".join(sorted(findings))}')
    def _(lab):
        r = lie_results(lab)[label]
        has(r, {'code': code, 'dns.plan': plan, 'dns.xmpp': state, 'dns.xmpps': state,
                'dns.records': [], 'attempts': None})
        equal(about_dns(r), findings)
        assert r.json['dns']['xmppError'] in r.message, r.raw


for _label, (_, _outcome) in LIES.items():
    row(_label, *_outcome)


def true(label):
    @check(f'no lie in the end: {label}')
    def _(lab):
        r = lie_results(lab)[label]
        has(r, {'code': 'connect', 'dns.plan': 'srv', 'dns.secure': False})
        assert HOST in records(r) or HOST + ' port 5269 tls' in records(r), r.raw
        equal(about_dns(r), {'connect_failed'})


for _label in TRUE:
    true(_label)


def one(lab, actions, domain='a.test', op=s2s.OP_CONNECT, flags=0, timeout_ms=LONG, **options):
    """A probe of a domain whose SRV names, and all else, are as these say."""
    with Responder(actions, **options) as dns, \
            s2s.Context(ca_file=lab.ca, dns_servers=[dns.address]) as context:
        context.submit(op, US, domain, flags=flags, timeout_ms=timeout_ms)
        return collect(context, 1)[None], list(dns.asked)


@check('a lie: there is more over TCP, and nobody is there')
def _(lab):
    r, asked = one(lab, {None: lie.truncated(GOOD)}, tcp=False)
    has(r, {'code': 'dns', 'dns.plan': 'unknown', 'dns.xmpp': 'failed'})
    equal(about_dns(r), {'dns_unavailable'})
    assert all(way == 'udp' for *_, way in asked), asked


@check('a lie: nothing at all: the domain\'s own address only when it is hoped for')
def _(lab):
    domain = {name: action for name, action in (
        ('a.test', NONE), (('a.test', A), answer((A, address('127.0.0.69')))), (None, silent))}
    r, _ = one(lab, domain)
    has(r, {'code': 'dns', 'dns.plan': 'unknown', 'attempts': None})
    r, _ = one(lab, domain, flags=s2s.SRV_FALLBACK)
    has(r, {'code': 'connect', 'dns.plan': 'domain', 'attempts.0.address': '127.0.0.69'})


@check('a lie: silence ends with the deadline')
def _(lab):
    for op in (s2s.OP_CONNECT, s2s.OP_CHECK):
        r, _ = one(lab, {None: silent}, op=op, timeout_ms=300)
        has(r, {'code': 'timeout', 'stage': 'dns', 'dns': None})


@check('NXDOMAIN for all: no such domain')
def _(lab):
    r, _ = one(lab, {})
    has(r, {'code': 'dns', 'dns.plan': 'domain', 'dns.xmpp': 'none'})
    equal(about_dns(r), {'srv_none', 'dns_failed'})
    assert 'NXDOMAIN' in r.message, r.message


@check('a lie: thousands of records over TCP: few are kept, fewer are tried')
def _(lab):
    r, asked = one(lab, {('_xmpp-server._tcp.a.test', SRV): lie.as_many_as_fit})
    assert ('_xmpp-server._tcp.a.test.', SRV, 'tcp') in asked, asked
    has(r, {'code': 'dns', 'dns.plan': 'srv'})
    text, = seen(r, 'srv_many')
    assert int(text.split()[1]) > 2000, text
    assert 0 < len(r.json['dns']['records']) <= 1024
    hosts = {name for name, kind, _ in asked if kind == A}
    assert len(hosts) <= 10, hosts
    r, asked = one(lab, {('_xmpp-server._tcp.a.test', SRV): lie.as_many_as_fit}, op=s2s.OP_CHECK)
    assert {'srv_many', 'srv_target'} <= codes(r), r.raw
    hosts = {name for name, kind, _ in asked if kind == A}
    assert len(hosts) <= 16, hosts


@check('a lie: both names lead to each other and to us')
def _(lab):
    r, _ = one(lab, {('_xmpp-server._tcp.a.test', SRV): answer((SRV, srv(0, 0, 5269, 'a.test'))),
                     'a.test': alias_ring})
    has(r, {'code': 'dns', 'dns.plan': 'srv'})
    assert {'srv_target', 'dns_failed'} <= codes(r), r.raw


# ---- A name that changes -------------------------------------------------------------

INSIDE, OUTSIDE = '127.0.0.1', '127.0.0.61'


def rebinding():
    """The first answer is harmless, all later ones lead inside; none may be kept."""
    at = [answer(record(POINTER, A, address(where), ttl=0)) for where in (OUTSIDE, INSIDE)]
    return {('_xmpp-server._tcp.both.plain.test', SRV):
            answer(record(POINTER, SRV, srv(0, 0, 5269, 'turning.test'), ttl=0)),
            ('turning.test', A): at, 'turning.test': NONE}


def watching(refused):
    """A filter, and what it has seen."""
    asked = []

    def decide(_, where, _length):
        family, port = struct.unpack('=H', ctypes.string_at(where, 2))[0], 0
        port, = struct.unpack('!H', ctypes.string_at(where + 2, 2))
        assert family == socket.AF_INET, family
        asked.append((socket.inet_ntoa(ctypes.string_at(where + 4, 4)), port))
        return int(asked[-1][0] == refused)
    return s2s.ADDRESS_FILTER(decide), asked


@check('rebinding: the filter sees what is connected to')
def _(lab):
    world = lab.servers['world']
    for op in (s2s.OP_CONNECT, s2s.OP_CHECK):
        guard, asked = watching(INSIDE)
        del world.came[:]
        with Responder(rebinding()) as dns, Peer(drain, (INSIDE, 5269)) as inside, \
                s2s.Context(ca_file=lab.ca, dns_servers=[dns.address],
                            address_filter=guard) as context:
            for time in range(3):
                context.submit(op, US, 'both.plain.test', timeout_ms=LONG)
                r = collect(context, 1)[None]
                has(r, {'success': time == 0, 'code': 'address_forbidden' if time else None})
                if time:
                    assert 'address_forbidden' in codes(r), r.raw
                    assert INSIDE not in r.raw, r.raw
            equal(inside.connections, [])
        equal({address for address, *_ in world.came}, {OUTSIDE})
        equal(set(asked), {(OUTSIDE, 5269), (INSIDE, 5269)})


@check('rebinding: without a filter it leads where it says')
def _(lab):
    with Responder(rebinding()) as dns, Peer(drain, (INSIDE, 5269)) as inside, \
            s2s.Context(ca_file=lab.ca, dns_servers=[dns.address]) as context:
        for _ in range(2):
            context.submit(s2s.OP_CONNECT, US, 'both.plain.test', timeout_ms=1000)
            r = collect(context, 1)[None]
        has(r, {'code': 'timeout', 'address': INSIDE})
        equal(len(inside.connections), 1)
