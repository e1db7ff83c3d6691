#!/usr/bin/env python3
"""Probes of real servers: Prosody, ejabberd, jabberd2, by DNS and by address.

Run it through ./in-namespace; $S2SPROBE_LIBRARY is the library.
"""
import contextlib
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import callbacks  # noqa: E402
import peers  # noqa: E402
import s2sprobe as s2s  # noqa: E402
from loops import collect, drive_by_poll  # noqa: E402
from servers import SERVERS, Lab, LabError  # noqa: E402
from tap import check, equal, has, member, run  # noqa: E402

FROM = 'probe.test'
CLEAR_PHASES = {'tcp', 'stream'}
DIRECT_PHASES = {'tcp', 'tls', 'features'}
STARTTLS_PHASES = {'tcp', 'stream', 'starttls', 'tls', 'features'}

# What each server says, as its authors wrote it: label, and details.
STARTTLS = ('STARTTLS', '')
STARTTLS_REQUIRED = ('STARTTLS', 'required')
DIALBACK = ('DIALBACK', '')
DIALBACK_REQUIRED = ('DIALBACK', 'required')
DIALBACK_ERRORS = ('DIALBACK', 'errors')
BIDI = ('BIDI', '')
EXTERNAL = ('SASL-EXTERNAL', '')
OFFERS = {  # in the clear, inside TLS, all of it in the library's order
    'prosody': ({STARTTLS_REQUIRED, DIALBACK}, {DIALBACK, BIDI},
                ['STARTTLS', 'DIALBACK', 'BIDI']),
    'ejabberd': ({STARTTLS_REQUIRED}, {EXTERNAL, DIALBACK_ERRORS},
                 ['STARTTLS', 'SASL-EXTERNAL', 'DIALBACK']),
    'jabberd2': ({STARTTLS, DIALBACK_REQUIRED}, {DIALBACK_REQUIRED},
                 ['STARTTLS', 'DIALBACK']),
}
PLAIN_OFFERS = {  # the same in a plain socket dialogue: names of elements
    'prosody': ({'starttls', 'required', 'dialback'}, {'dialback', 'bidi'}),
    'ejabberd': ({'starttls', 'required'},
                 {'mechanisms', 'mechanism', 'dialback', 'errors'}),
    'jabberd2': ({'starttls', 'dialback', 'required'}, {'dialback', 'required'}),
}


# ---- Words for the checks -----------------------------------------------------


def probe(lab, server, call=s2s.connect, to=None, **options):
    """A probe of one of the lab's servers."""
    settings = {'host': SERVERS[server][1], 'setup': trusting(lab)}
    settings.update(options)
    return call(FROM, to or SERVERS[server][2], **settings)


def at(lab, peer, **options):
    """A probe of one of our own peers, in prosody.test's name."""
    return s2s.connect(FROM, 'prosody.test', host=peer.host, port=peer.port,
                       setup=trusting(lab), **options)


def trusting(lab, **options):
    return s2s.ContextOptions(ca_file=lab.ca, **options)


def tried(result):
    """The attempts, without how long each took."""
    return [{k: v for k, v in a.items() if k != 'ms'} for a in result.json['attempts']]


def offered(result, stream):
    features = member(result.json, f'streams.{stream}.features')
    assert features is not None, f'stream {stream} has no features: {result.raw}'
    labels = [f['label'] for f in features]
    equal(len(set(labels)), len(labels), f'labels {labels}')
    return {(f['label'], ' '.join(d for d in ('required', 'errors') if f.get(d)))
            for f in features}


def codes(result):
    return {f['code'] for f in result.json['findings']}


def finding(result, code, **expected):
    """The finding is there, with advice and these members."""
    found = [f for f in result.json['findings'] if f['code'] == code]
    equal(len(found), 1, f'findings {code} in {result.raw}')
    assert found[0]['advice'], found
    equal({k: found[0][k] for k in expected}, expected, code)


def no_errors(result):
    equal([f for f in result.json['findings'] if f['severity'] == 'error'], [], 'findings')


