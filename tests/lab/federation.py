"""Words for the checks of federation: domains of ours, where they listen, and
what a ping should show."""
import contextlib
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import s2sprobe as s2s  # noqa: E402
from tap import equal, has, member  # noqa: E402

HOST = '127.0.0.14'  # where the lab's DNS says that we are
HERE_WE_LISTEN = HOST + ':5269'
LONG = 20000  # milliseconds that nothing needs


def certificate(lab, name):
    """Members of an identity for a certificate of the lab; None: no one."""
    if name is None:
        return {}
    own_key = os.path.join(lab.ca_dir, name + '.key')
    key = own_key if os.path.exists(own_key) else os.path.join(lab.ca_dir, 'probe.test.key')
    return {'certificate_file': os.path.join(lab.ca_dir, name + '.pem'), 'key_file': key}


def identity(lab, domain, name='probe.test', **members):
    lab.hosts.add(domain)
    return s2s.Identity(domain=domain, **certificate(lab, name), **members)


@contextlib.contextmanager
def speaking_for(lab, *identities, listen=(HERE_WE_LISTEN,), **options):
    """A context for domains (good certificate) or identities of ours."""
    known = [i if isinstance(i, s2s.Identity) else identity(lab, i) for i in identities]
    with s2s.Context(ca_file=lab.ca, dns_servers=[lab.dns], identities=known,
                     **{**s2s.UNLIMITED, **options}) as context:
        for address in listen:
            equal(context.listen(address), int(address.rsplit(':', 1)[1]), 'port')
        yield context


@contextlib.contextmanager
def running(context):
    """Somebody else's context, in a thread of its own."""
    def run():
        with contextlib.suppress(s2s.Failure):  # it was stopped
            while True:
                context.run()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        context.stop()
        thread.join()


def codes(result):
    return {f['code'] for f in result.json['findings']}


def ponged(result, via=None, method=None, count=1):
    """Every ping was answered, on this way."""
    has(result, {'success': True, 'code': None, 'stage': 'done', 'pingMethod': 'iq',
                 'pingAnswer': 'result', 'tls.verified': True})
    pings = result.json['pings']
    equal((len(pings), len(result.stanzas())), (count, count), 'pings')
    for p in pings:
        equal(p['answer'], 'result')
        assert p['ms'] > 0, p
    if via:
        equal({p['via'] for p in pings}, {via}, 'via')
    if method:
        equal(member(result.json, 'auth.method'), method, 'auth.method')
    equal([f for f in result.json['findings'] if f['severity'] == 'error'], [], 'findings')
