"""Checks: what s2s_check() and `s2sprobe check` say of domains, good and broken."""
import ctypes
import functools
import ipaddress

import s2sprobe as s2s
from discovery import (LONG, US, ZONES, asking, codes, probe_all, probe_one, program,
                       program_json, rows, seen, short)
from federation import identity, speaking_for
from tap import check, equal, has, member

# Findings that every domain of the world has, or none of interest here.
COMMON = {'address_private', 'no_ipv6', 'no_direct_tls', 'no_dnssec', 'no_dane', 'lang_missing',
          'revocation_not_checked', 'stream_id_reused', 'no_time_left'}
SHORT = 8000  # milliseconds; half of it goes to what does not answer
GOOD = None


def bad(code, *findings):
    return code, set(findings)


def works(*findings):
    return GOOD, set(findings)


BROKEN = {  # domain: the code of the check, and all findings that are not common
    'expired': bad('cert_expired', 'cert_expired'),
    'wrong-name': bad('cert_name', 'cert_name'),
    'self-signed': bad('cert_untrusted', 'cert_self_signed'),
    'untrusted': bad('cert_untrusted', 'cert_untrusted'),
    'xmpp-dot-alone': bad('dns', 'no_service'),
    'dots': bad('dns', 'no_service'),
    'servfail': bad('dns', 'dns_failed'),
    'half': works('srv_failed'),
    'only-xmpps': works('srv_direct_only'),
    'no-srv': works('srv_none'),
    'mixed-dot': works('srv_dot'),
    'alias': works('srv_alias'),
    'addressless': works('srv_target', 'endpoints_differ'),
    'nowhere': bad('dns', 'srv_target'),
    'literal': bad('dns', 'srv_unreadable', 'dns_failed'),
    'loopback': bad('connect', 'connect_failed'),
    'bad-port': works('srv_port', 'endpoints_differ'),
    'port-0': bad('address_forbidden', 'srv_port'),
    'hundred': bad('connect', 'srv_many', 'connect_failed', 'check_limited'),
    'many': bad('connect', 'srv_many', 'connect_failed', 'check_limited'),
    'starttls-port': bad('tls_handshake', 'srv_direct_only', 'starttls_port'),
    'direct-port': bad('not_xmpp', 'direct_tls_port'),
    'unknown-at-one': works('host_unknown', 'endpoints_differ'),
    'certificates-differ': works('certificates_differ'),
    'features-differ': works('features_differ', 'no_authentication'),
    'tls12': works('no_tls_1_3'),
    'closed': works('connect_failed', 'endpoints_differ'),
    'dead': works('timeout', 'endpoints_differ'),
    'eyeballs': works('timeout', 'endpoints_differ'),
    'both': works(),
    'only-xmpp': works(),
    'xn--bcher-kva': works(),
}


@functools.cache
def broken_results(lab):
    return probe_all(lab, [f'{d}.{zone}' for zone in ZONES for d in BROKEN], s2s.OP_CHECK,
                     timeout_ms=SHORT)


def uncommon(result):
    return codes(result) - COMMON


def broken(domain, code, findings):
    @check(f'check: {domain}: {code or "works"}' + ''.join(f', {f}' for f in sorted(findings)))
    def _(lab):
        for zone in ZONES:
            r = broken_results(lab)[f'{domain}.{zone}']
            has(r, {'success': code is None, 'code': code})
            equal(uncommon(r), findings, r.raw)
            told = [['error', 'warning', 'info'].index(f['severity'])
                    for f in r.json['findings']]
            equal(told, sorted(told), 'worst first')
            for f in r.json['findings']:
                assert 'row' not in f or 0 <= f['row'] < len(r.json['rows']), r.raw
            if zone == 'plain.test' and rows(r):
                assert member(r.json, 'dns.plan') != 'srv' or 'no_dnssec' in codes(r), r.raw