def phases(result, expected):
    """Exactly these phases have a time, and none is negative."""
    timings = dict(result.json['timings'])
    timings.pop('queue', None)  # a single call may or may not have had one
    assert timings.pop('rtt', 0) <= timings.get('tcp', 0) + 1, timings
    timings.pop('lag', None)  # of what began at all
    equal(set(timings), expected | {'total'}, 'phases')
    assert all(t >= 0 for t in timings.values()), timings
    assert timings['total'] >= max(t for n, t in timings.items() if n != 'total')
    for name, stage in s2s.STAGES.items():
        if name not in ('NONE', 'QUEUE', 'DONE'):
            there = result.stage_us(stage) >= 0
            equal(there, name.lower() in expected, f'phase {name}')


def last_id(result):
    """streamId is the id of the last header, and no earlier one's."""
    ids = [s['id'] for s in result.json['streams']]
    equal(result.json['streamId'], ids[-1], 'streamId')
    equal(len(set(ids)), len(ids), f'ids {ids}')


def certificate(lab, name):
    """What openssl says of a certificate of the lab."""
    out = subprocess.run(
        ['openssl', 'x509', '-noout', '-serial', '-fingerprint', '-sha256', '-in',
         os.path.join(lab.ca_dir, name + '.pem')], check=True, capture_output=True, text=True)
    serial, fingerprint = [line.split('=')[1] for line in out.stdout.split()
                           if '=' in line][:2]
    return serial.lower(), fingerprint.replace(':', '').lower()


def good_certificate(lab, result, domain):
    serial, fingerprint = certificate(lab, domain)
    has(result, {
        'certificate.subject': f'CN={domain}',
        'certificate.issuer': 'CN=s2sprobe lab authority',
        'certificate.sha256': fingerprint, 'certificate.keyType': 'ECDSA',
        'certificate.keyBits': 256, 'certificate.signature': 'ECDSA-SHA256',
        'certificate.chain': 'ok', 'certificate.name': 'ok', 'certificate.matched': domain,
        'certificate.usage': {'server': True, 'client': True},
        'certificate.ocspStapled': False})
    equal(member(result.json, 'certificate.serial').lower(), serial, 'serial')
    names = {(n['type'], n['value'], n['matches']) for n in result.json['certificate']['names']}
    assert names >= {('dns', domain, True), ('srv', f'_xmpp-server.{domain}', True)}, names
    days = result.json['certificate']['daysLeft']
    assert 3280 <= days <= 3290, f'nine years have {days} days'
    assert result.json['certificate']['chainLength'] >= 1
    finding(result, 'revocation_not_checked', severity='info')


def good_tls(result, mode, protocol='TLS1.3'):
    has(result, {'tls.mode': mode, 'tls.established': True, 'tls.verified': True,
                 'tls.protocol': protocol, 'tls.serverName': result.json['to'],
                 'tls.clientCertificateRequested': True,
                 'tls.clientCertificateSent': False})
    assert member(result.json, 'tls.cipher'), result.raw


# ---- STARTTLS --------------------------------------------------------------------


def starttls(server):
    domain = SERVERS[server][2]
    clear, secure, union = OFFERS[server]

    @check(f'{server}: a plain socket sees what it should')
    def _(lab):
        equal(peers.dialogue(lab.address(server), domain, lab.ca), PLAIN_OFFERS[server])

    @check(f'{server}: STARTTLS')
    def _(lab):
        r = probe(lab, server)
        has(r, {'success': True, 'code': None, 'error': None, 'stage': 'done',
                'host': lab.address(server), 'port': 5269, 'from': FROM, 'to': domain,
                'address': lab.address(server), 'features': union,
                'stanzas': None, 'tls.starttlsOffered': True,
                'streams.0.secure': False, 'streams.1.secure': True,
                'streams.1.from': domain, 'streams.1.to': FROM, 'streams.1.version': '1.0',
                'streams.1.dialbackNamespace': True})
        equal(tried(r), [{'address': lab.address(server), 'host': lab.address(server),
                          'port': 5269, 'outcome': 'connected'}])
        equal((offered(r, 0), offered(r, 1)), (clear, secure))
        equal(len(r.json['streams']), 2)
        equal((r.error, r.features()), (s2s.OK, union))
        assert isinstance(r.json['rtt'], int) and r.json['rtt'] >= 0
        last_id(r)
        phases(r, STARTTLS_PHASES)
        good_tls(r, 'starttls')
        good_certificate(lab, r, domain)
        no_errors(r)

    @check(f'{server}: STARTTLS asked for with the header gives the same')
    def _(lab):
        r = probe(lab, server, flags=s2s.PIPELINE)
        has(r, {'success': True, 'features': union, 'pipelined': True,
                'tls.starttlsOffered': True})
        equal((offered(r, 0), offered(r, 1)), (clear, secure))
        phases(r, STARTTLS_PHASES - {'starttls'})
        last_id(r)
        good_tls(r, 'starttls')
        good_certificate(lab, r, domain)
        assert 'pipelined' not in codes(r), codes(r)

    @check(f'{server}: STARTTLS demanded gives the same')
    def _(lab):
        r = probe(lab, server, tls_mode=s2s.TLS_STARTTLS)
        has(r, {'success': True, 'features': union, 'tls.mode': 'starttls'})

    @check(f'{server}: in the clear, a success with the finding or none')
    def _(lab):
        r = probe(lab, server, tls_mode=s2s.TLS_NONE)
        has(r, {'success': True, 'tls.mode': 'none', 'tls.established': False,
                'tls.verified': False, 'certificate': None, 'tls.starttlsOffered': True})
        equal(offered(r, 0), clear)
        phases(r, CLEAR_PHASES)
        equal('tls_required' in codes(r), STARTTLS_REQUIRED in clear, 'tls_required')
        last_id(r)


