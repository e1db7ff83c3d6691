"""Checks of s2sprobe-http with identities against real servers: $S2SPROBE_HTTP is
the program."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, '..', 'shim'))

import shim  # noqa: E402
from federation import HERE_WE_LISTEN, LONG, certificate  # noqa: E402
from servers import DOMAIN  # noqa: E402
from tap import check, equal, has  # noqa: E402

PINGS = [  # our domain, server, how we authenticate, way of the answers
    ('http.probe.test', 'prosody', 'external', 'stream'),
    ('http-bare.probe.test', 'prosody', 'dialback', 'inbound'),
    ('http.probe.test', 'ejabberd', 'external', 'inbound'),
    ('http-bare.probe.test', 'jabberd2', 'dialback', 'inbound'),
]


def serve(lab):
    files = certificate(lab, 'probe.test')
    return shim.Server(
        '--ca-file', lab.ca, '--dns-server', lab.dns,
        '--listen-s2s', HERE_WE_LISTEN,
        '--identity', 'domain=http-bare.probe.test',
        '--identity', f"domain=http.probe.test,cert={files['certificate_file']},"
        f"key={files['key_file']}")


@check('pings over HTTP, and pongs on every way')
def _(lab):
    with serve(lab) as server:
        for ours, name, method, via in PINGS:
            lab.hosts.add(ours)
            reply = server.post(shim.PING, {
                'host': DOMAIN[name], 'fromDomain': ours, 'pingMethod': 'iq',
                'count': 2, 'intervalMs': 20, 'timeout': LONG})
            has(reply, {'success': True, 'pingMethod': 'iq', 'pingAnswer': 'result',
                        'auth.method': method, 'tls.verified': True})
            equal([(p['answer'], p['via']) for p in reply.json['pings']],
                  [('result', via)] * 2, f'pings of {name}')
            taken = sum(c['stanzas'] for c in reply.json['inbound']['connections'])
            equal(taken, 2 if via == 'inbound' else 0, 'stanzas that came in')
