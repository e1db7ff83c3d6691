"""Checks: what TLSA records prove (RFC 6698, RFC 7673), and who is believed about them."""
import contextlib
import os
import socket
import subprocess

import dns_world
import s2sprobe as s2s
from discovery import US, ZONES, codes, probe_all, probe_one
from dns_wire import A, SRV, TLSA, address, srv
from responder import Responder, answer, secure
from tap import check, equal, has, member

DANE = {'dane_match', 'dane_mismatch', 'dane_unusable', 'dane_bogus', 'dane_ta_only'}

# domain: the verdict, its findings; the code without S2S_DANE, and with it.
TABLE = {
    'dane-ee': ('match', {'dane_match'}, None, None),
    'dane-ee-512': ('match', {'dane_match'}, None, None),
    'dane-whole': ('match', {'dane_match'}, None, None),
    'dane-alias': ('match', {'dane_match'}, None, None),
    'dane-rollover': ('match', {'dane_match'}, None, None),
    'dane-selfsigned': ('match', {'dane_match'}, 'cert_untrusted', None),
    'dane-mismatch': ('mismatch', {'dane_mismatch'}, None, 'cert_untrusted'),
    'dane-partly-unusable': ('mismatch', {'dane_mismatch', 'dane_unusable'}, None,
                             'cert_untrusted'),
    'dane-unusable': ('unusable', {'dane_unusable'}, None, None),
    'pkix-ee': ('match', {'dane_match'}, None, None),
    'pkix-ta': ('unusable', {'dane_ta_only'}, None, None),
    'dane-ta': ('unusable', {'dane_ta_only'}, None, None),
    'dane-servfail': ('bogus', {'dane_bogus'}, None, 'cert_untrusted'),
    'only-xmpp': ('none', set(), None, None),
}
WITHOUT = {'dane-selfsigned': 'cert_untrusted'}  # what the certificate alone comes to


def row(domain, verdict, findings, code, decided):
    @check(f'DANE: {domain}: {verdict}')
    def _(lab):
        for flags, expected in ((0, code), (s2s.DANE, decided)):
            r = probe_one(lab, f'{domain}.signed.test', flags=flags)
            has(r, {'code': expected, 'tls.verified': expected is None, 'dane.verdict': verdict,
                    'dns.secure': True})
            equal(codes(r) & DANE, findings)
            if verdict in ('match', 'mismatch'):
                assert member(r.json, 'dane.records.0.outcome'), r.raw
            # whatever is proved: others, without DNSSEC, refuse it
            equal('cert_self_signed' in codes(r), domain == 'dane-selfsigned')


for _domain, _row in TABLE.items():
    row(_domain, *_row)


@check('DANE: in a zone that is not signed nothing of it counts')
def _(lab):
    for flags in (0, s2s.DANE):
        results = probe_all(lab, [f'{d}.plain.test' for d in TABLE], flags=flags)
        for domain in TABLE:
            r = results[f'{domain}.plain.test']
            has(r, {'dane': None, 'dns.secure': False, 'code': WITHOUT.get(domain)})
            equal(codes(r) & DANE, set(), domain)


@check('DANE: the host is in a zone that is not as secure as the domain, or more so')
def _(lab):
    for zone in ZONES:
        has(probe_one(lab, f'dane-elsewhere.{zone}', flags=s2s.DANE),
            {'success': True, 'dane': None})


@check('DANE: without SRV records nothing vouches for the host')
def _(lab):
    has(probe_one(lab, 'dane-no-srv.signed.test', flags=s2s.DANE),
        {'success': True, 'dane': None, 'dns.plan': 'domain'})


@check('the name of the target alone: with DNSSEC it will do, and is told')
def _(lab):
    r = probe_one(lab, 'target-name.signed.test')
    has(r, {'success': True, 'tls.verified': True})
    assert 'cert_target_only' in codes(r), r.raw
    r = probe_one(lab, 'target-name.plain.test')
    has(r, {'code': 'cert_name', 'tls.verified': False})
    assert {'cert_name', 'cert_target_only'} & codes(r), r.raw


@check('check: DANE, for each endpoint')
def _(lab):
    results = probe_all(lab, [f'{d}.signed.test' for d in TABLE], s2s.OP_CHECK, flags=s2s.DANE)
    for domain, (verdict, findings, _, decided) in TABLE.items():
        r = results[f'{domain}.signed.test']
        has(r, {'code': decided})
        equal({r['dane'] for r in r.json['rows'] if r['kind'] == 'endpoint'}, {verdict}, domain)
        equal(codes(r) & DANE, findings, domain)
    two = probe_one(lab, 'dane-mismatch-then-good.signed.test', s2s.OP_CHECK, flags=s2s.DANE)
    has(two, {'success': True})
    assert {'dane_match', 'dane_mismatch', 'endpoints_differ'} <= codes(two), two.raw


# ---- Whose word counts (RFC 4035, 4.9.3) ---------------------------------------------

DOMAIN, TARGET = 'dane-selfsigned.plain.test', 'host.dane-selfsigned.plain.test'
ELSEWHERE = '192.0.2.53'  # of this machine, but not of its loopback network


def loopback(what):
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    subprocess.run(['ip', 'address', what, f'{ELSEWHERE}/32', 'dev', 'lo'], check=True,
                   env=dict(os.environ, PATH=path))


@contextlib.contextmanager
def not_loopback():
    """An address of this machine that the library cannot take for loopback."""
    if os.environ.get('S2S_LAB_NAMESPACE') == 'yes':
        loopback('add')
        try:
            yield ELSEWHERE
        finally:
            loopback('del')
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((ELSEWHERE, 53))  # sends nothing
        yield s.getsockname()[0]


def signed(lab, say=secure):
    """The records of DOMAIN, as of somebody who has validated them."""
    digest = bytes.fromhex(dns_world.digests(lab.ca_dir)['selfsigned'])
    return {
        ('_xmpp-server._tcp.' + DOMAIN, SRV): say((SRV, srv(10, 0, 5269, TARGET))),
        (TARGET, A): say((A, address('127.0.0.61'))),
        ('_5269._tcp.' + TARGET, TLSA): say((TLSA, bytes([3, 1, 1]) + digest)),
        None: say()}


def asks(lab, dns, **options):
    """Whether it came to ask for TLSA, and the result."""
    with s2s.Context(ca_file=lab.ca, dns_servers=[dns.address], **options) as context:
        r = context.connect(US, DOMAIN, flags=s2s.DANE, timeout_ms=10000)
    return any(kind == TLSA for _, kind, _ in dns.asked), r


@check('the AD bit: of a resolver on loopback it counts')
def _(lab):
    with Responder(signed(lab)) as dns:
        asked, r = asks(lab, dns)
    equal(asked, True)
    has(r, {'success': True, 'dns.secure': True, 'dane.verdict': 'match', 'tls.verified': True})


@check('the AD bit: without it TLSA is not asked for')
def _(lab):
    with Responder(signed(lab, answer)) as dns:
        asked, r = asks(lab, dns)
    equal(asked, False)
    has(r, {'code': 'cert_untrusted', 'dns.secure': False, 'dane': None})


@check('the AD bit: of another resolver it counts when we say so')
def _(lab):
    with not_loopback() as where:
        for trust in (0, 1):
            with Responder(signed(lab), where) as dns:
                asked, r = asks(lab, dns, dns_trust_ad=trust)
            equal(asked, bool(trust), where)
            has(r, {'code': None if trust else 'cert_untrusted', 'dns.secure': bool(trust),
                    'dane.verdict': 'match' if trust else None})