def direct(server):
    domain = SERVERS[server][2]
    _, secure, union = OFFERS[server]

    @check(f'{server}: direct TLS on port 5270, demanded and by the port')
    def _(lab):
        for mode in (s2s.TLS_DIRECT, s2s.TLS_AUTO):
            r = probe(lab, server, port=5270, tls_mode=mode)
            has(r, {'success': True, 'port': 5270, 'streams.0.secure': True,
                    'tls.starttlsOffered': False,
                    'features': [f for f in union if f != 'STARTTLS']})
            equal(offered(r, 0), secure)
            equal(len(r.json['streams']), 1)
            phases(r, DIRECT_PHASES)
            good_tls(r, 'direct')
            good_certificate(lab, r, domain)
            last_id(r)
            no_errors(r)
            assert not codes(r) & {'starttls_port', 'direct_tls_port'}, codes(r)
        r = probe(lab, server, port=5270, flags=s2s.PIPELINE)
        has(r, {'success': True, 'tls.mode': 'direct', 'pipelined': None})


for name in ('prosody', 'ejabberd', 'jabberd2'):
    starttls(name)
direct('prosody')
direct('ejabberd')


@check('prosody, TLS 1.2 only')
def _(lab):
    r = probe(lab, 'tls12')
    has(r, {'success': True, 'features': OFFERS['prosody'][2]})
    good_tls(r, 'starttls', 'TLS1.2')
    good_certificate(lab, r, 'prosody.test')


@check('prosody, encryption optional, in the clear: bidi and no finding')
def _(lab):
    r = probe(lab, 'optional', tls_mode=s2s.TLS_NONE)
    has(r, {'success': True, 'tls.mode': 'none', 'features': ['STARTTLS', 'DIALBACK', 'BIDI']})
    equal(offered(r, 0), {STARTTLS, DIALBACK, BIDI})
    assert 'tls_required' not in codes(r), codes(r)
    phases(r, CLEAR_PHASES)


@check('a U-label and an A-label are one domain; a wrong case too')
def _(lab):
    has(probe(lab, 'prosody', to='PROSODY.Test'), {'success': True, 'to': 'prosody.test'})


# ---- Certificates ------------------------------------------------------------------

BAD = {  # code, chain, name, a finding, a name in the certificate
    'expired': ('cert_expired', 'expired', 'ok', 'cert_expired', 'prosody.test'),
    'wrong': ('cert_name', 'ok', 'mismatch', 'cert_name', 'other.test'),
    'selfsigned': ('cert_untrusted', 'self-signed', 'ok', 'cert_self_signed', 'prosody.test'),
    'untrusted': ('cert_untrusted', 'untrusted', 'ok', 'cert_untrusted', 'prosody.test'),
}


