#!/usr/bin/env python3
"""Authenticated probes of real servers, and what comes back to us.

Run it through ./in-namespace; $S2SPROBE_LIBRARY is the library.
"""
import os
import re
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import s2sprobe as s2s  # noqa: E402
from federation import (Component, HERE_WE_LISTEN, HOST, codes, identity,  # noqa: E402
                        ponged, running, speaking_for)
from loops import collect  # noqa: E402
from servers import SERVERS, STRICT, THREE, Lab, LabError  # noqa: E402
from tap import check, equal, has, member, run  # noqa: E402

DOMAIN = {name: entry[2] for name, entry in {**SERVERS, **STRICT}.items()}
LONG = 20000  # milliseconds that nothing needs

# ---- Every way in, every way back --------------------------------------------

STARTTLS = {'tls_mode': s2s.TLS_STARTTLS}
DIRECT = {'tls_mode': s2s.TLS_DIRECT, 'port': 5270}
NO_BIDI = s2s.NO_BIDI
# A certificate that the server does not take from a client.
REFUSED = {'prosody': 'client.probe', 'ejabberd': 'server.probe', 'jabberd2': 'server.probe'}
WAYS = [  # server, authentication, TLS, flags, way of the answer
    *[('prosody', how, tls, flags, 'stream' if how == 'external' and not flags else 'inbound')
      for how in ('external', 'dialback', 'refused') for tls in (STARTTLS, DIRECT)
      for flags in (0, NO_BIDI)],
    *[('ejabberd', how, tls, 0, 'inbound')
      for how in ('external', 'dialback', 'refused') for tls in (STARTTLS, DIRECT)],
    *[('jabberd2', how, STARTTLS, 0, 'inbound') for how in ('dialback', 'refused')],
]
ONLY = {'external': s2s.NO_DIALBACK, 'dialback': s2s.NO_EXTERNAL, 'refused': 0}
REFUSAL = {  # what tells that our certificate was not taken
    'prosody': ({'external_not_offered'}, {'auth.external': None}),
    'ejabberd': ({'external_failed'}, {
        'auth.external': 'not-authorized',
        'auth.externalText': 'unsupported certificate purpose'}),
    'jabberd2': ({'own_cert_refused'}, {'auth.external': None,
                                        'tls.clientCertificateSent': False}),
}


def way(number, server, how, tls, flags, via):
    name = ' '.join([server, how, 'direct' if tls is DIRECT else 'starttls'] +
                    ['without bidi'] * (flags == NO_BIDI))

    @check(f'a ping: {name}')
    def _(lab):
        domain = f'way{number}.probe.test'
        ours = identity(lab, domain, REFUSED[server] if how == 'refused' else 'probe.test')
        with speaking_for(lab, ours) as context:
            r = context.ping(domain, DOMAIN[server], flags=flags | ONLY[how],
                             timeout_ms=LONG, **tls)
        ponged(r, via, 'external' if how == 'external' else 'dialback')
        has(r, {'tls.mode': 'direct' if tls is DIRECT else 'starttls',
                'auth.bidi': server == 'prosody' and flags == 0})
        if how == 'refused':
            finding, members = REFUSAL[server]
            assert finding <= codes(r), codes(r)
            has(r, members)
        print(f"# {name}: {via}, {r.json['pings'][0]['ms']:.1f} ms, "
              f"authenticated in {r.json['timings']['auth']:.1f} ms")


for n, row in enumerate(WAYS):
    way(n, *row)


def main():
    try:
        with Lab(('dns', *THREE, *STRICT)) as lab:
            return run(lab)
    except LabError as e:
        print(f'Bail out! {e}'.replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
