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

import return_path  # noqa: E402,F401 (its checks)
import s2sprobe as s2s  # noqa: E402
import open_streams  # noqa: E402,F401 (its checks)
if 'S2SPROBE_HTTP' in os.environ:  # built, where civetweb is installed
    import http_pings  # noqa: E402,F401 (its checks)
from component import Component  # noqa: E402
from federation import (LONG, codes, identity, ponged, running,  # noqa: E402
                        speaking_for)
from loops import collect  # noqa: E402
from servers import DOMAIN, STRICT, THREE, Lab, LabError  # noqa: E402
from tap import check, equal, has, member, run  # noqa: E402

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


# ---- Many pings ------------------------------------------------------------------


def answered(stanza):
    """The id in an answer."""
    return re.search(r'''\bid=['"]([^'"]+)''', stanza)[1]


def many(server, acks):
    @check(f'{server}: five pings on one stream, each with its time')
    def _(lab):
        domain = f'five-{server}.probe.test'
        with speaking_for(lab, domain) as context:
            r = context.ping(domain, DOMAIN[server], count=5, interval_ms=20,
                             flags=NO_BIDI, timeout_ms=LONG)
        ponged(r, 'inbound', count=5)
        equal(len(set(map(answered, r.stanzas()))), 5, 'different ids')
        equal(member(r.json, 'acks.enabled'), acks, 'acks')
        if acks:  # what comes after the last answer is not waited for
            has(r, {'acks.sent': 5})
            assert r.json['acks']['acked'] >= 4, r.raw
        equal(['ackMs' in p for p in r.json['pings']][:4], [bool(acks)] * 4, 'acknowledged')
        # What the first one pays for, the others have: one connection came in.
        equal(max(c['stanzas'] for c in r.json['inbound']['connections']), 5, 'stanzas')
        print(f'# {server}: ' + ', '.join(f"{p['ms']:.1f}" for p in r.json['pings']) + ' ms')


many('prosody', True)
many('ejabberd', None)
many('jabberd2', None)


@check('acknowledgements can be declined')
def _(lab):
    with speaking_for(lab, 'noacks.probe.test') as context:
        r = context.ping('noacks.probe.test', 'prosody.test', flags=s2s.NO_ACKS,
                         timeout_ms=LONG)
    ponged(r, 'stream')
    equal(member(r.json, 'acks'), None, 'acks')