def evidence(result, server):
    """Everything was seen, whatever the verdict."""
    _, chain, name, code, value = BAD[server]
    has(result, {'tls.established': True, 'tls.verified': False, 'tls.protocol': 'TLS1.3',
                 'certificate.chain': chain, 'certificate.name': name,
                 'features': OFFERS['prosody'][2]})
    equal((offered(result, 0), offered(result, 1)), OFFERS['prosody'][:2])
    phases(result, STARTTLS_PHASES)
    last_id(result)
    finding(result, code, severity='error', fault='peer')
    names = {(n['type'], n['value'], n['matches']) for n in result.json['certificate']['names']}
    assert ('dns', value, value == 'prosody.test') in names, names
    equal(member(result.json, 'certificate.daysLeft') < 0, server == 'expired', 'daysLeft')


def bad_certificate(server):
    code = BAD[server][0]

    @check(f'{server} certificate: {code}, and the evidence is complete')
    def _(lab):
        r = probe(lab, server)
        has(r, {'success': False, 'code': code, 'stage': 'features'})
        assert r.json['error'] and r.json['error'] == r.message
        evidence(r, server)

    @check(f'{server} certificate, accepted: a success with findings')
    def _(lab):
        r = probe(lab, server, flags=s2s.ACCEPT_UNTRUSTED)
        has(r, {'success': True, 'code': None, 'stage': 'done'})
        evidence(r, server)

    @check(f'{server} certificate: no ping unless accepted')
    def _(lab):
        r = probe(lab, server, s2s.ping)
        has(r, {'success': False, 'code': code, 'stanzas': [], 'pingAnswer': None})
        r = probe(lab, server, s2s.ping, flags=s2s.ACCEPT_UNTRUSTED)
        has(r, {'success': True, 'pingAnswer': 'invalid'})

    @check(f'{server} certificate, direct TLS: the same verdict')
    def _(lab):
        r = probe(lab, server, port=5270)
        has(r, {'success': False, 'code': code, 'tls.mode': 'direct'})
        equal(offered(r, 0), OFFERS['prosody'][1])


for name in BAD:
    bad_certificate(name)


@check('a certificate with an SRVName only is good')
def _(lab):
    r = probe(lab, 'srvonly')
    has(r, {'success': True, 'tls.verified': True, 'certificate.chain': 'ok',
            'certificate.name': 'ok', 'certificate.subject': 'CN=nobody',
            'certificate.matched': '_xmpp-server.prosody.test'})
    no_errors(r)


@check('without the authority the good certificate is untrusted')
def _(lab):
    stranger = s2s.ContextOptions(ca_file=os.path.join(lab.ca_dir, 'untrusted-ca.pem'))
    has(probe(lab, 'prosody', setup=stranger),
        {'success': False, 'code': 'cert_untrusted', 'certificate.name': 'ok'})


# ---- Refusals and wrong ports ------------------------------------------------------


def unknown_host(server, text):
    @check(f'{server}: an unknown domain')
    def _(lab):
        r = probe(lab, server, to='nobody.test')
        has(r, {'success': False, 'code': 'stream_error', 'stage': 'stream',
                'streamError.condition': 'host-unknown'})
        equal(bool(member(r.json, 'streamError.text')), text, 'text')
        finding(r, 'host_unknown', severity='error', fault='peer')
        phases(r, CLEAR_PHASES)


unknown_host('prosody', True)
unknown_host('ejabberd', False)


@check('a closed port')
def _(lab):
    with peers.closed_port() as (host, port):
        r = s2s.connect(FROM, 'prosody.test', host=host, port=port, setup=trusting(lab))
    has(r, {'success': False, 'code': 'connect', 'stage': 'tcp', 'address': None})
    equal(tried(r), [{'address': host, 'host': host, 'port': port, 'outcome': 'refused'}])
    finding(r, 'connect_failed', severity='error')
    phases(r, {'tcp'})


@check('a silent port')
def _(lab):
    with peers.silent() as peer:
        for mode in (s2s.TLS_AUTO, s2s.TLS_NONE):
            r = at(lab, peer, timeout_ms=200, tls_mode=mode)
            has(r, {'success': False, 'code': 'timeout', 'stage': 'stream'})
            finding(r, 'silent', severity='error')
            phases(r, CLEAR_PHASES)
        r = at(lab, peer, timeout_ms=200, tls_mode=s2s.TLS_DIRECT)
        has(r, {'success': False, 'code': 'timeout', 'stage': 'tls'})
        phases(r, {'tcp', 'tls'})