for _domain, (_code, _findings) in BROKEN.items():
    broken(_domain, _code, _findings)


@check('check: what DNSSEC refuses')
def _(lab):
    r = probe_one(lab, 'both.bogus.test', s2s.OP_CHECK)
    has(r, {'code': 'dns', 'dns.plan': 'bogus', 'rows': []})
    equal(codes(r), {'dnssec_bogus'})


@check('check: a row for each endpoint, and how each is reached')
def _(lab):
    r = broken_results(lab)['both.signed.test']
    equal([(short(row['target']), row['address'], row['port'], row['tls'], row['success'],
            row['versions']) for row in rows(r)],
          [(f'h{n}', f'127.0.0.6{n}', 5270 if n % 2 else 5269, 'direct' if n % 2 else 'starttls',
            True, ['TLS1.2', 'TLS1.3']) for n in (1, 2, 3, 4)])
    equal(member(rows(broken_results(lab)['tls12.signed.test'])[0], 'versions'), ['TLS1.2'])
    r = broken_results(lab)['eyeballs.signed.test']
    equal({row['address']: row.get('code') for row in rows(r)},
          {'::1': 'timeout', '127.0.0.61': None})
    equal(len(rows(broken_results(lab)['many.signed.test'])), 16)


@check('check: a dialback verification, where one endpoint works')
def _(lab):
    for domain in ('both.signed.test', 'closed.plain.test'):
        found = rows(broken_results(lab)[domain], 'verify')
        equal([(row['success'], row['pingMethod'], row['pingAnswer']) for row in found],
              [(True, 'dialback-verify', 'invalid')])
    equal(rows(broken_results(lab)['expired.signed.test'], 'verify'), [])
    r = probe_one(lab, 'both.signed.test', s2s.OP_CHECK, flags=s2s.NO_DIALBACK)
    equal(rows(r, 'verify'), [])


@check('check: DNSSEC without TLSA records, and with')
def _(lab):
    results = broken_results(lab)
    for domain, expected in (('only-xmpp.signed.test', {'no_dane'}),
                             ('only-xmpp.plain.test', {'no_dnssec'})):
        equal(codes(results[domain]) & {'no_dane', 'no_dnssec'}, expected, domain)
    equal(codes(probe_one(lab, 'dane-ee.signed.test', s2s.OP_CHECK)) & {'no_dane', 'no_dnssec'},
          set())


@check('check: what was seen is told')
def _(lab):
    results = broken_results(lab)
    for domain, code, text in (
            ('loopback', 'address_private', '127.0.0.1'),
            ('alias', 'srv_alias', 'other.alias.plain.test'),
            ('nowhere', 'srv_target', 'text.addressless.plain.test'),
            ('bad-port', 'srv_port', '_xmpp-server: port 25'),
            ('literal', 'srv_unreadable', '_xmpp-server: 1 of 1'),
            ('hundred', 'srv_many', '_xmpp-server: 100'),
            ('closed', 'endpoints_differ', '1 of 2 do not work')):
        assert text in seen(results[f'{domain}.plain.test'], code), (domain, code)


@check('check: an internationalised domain, in A-labels and in U-labels')
def _(lab):
    for domain in ('xn--bcher-kva.signed.test', 'BÜCHER.signed.test', 'bücher.signed.test'):
        r = probe_one(lab, domain, s2s.OP_CHECK)
        has(r, {'success': True, 'dns.plan': 'srv'})
        equal({row['address'] for row in rows(r)}, {'127.0.0.61'})
    del lab.servers['world'].came[:]
    for options, header in (({}, 'bücher.signed.test'),
                            ({'xml_to': 'xn--bcher-kva.signed.test'},
                             'xn--bcher-kva.signed.test')):
        probe_one(lab, 'bücher.signed.test', s2s.OP_CHECK, **options)
        equal({domain for *_, domain in lab.servers['world'].came}, {header})
        del lab.servers['world'].came[:]