# Not jabberd2: more than a few keys at once, and it ends the connection on which
# it asked about them ("SSL handshake error"), without a word to anybody.
@check('100 probes in flight at once, one listener: every pong to its own')
def _(lab):
    domains = [f'of{n}.probe.test' for n in range(3)]
    with speaking_for(lab, *domains) as context:
        users = [(n, domains[n % 3], DOMAIN[THREE[n // 3 % 2]]) for n in range(100)]
        for user in users:
            context.submit(s2s.OP_PING, user[1], user[2], user=user, flags=NO_BIDI,
                           timeout_ms=60000, count=2, interval_ms=1)
        results = collect(context, len(users))
    for (_, ours, theirs), r in results.items():
        ponged(r, 'inbound', count=2)
        for stanza in r.stanzas():
            assert ours in stanza and theirs in stanza, stanza
    answers = [answered(stanza) for r in results.values() for stanza in r.stanzas()]
    equal(len(set(answers)), 200, 'ids of the answers')


# ---- Certificates of ours, shown as a client ---------------------------------------

FINE = (True, True, True)  # EXTERNAL at Prosody, at ejabberd; taken by jabberd2
USAGE, MISMATCH = 'unsupported certificate purpose', 'Certificate host name mismatch'
# A text: why ejabberd refuses it. False: not offered, or refused without a text.
CRASH = 'ended'
CERTIFICATES = {  # name: (what the servers do, what we say of it ourselves)
    'dns.probe': (FINE, set()),
    'probe.test': (FINE, set()),
    'srvonly.probe': ((True, MISMATCH, True), set()),
    'xmpp.probe': ((True, CRASH, True), {'own_cert_xmppaddr'}),
    'xmpponly.probe': ((False, CRASH, True), {'own_cert_xmppaddr'}),
    'cnonly.probe': (FINE, {'own_cert_name'}),
    'wildcard.probe': (FINE, {'own_cert_name'}),  # they take what we would not
    'nousage.probe': (FINE, set()),
    'server.probe': ((True, USAGE, False), {'own_cert_usage_server_only'}),
    'client.probe': ((False, True, True), {'own_cert_usage_client_only'}),
    'expired.probe': ((False, 'certificate has expired', False), {'own_cert_expired'}),
    'future.probe': ((False, 'certificate is not yet valid', False), {'own_cert_expired'}),
    'wrong.probe': ((False, MISMATCH, True), {'own_cert_name'}),
    'untrusted.probe': ((False, 'unable to verify the first certificate', False),
                        {'own_cert_untrusted'}),
    'selfsigned.probe': ((False, 'self signed certificate', False), {'own_cert_untrusted'}),
}


def shown(r):
    """What a server made of our certificate, in the words of the table."""
    if r.json['to'] == 'jabberd.test':  # no EXTERNAL there
        has(r, {'code': 'auth_failed', 'auth.external': None})
        equal(member(r.json, 'tls.clientCertificateSent'),
              'own_cert_refused' not in codes(r), 'sent')
        return 'own_cert_refused' not in codes(r)
    if r.json['success']:
        has(r, {'auth.method': 'external', 'auth.external': 'success'})
        return True
    if r.code == 'auth_aborted':
        return CRASH
    has(r, {'code': 'auth_failed', 'stage': 'auth'})
    if member(r.json, 'auth.external') is None:
        assert 'external_not_offered' in codes(r), r.raw
        return False
    has(r, {'auth.external': 'not-authorized'})
    assert 'external_failed' in codes(r), r.raw
    return member(r.json, 'auth.externalText')


@check('certificates of every kind, shown to three servers')
def _(lab):
    with speaking_for(lab, 'probe.test', listen=()) as context:
        for name in CERTIFICATES:
            for server in THREE:
                context.submit(s2s.OP_CONNECT, 'probe.test', DOMAIN[server],
                               user=(name, server), identity=identity(lab, 'probe.test', name),
                               flags=s2s.AUTHENTICATE | s2s.NO_DIALBACK, timeout_ms=60000)
        results = collect(context, 3 * len(CERTIFICATES))
        # The connection crashed, not the server.
        r = context.connect('probe.test', 'ejabberd.test', flags=s2s.AUTHENTICATE)
        has(r, {'success': True, 'auth.method': 'external'})
    wrong = []
    for name, (expected, ours) in CERTIFICATES.items():
        seen = [results[name, server] for server in THREE]
        actual = tuple(map(shown, seen))
        print(f'# {name}: ' + ', '.join(map(str, actual)))
        own = [{c for c in codes(r) if c.startswith('own_cert_')} - {'own_cert_refused'}
               for r in seen]
        if (actual, own) != (expected, [ours] * 3):
            wrong.append((name, actual, expected, own, ours))
    equal(wrong, [])


@check('no certificate: dialback everywhere')
def _(lab):
    bare = identity(lab, 'bare.probe.test', None)
    with speaking_for(lab, 'bare.probe.test') as context:
        for server in THREE:
            r = context.ping('bare.probe.test', DOMAIN[server], identity=bare, timeout_ms=LONG)
            ponged(r, 'inbound', 'dialback')
            equal(r.json['tls']['clientCertificateSent'], False, 'sent')


# ---- Where we are ------------------------------------------------------------------

PLACES = {  # our domain: our addresses, where the servers come, whether by direct TLS
    'port.test': ('127.0.0.14:15269', THREE, False),
    'direct.test': ('127.0.0.14:15271', ('prosody', 'ejabberd'), True),
    'v6.test': ('[::1]:5269', ('prosody', 'ejabberd'), False),
}


def place(domain, address, servers, directly):
    @check(f'they find us: {domain}')
    def _(lab):
        ours = identity(lab, domain, domain, listen=[address])
        with speaking_for(lab, ours, listen=()) as context:
            for server in servers:
                for flags in (s2s.NO_DIALBACK if server != 'jabberd2' else 0, s2s.NO_EXTERNAL):
                    r = context.ping(domain, DOMAIN[server], flags=flags | NO_BIDI,
                                     timeout_ms=LONG)
                    ponged(r, 'inbound')
                    came = {c['directTls'] for c in r.json['inbound']['connections']}
                    equal(came, {directly}, 'direct TLS')


for name, row in PLACES.items():
    place(name, *row)


# ---- Asked by them -----------------------------------------------------------------


def asked(server):
    @check(f'{server} pings us, and gets the answer')
    def _(lab):
        domain = f'asked-{server}.probe.test'
        with speaking_for(lab, domain) as context, running(context), \
                Component(lab, server) as tool:
            for number in ('first', 'second'):
                tool.send(f"<iq type='get' id='{number}' from='{tool.domain}' to='{domain}'>"
                          "<ping xmlns='urn:xmpp:ping'/></iq>")
                answer = tool.until(f"<iq [^>]*id=['\"]{number}['\"][^>]*>")[0]
                assert re.search('''type=['"]result['"]''', answer), answer
                assert re.search(f'''from=['"]{domain}['"]''', answer), answer
            # What we do not know is an error, not silence.
            tool.send(f"<iq type='get' id='third' from='{tool.domain}' to='{domain}'>"
                      "<query xmlns='jabber:iq:last'/></iq>")
            tool.until(r"<iq [^>]*id=['\"]third['\"].*?<service-unavailable")


for name in THREE:
    asked(name)


@check('prosody\'s own command for a ping')
def _(lab):
    with speaking_for(lab, 'shell.probe.test') as context, running(context), \
            socket.create_connection((lab.address('prosody'), 5582), 20) as console:
        console.sendall(b'xmpp:ping("prosody.test", "shell.probe.test")\n')
        text = ''
        while not re.search(r'^\| (OK|Result|Error|!)', text, re.M):
            more = console.recv(4096).decode()
            assert more, text
            text += more
    pong = re.search('pong from shell.probe.test in [0-9.]+s', text)
    assert pong, text
    print('# ' + pong[0])


def main():
    try:
        with Lab(('dns', *THREE, *STRICT)) as lab:
            return run(lab)
    except LabError as e:
        print(f'Bail out! {e}'.replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
