"""Two ways to drive a context. Both give results by their user."""
import select

from tap import equal


def collect(context, count):
    """By s2s_context_run()."""
    results = {}
    while len(results) < count:
        equal(context.run(60000), 1, 'run')
        while (taken := context.next()) is not None:
            results[taken[2]] = taken[0]
    return results


def drive_by_poll(context, count):
    """By a loop of our own that knows only the descriptor."""
    poller = select.poll()
    poller.register(context.fd(), select.POLLIN)
    results = {}
    while len(results) < count:
        assert poller.poll(60000), 'the descriptor stays silent'
        context.process()
        while (taken := context.next()) is not None:
            results[taken[2]] = taken[0]
    context.process()
    equal(poller.poll(0), [], 'readable without work')
    return results
