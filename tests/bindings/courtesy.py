"""What one server has to bear from a context, and who waits for it."""
import time

import peers
import s2sprobe as s2s
from loops import collect
from tap import check, equal

DOMAINS = ('probe.test', 'prosody.test')
LESS = (peers.HEADER.format(" version='1.0'")
        + peers.STREAM_ERROR.format(peers.CONDITION.format('resource-constraint', '/>')))
ELSEWHERE = ('127.0.0.2', 0)


def one_at_a_time(**options):
    return s2s.Context(**{**s2s.UNLIMITED, 'max_handshakes': s2s.NO_LIMIT,
                          'address_running': 1, **options})


def submit(context, peer, user, **options):
    return context.submit(s2s.OP_CONNECT, *DOMAINS, user=user, host=peer.host, port=peer.port,
                          **options)


def settles(context, expected):
    """Queued, running, held and handshakes come to be these."""
    for _ in range(1000):
        stats = context.stats()
        seen = (stats.queued, stats.running, stats.held, stats.handshakes)
        if seen == expected:
            return
        context.run(20)
    equal(seen, expected)


def have_come(peer, count):
    """So many connections, and no more; it accepts in a thread of its own."""
    for _ in range(1000):
        if len(peer.connections) >= count:
            break
        time.sleep(0.01)
    equal(len(peer.connections), count)


def codes(result):
    return [f['code'] for f in result.findings()]


@check('the deadline stands still for those that wait for a server')
def _():
    with peers.silent() as mute, one_at_a_time() as context:
        for n in range(4):
            submit(context, mute, n, timeout_ms=200)
        settles(context, (0, 4, 3, 1))
        results = collect(context, 4)
        have_come(mute, 4)
        settles(context, (0, 0, 0, 0))
    for n, r in results.items():
        equal((r.code, r.get('stage')), ('timeout', 'stream'))
        assert n * 200 <= float(r.get('timings.queue')) + 1, r.raw
        assert codes(r) == ['silent'], r.raw


@check('one that waits for a server can be cancelled, and never gets there')
def _():
    with peers.silent() as mute, one_at_a_time() as context:
        numbers = [submit(context, mute, n) for n in range(3)]
        settles(context, (0, 3, 2, 1))
        context.cancel(numbers[1])
        r = collect(context, 1)[1]
        equal((r.code, r.get('stage')), ('cancelled', 'queue'))
        equal(context.stats().held, 1)
        context.cancel(numbers[2])
        context.cancel(numbers[0])
        equal({r.code for r in collect(context, 2).values()}, {'cancelled'})
        have_come(mute, 1)


@check('a context with probes that wait for a server can be freed')
def _():
    with peers.silent() as mute:
        with one_at_a_time() as context:
            for n in range(3):
                submit(context, mute, n)
            settles(context, (0, 3, 2, 1))


@check('who waits for one server leaves room for others')
def _():
    with peers.silent() as mute, peers.Peer(peers.drain, ELSEWHERE) as other, \
            one_at_a_time(max_running=2, max_handshakes=2) as context:
        for n in range(6):
            submit(context, mute, n)
        for n in range(2):
            submit(context, other, f'other {n}')
        settles(context, (1, 7, 5, 2))
        have_come(mute, 1)
        have_come(other, 1)


@check('a server that asks for less is left alone, and the time is ours')
def _():
    with peers.says(LESS) as peer, one_at_a_time(host_rate=1000) as context:
        for n in range(2):
            submit(context, peer, n, timeout_ms=900)  # less than it waits
        results = collect(context, 2)
        equal({r.code for r in results.values()}, {'stream_error'})
        equal(codes(results[0]), ['resource_constraint'])
        equal(sorted(codes(results[1])), ['resource_constraint', 'throttled'])
        assert float(results[1].get('timings.queue')) >= 1000, results[1].raw
        assert float(results[1].get('timings.total')) < 1000, results[1].raw


def never_waits(options, **how):
    answer = LESS.replace('resource-constraint', 'policy-violation')
    with peers.says(answer) as peer, one_at_a_time(**options) as context:
        for n in range(2):
            submit(context, peer, n, **how)
        results = collect(context, 2)
    equal({r.code for r in results.values()}, {'stream_error'})
    for r in results.values():
        assert 'throttled' not in codes(r), r.raw


@check('in the clear a policy is about that, and says nothing of how often we come')
def _():
    never_waits({'host_rate': 1000}, tls_mode=s2s.TLS_NONE)


@check('without a limit to the rate nobody is left alone')
def _():
    never_waits({})


@check('at most so many begin in a second, and all do')
def _():
    with peers.says(LESS.replace('resource-constraint', 'host-unknown')) as peer, \
            one_at_a_time(address_running=s2s.NO_LIMIT, host_rate=20) as context:
        for n in range(25):
            submit(context, peer, n)
        results = collect(context, 25)
    equal({r.code for r in results.values()}, {'stream_error'})
    assert float(results[24].get('timings.queue')) > 0, results[24].raw