@check('an HTTP server: not XMPP, and not a byte of it repeated')
def _(lab):
    with peers.http() as peer:
        for mode in (s2s.TLS_AUTO, s2s.TLS_STARTTLS, s2s.TLS_NONE):
            r = at(lab, peer, tls_mode=mode)
            has(r, {'success': False, 'code': 'not_xmpp', 'stage': 'stream'})
            finding(r, 'not_xmpp', severity='error')
            assert peers.MARKER not in r.raw, r.raw
        r = at(lab, peer, tls_mode=s2s.TLS_DIRECT)
        has(r, {'success': False, 'code': 'tls_handshake', 'stage': 'tls'})
        assert peers.MARKER not in r.raw, r.raw


def wrong_port(result):
    """The server answered a stream header with an alert, or just hung up."""
    has(result, {'success': False, 'stage': 'stream', 'tls.mode': 'starttls'})
    assert result.code in ('not_xmpp', 'closed'), result.raw
    finding(result, 'direct_tls_port' if result.code == 'not_xmpp' else 'closed_at_once')


@check('TLS with another protocol inside')
def _(lab):
    with peers.tls_only(os.path.join(lab.ca_dir, 'prosody.test.both.pem')) as peer:
        for mode in (s2s.TLS_AUTO, s2s.TLS_DIRECT):
            r = at(lab, peer, tls_mode=mode)
            has(r, {'success': False, 'code': 'not_xmpp', 'stage': 'features',
                    'tls.mode': 'direct', 'tls.verified': True})
            finding(r, 'not_xmpp', severity='error')
            assert peers.MARKER not in r.raw, r.raw
        wrong_port(at(lab, peer, tls_mode=s2s.TLS_STARTTLS))


@check('a direct TLS port probed with STARTTLS, demanded: an error that says so')
def _(lab):
    for server in ('prosody', 'ejabberd'):
        wrong_port(probe(lab, server, port=5270, tls_mode=s2s.TLS_STARTTLS))


@check('a direct TLS port where STARTTLS is usual, auto: the other way')
def _(lab):
    r = probe(lab, 'swapped')
    has(r, {'success': True, 'tls.mode': 'direct', 'tls.verified': True, 'port': 5269})
    equal(offered(r, len(r.json['streams']) - 1), OFFERS['prosody'][1])
    finding(r, 'direct_tls_port', severity='warning')
    last_id(r)


@check('a STARTTLS port probed with direct TLS, demanded: an error that says so')
def _(lab):
    for server in ('prosody', 'ejabberd', 'jabberd2'):
        r = probe(lab, server, tls_mode=s2s.TLS_DIRECT)
        has(r, {'success': False, 'code': 'tls_handshake', 'stage': 'tls',
                'tls.established': False})
        finding(r, 'starttls_port', severity='warning')


@check('a STARTTLS port where direct TLS is usual, auto: the other way')
def _(lab):
    r = probe(lab, 'swapped', port=5270)
    has(r, {'success': True, 'tls.mode': 'starttls', 'tls.verified': True, 'port': 5270})
    equal(offered(r, len(r.json['streams']) - 1), OFFERS['prosody'][1])
    finding(r, 'starttls_port', severity='warning')
    last_id(r)


@check('see-other-host is reported, not followed')
def _(lab):
    with peers.says('') as other, \
            peers.redirecting(f'{other.host}:{other.port}') as peer:
        r = at(lab, peer)
        equal(other.connections, [], 'followed')
    has(r, {'success': False, 'code': 'redirect', 'stage': 'stream',
            'redirect': f'{other.host}:{other.port}',
            'streamError.condition': 'see-other-host'})
    finding(r, 'see_other_host')


@check('a header without version')
def _(lab):
    with peers.before_xmpp_1() as peer:
        r = at(lab, peer)
    has(r, {'success': False, 'code': 'version', 'stage': 'stream', 'streamId': 'peer1'})
    finding(r, 'pre_xmpp_1', severity='error')


# ---- Pings -------------------------------------------------------------------------


def pinged(result):
    has(result, {'success': True, 'pingMethod': 'dialback-verify', 'pingAnswer': 'invalid',
                 'stage': 'done'})
    equal(len(result.json['stanzas']), 1, 'stanzas')
    assert '<db:verify' in result.json['stanzas'][0], result.raw
    assert "type='invalid'" in result.json['stanzas'][0].replace('"', "'"), result.raw
    equal(result.stanzas(), result.json['stanzas'])
    finding(result, 'ping_proves_little', severity='info')


