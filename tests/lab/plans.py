#!/usr/bin/env python3
"""plans.py [--dead]: where others go, and in which order, for each domain of the DNS
world. Prints TAP, and one table. --dead: also hosts that do not answer, for which a
server waits up to 20 s. $S2SPROBE_LIBRARY is our own library.

Each is made to say something to the domain, twice. First nobody listens at the hosts:
all that is tried is seen, in order, as packets. Then somebody does: what comes first is
TLS, or a stream. Who may not look at packets sees the second part only.

To add a column:

    ASKERS['ours'] = lambda lab, domain: ...  # returns when it has given up

Run it through ./in-namespace.
"""
import collections
import os
import re
import socket
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import dns_world  # noqa: E402
import s2sprobe as s2s  # noqa: E402
from component import Component  # noqa: E402
from servers import WORLD, Lab, LabError  # noqa: E402
from tap import check, equal, run  # noqa: E402
from world import PORTS, dead_hosts  # noqa: E402

ETH_P_ALL, TCP, SYN, SYN_ACK = 3, 6, 0x02, 0x12
FIRST_PASS, SECOND_PASS = 'plain.test', 'signed.test'  # the same domains
NAMES = {dns_world.HOST.format(dns_world.FALLBACK): 'own',
         dns_world.HOST.format(dns_world.CLOSED): 'closed',
         dns_world.DEAD: 'dead', dns_world.DEAD_V6: 'dead6', '127.0.0.1': 'loopback',
         **{dns_world.HOST.format(dns_world.FALLBACK + n): f'h{n}' for n in range(1, 9)}}


def component(server):
    def asker(lab, domain):
        """A ping of its component; the error comes when it has tried all."""
        with Component(lab, server) as tool:
            tool.socket.settimeout(60)
            tool.send(f"<iq type='get' id='p' from='{tool.domain}' to='{domain}'>"
                      "<ping xmlns='urn:xmpp:ping'/></iq>")
            tool.until(r'''<iq [^>]*type=['"]error['"].*?</iq>''')
    return asker


def ours(lab, domain):
    """Ours, with all its time: to where it looks."""
    with s2s.Context(ca_file=lab.ca, dns_servers=[lab.dns]) as context:
        context.connect('probe.test', domain, timeout_ms=30000)


ASKERS = {'prosody': component('prosody'), 'ejabberd': component('ejabberd'), 'ours': ours}


# ---- What is seen ----------------------------------------------------------------------


def target(address, port):
    kind = {5269: '', 5270: ' tls'}.get(port, f' port {port}')
    return NAMES.get(address, address) + kind


