"""Checks: what is said when the way back to us does not work.

The probes of a kind run at once, each between a domain of ours of its own and
one server; then each has its check.
"""
import functools
import socket

import s2sprobe as s2s
from federation import HOST, LONG, codes, identity, ponged, running, speaking_for
from loops import collect
from peers import Peer, drain
from servers import DOMAIN, THREE
from tap import check, equal, has

SHORT = 3000  # milliseconds for what stays silent
EXTERNAL, DIALBACK = s2s.NO_DIALBACK | s2s.NO_BIDI, s2s.NO_EXTERNAL | s2s.NO_BIDI
ANY = s2s.NO_BIDI
STRANGER, MUTE = HOST + ':15273', (HOST, 15272)

# Situations: where our domain leads, and the flags of the probe.
AWAY = {  # domain: flags
    'closed1.test': EXTERNAL, 'closed2.test': DIALBACK,  # nobody listens
    'mute1.test': EXTERNAL, 'mute2.test': DIALBACK,  # somebody does, and is silent
    'stranger.test': DIALBACK,  # another with our name, who knows nothing of our keys
}
NOTHING = {'return_nothing'}
SILENT = ('timeout', 'auth', {'dialback_silent'} | NOTHING)
UNANSWERED = ('timeout', 'ping', {'no_answer'} | NOTHING)
ACKED = ('timeout', 'ping', {'acked_not_answered'} | NOTHING)
NOT_OFFERED = ('auth_failed', 'auth', {'external_not_offered'})
INVALID = ('dialback_failed', 'auth', {'dialback_invalid'})
ERROR = ('dialback_failed', 'auth', {'dialback_error'} | NOTHING)
EXPECTED_AWAY = {
    'prosody': (ACKED, SILENT, ACKED, SILENT, INVALID),
    'ejabberd': (UNANSWERED, ERROR, UNANSWERED, SILENT, INVALID),
    'jabberd2': (NOT_OFFERED, SILENT, NOT_OFFERED, SILENT, INVALID),
}
FINE = None
REFUSED = ('timeout', 'ping', {'acked_not_answered', 'return_refused'})
ENDED = ('timeout', 'ping', {'no_answer', 'return_closed'})
BROKEN = ('timeout', 'auth', {'dialback_silent', 'return_tls_failed'})
# Our listener's certificate. The one that we show as a client is good.
CERTIFICATES = ('selfsigned', 'expired', 'wrong', 'client', 'server')
EXPECTED_STRICT = {  # in that order; jstrict checks no names
    'pstrict': (EXTERNAL, (REFUSED, REFUSED, REFUSED, REFUSED, FINE)),
    'estrict': (EXTERNAL, (ENDED, ENDED, ENDED, ENDED, FINE)),
    'jstrict': (ANY, (BROKEN, BROKEN, FINE, BROKEN, FINE)),
}


@functools.cache
def away_probes(lab):
    """By (domain, server). What comes to the listener is for nobody of these."""
    listening = [identity(lab, domain, 'away') for domain in AWAY]
    with Peer(drain, MUTE), \
            speaking_for(lab, identity(lab, 'stranger.test', 'away'),
                         listen=[STRANGER]) as stranger, \
            running(stranger), speaking_for(lab, *listening) as context:
        for domain, flags in AWAY.items():
            for server in THREE:
                context.submit(s2s.OP_PING, domain, DOMAIN[server], user=(domain, server),
                               flags=flags, timeout_ms=SHORT)
        return collect(context, len(AWAY) * len(THREE))


@functools.cache
def strict_probes(lab, server):
    """By the name of the certificate. One server at a time: jabberd2 comes back
    over and over, and more than 64 ended connections are not remembered."""
    domains = {name: f'{name}-{server}.probe.test' for name in CERTIFICATES}
    listening = [identity(lab, domain, name + '.probe') for name, domain in domains.items()]
    with speaking_for(lab, *listening) as context:
        for name, domain in domains.items():
            context.submit(s2s.OP_PING, domain, DOMAIN[server], user=name,
                           identity=identity(lab, domain), flags=EXPECTED_STRICT[server][0],
                           timeout_ms=SHORT)
        return collect(context, len(domains))


def told(result, expected):
    code, stage, findings = expected
    print(f"# {code} after {result.json['rtt']} ms: " + '; '.join(
        f"{f['code']} {f['seen']}".strip() for f in result.json['findings']
        if f['severity'] == 'error'))
    has(result, {'success': False, 'code': code, 'stage': stage})
    equal(findings - codes(result), set(), f'missing in {codes(result)}, {result.raw}')


def away(domain, server, expected):
    @check(f'{server}: the way back leads to {domain}')
    def _(lab):
        told(away_probes(lab)[domain, server], expected)


def strict(name, server, expected):
    @check(f'{server}: our listener shows a certificate: {name}')
    def _(lab):
        result = strict_probes(lab, server)[name]
        if expected is FINE:
            ponged(result, 'inbound')
        else:
            told(result, expected)


for where, outcomes in EXPECTED_AWAY.items():
    for row in zip(AWAY, outcomes):
        away(row[0], where, row[1])
for where, (_, outcomes) in EXPECTED_STRICT.items():
    for row in zip(CERTIFICATES, outcomes):
        strict(row[0], where, row[1])


# ---- Without a listener ------------------------------------------------------------


@check('no listener: a ping needs one, or proves little')
def _(lab):
    with speaking_for(lab, 'none.probe.test', listen=()) as context:
        for server in ('prosody', 'ejabberd'):
            r = context.ping('none.probe.test', DOMAIN[server], flags=EXTERNAL,
                             ping_method=s2s.PING_IQ, timeout_ms=LONG)
            told(r, ('no_return_path', 'auth', {'return_no_listener'}))
            r = context.ping('none.probe.test', DOMAIN[server], flags=EXTERNAL,
                             timeout_ms=LONG)
            has(r, {'success': True, 'pingMethod': 'dialback-verify', 'pingAnswer': 'invalid',
                    'auth.method': 'external', 'inbound': None})
            assert 'ping_proves_little' in codes(r), r.raw
        r = context.ping('none.probe.test', 'prosody.test', flags=s2s.NO_DIALBACK,
                         timeout_ms=LONG)
        ponged(r, 'stream')  # XEP-0288 needs none


@check('no listener: dialback says so')
def _(lab):
    silent = ('timeout', 'auth', {'dialback_silent', 'return_no_listener'})
    with speaking_for(lab, 'none.probe.test', listen=()) as context:
        for server in THREE:
            context.submit(s2s.OP_PING, 'none.probe.test', DOMAIN[server], user=server,
                           flags=DIALBACK, timeout_ms=2000)
        results = collect(context, len(THREE))
    told(results['prosody'], silent)
    told(results['jabberd2'], silent)
    told(results['ejabberd'], ('dialback_failed', 'auth',
                               {'dialback_error', 'return_no_listener'}))


@check('somebody comes and says nothing')
def _(lab):
    with speaking_for(lab, identity(lab, 'closed1.test', 'away')) as context, \
            socket.create_connection((HOST, 5269)):
        r = context.ping('closed1.test', 'prosody.test', flags=EXTERNAL, timeout_ms=1000)
    told(r, ('timeout', 'ping', {'acked_not_answered', 'return_silent'}))
    equal(r.json['inbound']['count'], 1, 'connections')