def answers(server):
    @check(f'{server}: a ping without a domain of ours')
    def _(lab):
        for method in (s2s.PING_AUTO, s2s.PING_DIALBACK_VERIFY):
            r = s2s.ping('nobody.invalid', SERVERS[server][2], host=lab.address(server),
                         setup=trusting(lab), ping_method=method)
            pinged(r)
            phases(r, STARTTLS_PHASES | {'ping'})
            has(r, {'features': OFFERS[server][2], 'tls.verified': True})


for name in ('prosody', 'ejabberd', 'jabberd2'):
    answers(name)


@check('prosody, jabberd2: a ping in the clear')
def _(lab):
    for server in ('prosody', 'jabberd2'):
        r = probe(lab, server, s2s.ping, tls_mode=s2s.TLS_NONE)
        pinged(r)
        phases(r, CLEAR_PHASES | {'ping'})


@check('ejabberd: a ping in the clear is against its policy')
def _(lab):
    r = probe(lab, 'ejabberd', s2s.ping, tls_mode=s2s.TLS_NONE)
    has(r, {'success': False, 'code': 'stream_error', 'stage': 'ping',
            'streamError.condition': 'policy-violation', 'pingAnswer': None})
    finding(r, 'policy_violation')


@check('a ping inside direct TLS')
def _(lab):
    for server in ('prosody', 'ejabberd'):
        r = probe(lab, server, s2s.ping, port=5270)
        pinged(r)
        phases(r, DIRECT_PHASES | {'ping'})


@check('an iq ping needs an identity')
def _(lab):
    r = probe(lab, 'prosody', s2s.ping, ping_method=s2s.PING_IQ)
    has(r, {'success': False, 'code': 'policy'})


# ---- Names -------------------------------------------------------------------------


def resolving(lab, **options):
    return trusting(lab, dns_servers=[lab.dns], **options)


@check('without a host: by the SRV records of the lab\'s DNS')
def _(lab):
    for server in ('prosody', 'ejabberd', 'jabberd2'):
        r = s2s.connect(FROM, SERVERS[server][2], setup=resolving(lab))
        has(r, {'success': True, 'host': 'xmpp.' + SERVERS[server][2], 'dns.plan': 'srv',
                'address': lab.address(server),
                'features': OFFERS[server][2]})
        phases(r, STARTTLS_PHASES | {'dns'})


@check('a host by name; the certificate is still the domain\'s')
def _(lab):
    r = s2s.connect(FROM, 'prosody.test', host='xmpp.prosody.test', setup=resolving(lab))
    has(r, {'success': True, 'host': 'xmpp.prosody.test', 'tls.serverName': 'prosody.test',
            'certificate.matched': 'prosody.test'})
    r = s2s.connect(FROM, 'nosrv.test', host='xmpp.prosody.test', setup=resolving(lab))
    has(r, {'success': False, 'code': 'stream_error'})


@check('a name that does not exist')
def _(lab):
    for options in ({}, {'host': 'nosuch.test'}):
        r = s2s.connect(FROM, 'nosuch.test', setup=resolving(lab), **options)
        has(r, {'success': False, 'code': 'dns', 'stage': 'dns', 'address': None,
                'host': 'nosuch.test'})
        finding(r, 'dns_failed', severity='error')
        phases(r, {'dns'})


@check('a DNS server that is silent')
def _(lab):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(('127.0.0.1', 0))
        r = s2s.connect(FROM, 'prosody.test', timeout_ms=300, setup=trusting(
            lab, dns_servers=[f'127.0.0.1:{mute.getsockname()[1]}']))
    has(r, {'success': False, 'code': 'timeout', 'stage': 'dns'})
    phases(r, {'dns'})