class Syns:
    """The first packets of connections, of the whole network."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setblocking(False)

    def take(self):
        """Where they went since the last time, each but once."""
        found = []
        while True:
            try:
                packet, origin = self.socket.recvfrom(128)
            except BlockingIOError:
                return list(dict.fromkeys(found))
            if origin[2] == socket.PACKET_HOST and (where := self.tcp(packet)):
                found.append(where)

    @staticmethod
    def tcp(packet):
        if packet[0] >> 4 == 4:
            kind, host, rest = packet[9], packet[16:20], packet[(packet[0] & 15) * 4:]
            family = socket.AF_INET
        else:
            kind, host, rest, family = packet[6], packet[24:40], packet[40:], socket.AF_INET6
        if kind != TCP or rest[13] & SYN_ACK != SYN:
            return None
        port = struct.unpack_from('!H', rest, 2)[0]
        host = socket.inet_ntop(family, host)
        ours = port in PORTS or host in NAMES and host != '127.0.0.1'
        return target(host, port) if ours else None


def within(domain, zone):
    return domain if domain.endswith('.test') else f'{domain}.{zone}'


def attempts(lab, domain):
    """By asker: what it tried, in order; None: unknown."""
    try:
        syns = Syns()
    except PermissionError:
        return {name: None for name in ASKERS}
    found = {}
    with syns.socket:
        for name, ask in ASKERS.items():
            syns.take()
            ask(lab, within(domain, FIRST_PASS))
            found[name] = syns.take()
    return found


def arrivals(lab, domain):
    """By asker: where it came first, and with what."""
    kind, address, name, _ = WORLD['world']
    world = kind(lab, 'world', address, name)
    found = {}
    try:
        world.begin()
        for name, ask in ASKERS.items():
            ask(lab, within(domain, SECOND_PASS))
            found[name] = [target(address, port) for address, port, *_ in world.came[:1]]
            for _, port, how, to in world.came:
                to = to.encode('idna').decode()  # some say it in U-labels
                equal((how, to), ('direct' if port == 5270 else 'starttls',
                                  within(domain, SECOND_PASS)), name)
            del world.came[:]
    finally:
        world.stop()
    return found


# ---- The table -------------------------------------------------------------------------

OWN, NOTHING = ['own'], []
H1, H1_TLS = ['h1'], ['h1 tls']
ONE_ORDER = ['h1 tls', 'h2', 'h3 tls', 'h4']
TLS_FIRST = ['h1 tls', 'h3 tls', 'h2', 'h4']
ANY = None  # drawn
EXPECTED = {  # domain: Prosody 0.12.3, ejabberd 23.01, we
    'no-srv': (OWN, OWN, OWN),
    'only-xmpp': (['h1', 'h2'], ['h1', 'h2'], ['h1', 'h2']),
    'only-xmpps': (['h1 tls', 'h2 tls', 'own'], ['h1 tls', 'h2 tls'], ['h1 tls', 'h2 tls']),
    'both': (TLS_FIRST, ONE_ORDER, ONE_ORDER),
    'both-reversed': (['h2 tls', 'h1'], ['h1', 'h2 tls'], ['h1', 'h2 tls']),
    'both-weighted': (['h1 tls', 'h3 tls', 'h2'], ANY, ANY),
    'xmpps-dot': (H1, H1, H1),
    'xmpps-dot-alone': (OWN, NOTHING, NOTHING),
    'xmpp-dot-alone': (NOTHING, NOTHING, NOTHING),
    'xmpp-dot': (H1_TLS, H1_TLS, H1_TLS),
    'dots': (NOTHING, NOTHING, NOTHING),
    'servfail': (NOTHING, NOTHING, NOTHING),
    'half': (H1, H1, H1),
    'otherhalf': (['h1 tls', 'own'], H1_TLS, H1_TLS),
    'slow': (H1, H1, H1),
    'alias': (H1, H1, H1),
    'own-alias': (OWN, OWN, OWN),
    'addressless': (H1, H1, H1),
    'nowhere': (NOTHING, NOTHING, NOTHING),
    'itself': (OWN, OWN, OWN),
    'loopback': (['loopback'], ['loopback'], ['loopback']),
    'literal': (H1, H1, NOTHING),
    'port-0': (['h1 port 0'], ['h1 port 0'], NOTHING),
    'mixed-dot': (H1, H1, H1),
    'closed': (['closed', 'h1'], ['closed', 'h1'], ['closed', 'h1']),
    'weights': (ANY, ANY, ANY),
    'hundred': (ANY, ANY, ANY),
    'many': (ANY, ANY, ANY),
    'both.bogus.test': (NOTHING, NOTHING, NOTHING),
    'xn--bcher-kva': (H1, H1, H1),
    'conference.addons': (['h2'], ['h2'], ['h2']),
    'conference.only-xmpp': (OWN, OWN, OWN),
}
DEAD = {
    'dead': (['dead', 'h1'], ['dead', 'h1'], ['dead', 'h1']),
    'eyeballs': (['h1', 'dead6'], ['dead6', 'h1'], ['dead6', 'h1']),
}
ROWS = []


def words(targets):
    if len(targets) > 4:
        targets = [*targets[:3], f'... {len(targets)} in all']
    return ', '.join(targets) or '-'


def row(domain, expected):
    @check(f'{domain}: where they go')
    def _(lab):
        tried = attempts(lab, domain)
        came = arrivals(lab, domain)
        ROWS.append([domain, *(words(came[name] if tried[name] is None else tried[name])
                               for name in ASKERS)])
        for name, wanted in zip(('prosody', 'ejabberd', 'ours'), expected):
            if wanted is ANY:
                continue
            if tried[name] is not None:
                equal(tried[name], wanted, name)
            served = [t for t in wanted if t == 'own' or re.match(r'h\d( tls)?$', t)]
            equal(came[name], served[:1], f'{name}, first')


for one, plans in {**EXPECTED, **(DEAD if '--dead' in sys.argv else {})}.items():
    row(one, plans)


@check(f'{dns_world.DRAWS} draws among weights: which is first')
def _(lab):
    firsts = {name: collections.Counter() for name in ASKERS}
    for n in range(dns_world.DRAWS):
        for name, tried in attempts(lab, f'draw{n}').items():
            firsts[name].update(tried[:1] if tried else [])
            assert tried is None or set(tried) == set(dns_world.WEIGHTS), tried
    ROWS.append(['first of 60/30/10/0', *(
        ' '.join(f'{h} {count[h]}' for h in dns_world.WEIGHTS) if count else '?'
        for count in firsts.values())])


def table():
    rows = [['domain', *ASKERS], *ROWS]
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print('# ' + '  '.join(text.ljust(w) for text, w in zip(r, widths)).rstrip())


def main():
    try:
        with Lab(('knot', 'unbound', 'prosody', 'ejabberd')) as lab, dead_hosts():
            status = run(lab)
            table()
            return status
    except LabError as e:
        print(f'Bail out! {e}'.replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
