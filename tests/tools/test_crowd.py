#!/usr/bin/env python3
"""s2sprobe batch and very many servers that are no good, among good ones: each line has
the answer that its own server deserves, and none waits for another."""
import resource
import sys

from crowds import (DESERVED, DOMAIN, GREEDY, Guests, Hole, Names, Server, ask, deserved,
                    dribble, line, own_host, shared_host)
from tools import Peer, check, equal, run

# What bench-server does.
SERVED = [kind for kind in DESERVED if kind not in ('nobody', 'hole', 'dribble')]
NO_DESCRIPTORS = 'the system has no descriptors left'


# ---- One server behind many names --------------------------------------------------------


@check('60 names of one server: 4 of them at once, and each is answered')
def _(_server):
    with Guests(4) as guests, Names(shared_host(guests.port)) as names:
        lines = [{'toDomain': f'good{n}.{DOMAIN}', 'tls': 'none'} for n in range(60)]
        found, _ = ask(lines, None, *names.options)
    deserved(found, lines)
    equal((guests.most, guests.came), (4, 60))
    for answer in found:
        equal((answer['host'], answer['address']), ('shared.test', '127.0.0.1'))
    # The last ones have waited for the others, and are told so.
    waited = [answer['timings'].get('queue', 0) for answer in found]
    assert max(waited) > 1000, max(waited)


@check('2000 names of one server, as many at once as it takes')
def _(server):
    with Names(shared_host(server.port)) as names:
        lines = [{'toDomain': f'good{n}.{DOMAIN}'} for n in range(2000)]
        found, _ = ask(lines, server, *names.options, '--per-host', 500, '--host-rate', 1000)
    deserved(found, lines)


@check('one server that refuses all: each has its refusal, later ones come later')
def _(server):
    with Names(shared_host(server.port)) as names:
        lines = [{'toDomain': f'error{n}.{DOMAIN}'} for n in range(300)]
        found, _ = ask(lines, server, *names.options, *GREEDY)
        deserved(found, lines)
        lines = [{'toDomain': f'error{n}.{DOMAIN}'} for n in range(6)]
        spared, _ = ask(lines, server, *names.options)
        deserved(spared, lines)
    for answer in found + spared:
        assert b'policy-violation' in answer.text, answer.text
    # 4 go at once; the server asks for less, and one after the other is held back.
    late = [a for a in spared if any(f['code'] == 'throttled' for f in a['findings'])]
    equal(len(late), 2)
    for answer in late:
        assert answer['timings']['queue'] >= 900, answer.text


# ---- All that can be wrong, at once --------------------------------------------------------


@check('peers that stall at every moment at once, and good ones: each has its own end')
def _(server):
    with Hole('127.0.0.1') as hole, Peer(dribble) as slow:
        lines = [server.line(SERVED[n % len(SERVED)], n) for n in range(900)]
        lines += [server.line('nobody', n, port=1) for n in range(900, 950)]
        lines += [line('hole', n, host='127.0.0.1', port=hole.port) for n in range(950, 975)]
        lines += [line('dribble', n, host='127.0.0.1', port=slow.port)
                  for n in range(975, 1000)]
        # Not one kind after the other.
        lines = [lines[n * 7 % 1000] for n in range(1000)]
        found, errors = ask(lines, server, *GREEDY)
    deserved(found, lines)
    equal(errors, '')


# ---- Few descriptors -------------------------------------------------------------------


def descriptors(most):
    return ((resource.RLIMIT_NOFILE, most),)


@check('64 descriptors for all: one waits for another, and each has its own end')
def _(server):
    lines = [server.line(SERVED[n % len(SERVED)], n) for n in range(200)]
    lines += [server.line('nobody', n, port=1) for n in range(200, 220)]
    for args in (), ('--handshakes', 'none'):
        found, _ = ask(lines, server, *GREEDY, *args, '--concurrency', 1000,
                       limits=descriptors(64))
        deserved(found, lines)


@check('64 descriptors, and each name has an address that takes more of them')
def _(server):
    lines = []
    for n in range(200):
        kind = SERVED[n % len(SERVED)]
        lines.append({**server.line(kind, n), 'host': f'{kind}{n}.{DOMAIN}'})
    with Hole('::1', server.port), Names(own_host) as names:
        found, _ = ask(lines, server, *GREEDY, *names.options, '--concurrency', 1000,
                       '--handshakes', 'none', limits=descriptors(64))
    deserved(found, lines)
    for answer in found:
        equal([a['outcome'] for a in answer['attempts']], ['abandoned', 'connected'])


@check('64 descriptors, and a server that holds back more than there are')
def _(_server):
    with Guests(1) as guests, Names(shared_host(guests.port)) as names:
        lines = [{'toDomain': f'good{n}.{DOMAIN}', 'tls': 'none'} for n in range(300)]
        found, _ = ask(lines, None, *names.options, '--per-host', 200, '--host-rate', 'none',
                       limits=descriptors(64))
    deserved(found, lines)
    assert guests.most < 64, guests.most


@check('too few descriptors: a clear word for all, or for each')
def _(server):
    lines = [server.line(kind, n) for n, kind in enumerate(('good', 'close', 'garbage') * 5)]
    begun = 0
    for most in range(4, 20):
        status, found, errors = ask(lines, server, *GREEDY, limits=descriptors(most),
                                    ends=False)
        if not found:
            assert status in (6, 127), (most, status, errors)
            assert status == 127 or NO_DESCRIPTORS in errors, errors  # else the loader's
            continue
        equal((status, errors), (0, ''), most)
        wrong = deserved(found, lines, strict=False)
        for (_, code, _), some in wrong.items():
            equal(code, 'internal', some[0].text)
            assert NO_DESCRIPTORS in some[0]['error'], some[0].text
        begun += not wrong
    assert begun > 0


if __name__ == '__main__':
    with Server() as SERVER:
        STATUS = run(SERVER)
    sys.exit(STATUS)
