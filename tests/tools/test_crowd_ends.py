#!/usr/bin/env python3
"""Very many servers that are no good, and an end before the end: memory that is short, and
a context that is stopped. Not with sanitizers, which need memory of their own and cannot be
loaded."""
import collections
import re
import resource
import sys
import threading

from crowds import DESERVED, GREEDY, STALLS, Names, Server, ask, deserved, own_host
from tools import TIMEOUT, check, equal, run

import s2sprobe as s2s

SERVED = [kind for kind in DESERVED if kind not in ('nobody', 'hole', 'dribble')]
STALLING = [kind for kind in SERVED if kind in STALLS]
MIB = 1 << 20
MANY = 800


# ---- Memory ----------------------------------------------------------------------------


def end_of(status, found, errors, lines):
    """How a batch that is short of memory has ended: 'all', 'some', or 'early'."""
    if status == 0:
        wrong = deserved(found, lines, strict=False)
        for (_, code, _), some in wrong.items():
            equal(code, 'no_memory', some[0].text)
        return 'some' if wrong else 'all'
    equal(status, 6, errors)
    said = re.fullmatch(r's2sprobe: (standard output: Cannot allocate memory; ([0-9]+) lines '
                        r'are answered, [0-9]+ more were read|out of memory)\n', errors)
    assert said, errors
    if said.group(2):
        equal(int(said.group(2)), len(found))
    numbers = [answer['line'] for answer in found]
    equal(len(set(numbers)), len(numbers))
    return 'early'


@check('memory for a part only: the answer, out of memory, or a status that says so')
def _(server):
    lines = []
    for n in range(MANY):
        kind = SERVED[n % len(SERVED)]
        lines.append({**server.line(kind, n), 'host': f'{kind}{n}.peer.test'})
    ends = []
    with Names(own_host) as names:
        for mib in 64, 8, 6, 5, 4, 3, 2, 1:
            ends.append(end_of(*ask(
                lines, server, *GREEDY, *names.options, '--concurrency', 2 * MANY,
                '--handshakes', 'none', limits=((resource.RLIMIT_DATA, mib * MIB),),
                ends=False), lines))
    equal((ends[0], ends[-1], 'some' in ends), ('all', 'early', True), ends)


# ---- A context that is stopped ---------------------------------------------------------


def crowd(server, context):
    """Submit them; the numbers of those that would stall, once there is something for
    each to wait for."""
    numbers = {}
    for n in range(MANY):
        kind = STALLING[n % len(STALLING)]
        numbers[submit(context, server, kind, n)] = kind
    good = submit(context, server, 'good', MANY)
    equal(context.run(TIMEOUT * 1000), 1)
    result, number, _ = context.next()
    equal((number, result.code), (good, 'ok'), result.raw)
    return numbers


def submit(context, server, kind, number):
    line = server.line(kind, number)
    return context.submit(s2s.OP_CONNECT, 'probe.test', line['toDomain'],
                          host=line['host'].encode(), port=line['port'],
                          tls_mode=s2s.TLS_STARTTLS, timeout_ms=600000)


def options(server):
    return {'ca_file': server.options[1].encode(), 'max_running': 2 * MANY, **s2s.UNLIMITED}


def take(context, into):
    while (one := context.next()) is not None:
        result, number, _ = one
        into[number].append(result)


def take_all(context, numbers, into):
    while len(into) < len(numbers):
        context.run(TIMEOUT * 1000)
        take(context, into)


def cancelled(taken, numbers):
    """All are, once each, and somewhere."""
    equal(taken.keys(), set(numbers))
    equal({len(results) for results in taken.values()}, {1})
    results = [results[0] for results in taken.values()]
    equal({r.code for r in results}, {'cancelled'})
    return {r.json['stage'] for r in results}


@check('stop: each has its result, wherever it stalled')
def _(server):
    for during in False, True:
        with s2s.Context(**options(server)) as context:
            numbers = crowd(server, context)
            taken = collections.defaultdict(list)
            if during:
                thread = threading.Thread(target=context.stop)
                thread.start()
            else:
                context.stop()
            take_all(context, numbers, taken)
            if during:
                thread.join(TIMEOUT)
            stages = cancelled(taken, numbers)
            assert stages >= {'stream', 'starttls', 'tls', 'features'}, stages
            stats = context.stats()
            equal((stats.running, stats.queued, stats.held), (0, 0, 0))


@check('cancel: those and no others, and the rest by stop')
def _(server):
    with s2s.Context(**options(server)) as context:
        numbers = crowd(server, context)
        some = [n for n in numbers if n % 3 == 0]
        taken = collections.defaultdict(list)
        for number in some:
            context.cancel(number)
            context.cancel(number)
        take_all(context, some, taken)
        cancelled(taken, some)
        equal(context.stats().running, len(numbers) - len(some))
        context.stop()
        take_all(context, numbers, taken)
        cancelled(taken, numbers)


@check('freed while they stall, or wait for their turn')
def _(server):
    for more in {}, {'max_running': 50}, {'max_handshakes': 1}, {'rate': 1}:
        with s2s.Context(**{**options(server), **more}) as context:
            for n in range(MANY):
                submit(context, server, STALLING[n % len(STALLING)], n)
            for _ in range(20):
                context.run(1)


if __name__ == '__main__':
    with Server() as SERVER:
        STATUS = run(SERVER)
    sys.exit(STATUS)