@check('check: services, each as a server would find it')
def _(lab):
    r = probe_one(lab, 'addons.signed.test', s2s.OP_CHECK,
                  services=['conference.', 'only-xmpp.plain.test', 'nobody.'])
    has(r, {'success': True})
    equal([(short(row['target']), row['success'], row.get('code'), row.get('address'))
           for row in rows(r, 'service')],
          [('conference.addons', True, None, '127.0.0.62'),
           ('only-xmpp', True, None, '127.0.0.61'),
           ('nobody.addons', False, 'dns', None)])


def authenticated(lab, ours, theirs):
    with speaking_for(lab, identity(lab, ours)) as context:
        return context.look_at(ours, theirs, flags=s2s.AUTHENTICATE, timeout_ms=LONG)


@check('check: authenticated, a ping and the time, of a real server')
def _(lab):
    r = authenticated(lab, 'look.probe.test', 'prosody.test')
    has(r, {'success': True})
    equal(sorted((row['address'], row['port'], row['tls']) for row in rows(r)),
          [('127.0.0.11', 5269, 'starttls'), ('127.0.0.11', 5270, 'direct')])
    for kind in ('ping', 'time'):
        equal([(row['success'], row.get('code')) for row in rows(r, kind)], [(True, None)], kind)
    equal(rows(r, 'ping')[0]['pingAnswer'], 'result')
    assert 'clock_skew' not in codes(r), r.raw


@check('check: authenticated, of a server whose clock is late')
def _(lab):
    r = authenticated(lab, 'late.probe.test', 'late-clock.signed.test')
    has(r, {'success': True})
    equal([(row['success'], row['pingAnswer']) for row in rows(r, 'ping')], [(True, 'result')])
    text, = seen(r, 'clock_skew')
    assert text.endswith('s behind ours') and 3500 < int(text.split()[2]) < 3700, text


@check('check: addresses that the filter refuses are neither gone to nor told')
def _(lab):
    refused = ipaddress.ip_network('10.0.0.0/8')

    def decide(_, where, _length):
        address = ctypes.string_at(where + 4, 4)
        return int(ipaddress.ip_address(address) in refused)
    guard = s2s.ADDRESS_FILTER(decide)
    with asking(lab, address_filter=guard) as context:
        for domain, code in (('private', 'address_forbidden'), ('private-then-good', None)):
            for look in (context.connect, context.look_at):
                r = look(US, domain + '.plain.test', timeout_ms=LONG)
                has(r, {'code': code})
                assert 'address_forbidden' in codes(r), r.raw
                assert '10.127' not in r.raw, r.raw


@check('check: blocking, and in a context of others')
def _(lab):
    with asking(lab) as context:
        r = context.look_at(US, 'unknown-at-one.signed.test', timeout_ms=LONG)
        equal(uncommon(r), BROKEN['unknown-at-one'][1])
        r = context.look_at(US, 'both.signed.test', services=['no domain'])
        has(r, {'code': 'invalid_argument', 'rows': []})


ON_THE_LINE = ('expired', 'unknown-at-one', 'starttls-port', 'hundred', 'xmpp-dot-alone',
               'certificates-differ')


@check('s2sprobe check: the same findings, as JSON and for people')
def _(lab):
    for domain in ON_THE_LINE:
        code, findings = BROKEN[domain]
        name = f'{domain}.signed.test'
        status, result = program_json(lab, name)
        errors = [f for f in result['findings'] if f['severity'] == 'error']
        equal(status == 0, code is None and not errors, name)
        equal((result['success'], result.get('code')), (code is None, code), name)
        equal({f['code'] for f in result['findings']} - COMMON, findings, name)
        again, text = program(lab, name)
        equal(again, status, name)
        assert name in text, text
        for f in errors:  # lines are broken anywhere
            assert ''.join(f['advice'].split()) in ''.join(text.split()), (f, text)