@check('the address filter sees what the name resolved to')
def _(lab):
    refused = []

    def refuse(_user, address, length):
        refused.append(socket.inet_ntoa(s2s.ctypes.string_at(address, length)[4:8]))
        return 1
    r = s2s.connect(FROM, 'prosody.test', setup=resolving(
        lab, address_filter=s2s.ADDRESS_FILTER(refuse)))
    has(r, {'success': False, 'code': 'address_forbidden'})
    equal(tried(r), [{'host': 'xmpp.prosody.test', 'port': port, 'outcome': 'forbidden'}
                     for port in (5269, 5270)])
    equal('ms' in r.json['attempts'][0], False, 'a time of what was not tried')
    equal('127.0.0.11' in r.raw, False, 'where the name leads, told')
    equal(set(refused), {'127.0.0.11'})


# ---- Contexts, callbacks ---------------------------------------------------------


@contextlib.contextmanager
def one_thread():
    """The library starts no thread of its own."""
    before = os.listdir('/proc/self/task')
    yield
    equal(len(os.listdir('/proc/self/task')), len(before), 'threads')


@check('200 probes at once on one context, in one thread')
def _(lab):
    count = 200
    with one_thread(), s2s.Context(ca_file=lab.ca, **s2s.UNLIMITED) as context:
        for n in range(count):
            context.submit(s2s.OP_PING if n % 2 else s2s.OP_CONNECT, FROM, 'prosody.test',
                           user=n, host=lab.address('prosody'), timeout_ms=60000)
        results = collect(context, count)
    for n, r in results.items():
        has(r, {'success': True, 'features': OFFERS['prosody'][2], 'tls.verified': True,
                'pingAnswer': 'invalid' if n % 2 else None})
    equal(len({r.json['streamId'] for r in results.values()}), count, 'distinct streams')


@check('three servers at once, driven by a foreign loop through the descriptor')
def _(lab):
    with one_thread(), s2s.Context(ca_file=lab.ca, dns_servers=[lab.dns],
                                   **s2s.UNLIMITED) as context:
        users = [(server, n) for n in range(5) for server in OFFERS]
        for user in users:
            context.submit(s2s.OP_PING, FROM, SERVERS[user[0]][2], user=user,
                           timeout_ms=60000)
        results = drive_by_poll(context, len(users))
    for (server, _), r in results.items():
        pinged(r)
        equal(r.json['features'], OFFERS[server][2])


@check('many probes in one context agree with one probe in its own')
def _(lab):
    with s2s.Context(ca_file=lab.ca, **s2s.UNLIMITED) as context:
        for server in BAD:
            r = context.connect(FROM, 'prosody.test', host=lab.address(server))
            equal(r.code, BAD[server][0], server)


def by_sockets(lab, server, **options):
    transport = callbacks.transport(callbacks.SocketConnection)
    r = probe(lab, server, transport=transport, **options)
    equal(transport.connections, {}, 'not closed')
    return r


@check('a transport in Python, real servers behind it')
def _(lab):
    for server in OFFERS:
        r = by_sockets(lab, server)
        has(r, {'success': True, 'features': OFFERS[server][2]})
        good_tls(r, 'starttls')
        pinged(by_sockets(lab, server, call=s2s.ping))
    has(by_sockets(lab, 'prosody', port=5270), {'success': True, 'tls.mode': 'direct'})
    has(by_sockets(lab, 'swapped'), {'success': True, 'tls.mode': 'direct'})
    has(by_sockets(lab, 'wrong'), {'success': False, 'code': 'cert_name'})


@check('TLS in Python: the library judges, and judges the same')
def _(lab):
    tls = callbacks.tls()
    has(probe(lab, 'prosody', tls=tls),
        {'success': True, 'features': OFFERS['prosody'][2], 'tls.protocol': 'TLS1.3',
         'tls.verified': True, 'certificate.matched': 'prosody.test'})
    has(probe(lab, 'ejabberd', tls=tls, port=5270), {'success': True, 'tls.mode': 'direct'})
    pinged(probe(lab, 'prosody', s2s.ping, tls=tls))
    for server in BAD:
        has(probe(lab, server, tls=tls), {'success': False, 'code': BAD[server][0],
                                          'certificate.chain': BAD[server][1],
                                          'certificate.name': BAD[server][2]})
    has(by_sockets(lab, 'prosody', tls=tls), {'success': True, 'tls.verified': True})
    equal((tls.opened, tls.sessions), (4 + len(BAD), {}), 'sessions')


def main():
    try:
        with Lab() as lab:
            return run(lab)
    except LabError as e:
        print(f'Bail out! {e}'.replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
