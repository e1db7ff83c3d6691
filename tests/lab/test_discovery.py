#!/usr/bin/env python3
"""From a domain to its servers, in the DNS world: what is planned, where it connects,
what is found on the way.

Run it through ./in-namespace; $S2SPROBE_LIBRARY is the library, $S2SPROBE_PROGRAM the
command line.
"""
import functools
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import s2sprobe as s2s  # noqa: E402
import discovery_checks  # noqa: E402,F401 (its checks)
import discovery_dane  # noqa: E402,F401 (its checks)
import discovery_lies  # noqa: E402,F401 (its checks)
from discovery import (ZONES, about_dns, came, outcomes, probe_all, probe_one,  # noqa: E402
                       records, seen)
from servers import Lab, LabError  # noqa: E402
from tap import check, equal, has, run  # noqa: E402
from world import dead_hosts  # noqa: E402

# ---- The table ---------------------------------------------------------------------

OWN, H1, H1_TLS = (('127.0.0.60', 5269, 'starttls'), ('127.0.0.61', 5269, 'starttls'),
                   ('127.0.0.61', 5270, 'direct'))
NOWHERE = None
NONE, RECORDS, REFUSED, FAILED = 'none', 'records', 'refused', 'failed'


def plan(name, xmpps, xmpp, order, where, code, *findings):
    return {'plan': name, 'xmpps': xmpps, 'xmpp': xmpp, 'records': order, 'came': where,
            'code': code, 'findings': set(findings)}


def targets(xmpps, xmpp, order, where=H1, *findings):
    return plan('srv', xmpps, xmpp, order, where, None, *findings)


def nothing(name, xmpps, xmpp, *findings):
    return plan(name, xmpps, xmpp, [], NOWHERE, 'dns', *findings)


TABLE = {
    'no-srv': plan('domain', NONE, NONE, [], OWN, None, 'srv_none'),
    'only-xmpp': targets(NONE, RECORDS, ['h1', 'h2']),
    'only-xmpps': targets(RECORDS, NONE, ['h1 tls', 'h2 tls'], H1_TLS, 'srv_direct_only'),
    'both': targets(RECORDS, RECORDS, ['h1 tls', 'h2', 'h3 tls', 'h4'], H1_TLS),
    'both-reversed': targets(RECORDS, RECORDS, ['h1', 'h2 tls']),
    'xmpps-dot': targets(REFUSED, RECORDS, ['h1']),
    'xmpps-dot-alone': nothing('none', REFUSED, NONE, 'no_service'),
    'xmpp-dot-alone': nothing('none', NONE, REFUSED, 'no_service'),
    'xmpp-dot': targets(RECORDS, REFUSED, ['h1 tls'], H1_TLS),
    'dots': nothing('none', REFUSED, REFUSED, 'no_service'),
    'servfail': nothing('unknown', FAILED, FAILED, 'dns_failed'),
    'half': targets(FAILED, RECORDS, ['h1'], H1, 'srv_failed'),
    'otherhalf': targets(RECORDS, FAILED, ['h1 tls'], H1_TLS, 'srv_failed'),
    'lost': nothing('unknown', FAILED, FAILED, 'dns_failed'),
    'lost-none': nothing('unknown', NONE, FAILED, 'dns_failed'),
    'lost-dot': nothing('unknown', REFUSED, FAILED, 'dns_failed'),
    'alias': targets(NONE, RECORDS, ['other.alias'], H1, 'srv_alias'),
    'own-alias': plan('domain', NONE, NONE, [], OWN, None, 'srv_none'),
    'addressless': targets(NONE, RECORDS, ['text.addressless', 'none.addressless', 'h1'], H1,
                           'srv_target'),
    'nowhere': plan('srv', NONE, RECORDS, ['text.addressless'], NOWHERE, 'dns', 'dns_failed',
                    'srv_target'),
    'loopback': plan('srv', NONE, RECORDS, ['host.loopback'], NOWHERE, 'connect',
                     'connect_failed'),
    'itself': targets(NONE, RECORDS, ['itself'], OWN),
    'literal': nothing('unknown', NONE, FAILED, 'dns_failed', 'srv_unreadable'),
    'port-0': plan('srv', NONE, RECORDS, ['h1 port 0'], NOWHERE, 'address_forbidden', 'srv_port'),
    'mixed-dot': targets(NONE, RECORDS, ['h1'], H1, 'srv_dot'),
    'closed': targets(NONE, RECORDS, ['closed', 'h1'], H1, 'address_unreachable'),
    'xn--bcher-kva': targets(NONE, RECORDS, ['h1']),
}
# What SERVFAIL leaves open, the domain's own address may close.
HOPE = {
    'lost': plan('domain', FAILED, FAILED, [], OWN, None, 'srv_failed'),
    'lost-none': plan('domain', NONE, FAILED, [], OWN, None, 'srv_failed'),
    'servfail': plan('domain', FAILED, FAILED, [], NOWHERE, 'dns', 'dns_failed', 'srv_failed'),
}


@functools.cache
def table_probes(lab, flags):
    """By domain: the result, and where it came."""
    del lab.servers['world'].came[:]
    found = probe_all(lab, [f'{d}.{zone}' for zone in (*ZONES, 'bogus.test') for d in TABLE],
                      flags=flags)
    where = came(lab)
    # The stream's header has the U-label.
    return {d: (r, where.get(d.replace('xn--bcher-kva', 'bücher'), [])) for d, r in found.items()}


def compare(lab, domain, expected, flags):
    r, where = table_probes(lab, flags)[domain]
    has(r, {'success': expected['code'] is None, 'code': expected['code'],
            'dns.plan': expected['plan'], 'dns.xmpps': expected['xmpps'],
            'dns.xmpp': expected['xmpp'],
            'dns.secure': domain.endswith('signed.test') and
            FAILED not in (expected['xmpps'], expected['xmpp'])
            or domain == 'literal.signed.test'})
    equal(records(r), expected['records'], 'records')
    equal(where, [expected['came']] if expected['came'] else [], 'came')
    equal(about_dns(r), expected['findings'], 'findings')
    for name, answer in (('xmppsError', expected['xmpps']), ('xmppError', expected['xmpp'])):
        equal(name in r.json['dns'], answer == FAILED, name)


def row(domain):
    @check(f'SRV: {domain}')
    def _(lab):
        for zone in ZONES:
            compare(lab, f'{domain}.{zone}', TABLE[domain], 0)
            compare(lab, f'{domain}.{zone}', HOPE.get(domain, TABLE[domain]), s2s.SRV_FALLBACK)


for one in TABLE:
    row(one)


@check('SRV: what DNSSEC refuses leads nowhere, whatever is hoped')
def _(lab):
    for flags in (0, s2s.SRV_FALLBACK):
        for domain in TABLE:
            if domain in ('servfail', 'lost'):  # nothing there that could be refused
                continue
            r, where = table_probes(lab, flags)[f'{domain}.bogus.test']
            has(r, {'code': 'dns', 'dns.plan': 'bogus', 'dns.secure': False,
                    'dns.records': [], 'attempts': None})
            equal(where, [], domain)
            assert 'dnssec_bogus' in about_dns(r), r.raw


@check('SRV: no answer for one name in time: the other is used')
def _(lab):
    del lab.servers['world'].came[:]
    found = probe_all(lab, ['slow.plain.test', 'slow.signed.test', 'silent.plain.test'])
    where = came(lab)
    for zone in ZONES:
        r = found[f'slow.{zone}']
        has(r, {'success': True, 'dns.plan': 'srv', 'dns.xmpps': FAILED})
        equal((records(r), about_dns(r)), (['h1'], {'srv_failed'}))
        equal(where[f'slow.{zone}'], [H1])
    has(found['silent.plain.test'], {'code': 'dns', 'dns.plan': 'unknown', 'attempts': None})


@check('SRV: of one priority, in the order that was drawn')
def _(lab):
    domains = [f'draw{n}.signed.test' for n in range(50)] + [
        f'both-weighted.{zone}' for zone in ZONES]
    del lab.servers['world'].came[:]
    found, firsts = probe_all(lab, domains), set()
    where = came(lab)
    for domain in domains[:50]:
        order = records(found[domain])
        equal(sorted(order), ['h1', 'h2', 'h3', 'h4'])
        equal(where[domain], [(f'127.0.0.6{order[0][1]}', 5269, 'starttls')])
        firsts.add(order[0])
    assert {'h1', 'h2'} <= firsts, firsts  # 60 and 30 of 100
    for domain in domains[50:]:
        order = records(found[domain])
        equal((sorted(order[:2]), order[2:]), (['h1 tls', 'h2'], ['h3 tls']))
        equal(where[domain], [H1_TLS if order[0] == 'h1 tls' else
                              ('127.0.0.62', 5269, 'starttls')])


@check('SRV: many records, and many hosts: all are told, few are tried')
def _(lab):
    for domain, count in (('hundred.signed.test', 100), ('many.plain.test', 30)):
        r = probe_one(lab, domain)
        has(r, {'code': 'connect', 'dns.plan': 'srv'})
        equal(len(set(records(r))), count)
        equal(seen(r, 'srv_many'), [f'_xmpp-server: {count}'])
        tried = [o for _, _, o in outcomes(r) if o == 'refused']
        assert 0 < len(tried) <= 10, tried


@check('host or port given: DNS is not asked for SRV')
def _(lab):
    for given, where in (({'host': 'h2.signed.test'}, '127.0.0.62'),
                         ({'port': 5269}, '127.0.0.60')):
        r = probe_one(lab, 'no-srv.signed.test', **given)
        has(r, {'success': True, 'dns': None, 'address': where})
        equal(about_dns(r), set())
    equal(came(lab)['no-srv.signed.test'], [('127.0.0.62', 5269, 'starttls'), OWN])


@check('a TLS mode chooses among the records, or there are none for it')
def _(lab):
    for domain, mode, where in (('both', s2s.TLS_STARTTLS, ('127.0.0.62', 5269, 'starttls')),
                                ('both', s2s.TLS_DIRECT, H1_TLS),
                                ('only-xmpp', s2s.TLS_DIRECT, NOWHERE)):
        r = probe_one(lab, f'{domain}.plain.test', tls_mode=mode)
        equal(came(lab).get(f'{domain}.plain.test'), where and [where])
        has(r, {'code': None if where else 'dns'})
        equal('no_endpoint' in about_dns(r), where is None)


# ---- Happy eyeballs (RFC 8305) -------------------------------------------------------


@check('a dead IPv6 address beside a live one: the live one')
def _(lab):
    r = probe_one(lab, 'eyeballs.signed.test')
    has(r, {'success': True, 'address': '127.0.0.61'})
    equal(outcomes(r), [('host.eyeballs', '::1', 'abandoned'),
                        ('host.eyeballs', '127.0.0.61', 'connected')])


@check('a dead host in front, of one priority and of its own: the live one')
def _(lab):
    r = probe_one(lab, 'dead.signed.test')
    has(r, {'success': True, 'address': '127.0.0.61'})
    equal(outcomes(r), [('host.dead', '127.0.0.70', 'abandoned'),
                        ('h1', '127.0.0.61', 'connected')])
    for _ in range(20):  # both orders come soon
        r = probe_one(lab, 'dead-beside.signed.test')
        has(r, {'success': True, 'address': '127.0.0.61'})
        if records(r)[0] == 'host.dead':
            equal(outcomes(r), [('host.dead', '127.0.0.70', 'abandoned'),
                                ('h1', '127.0.0.61', 'connected')])
            return
    raise AssertionError('the dead one was never first')


def main():
    try:
        with Lab(('knot', 'unbound', 'world', 'prosody')) as lab, dead_hosts():
            return run(lab)
    except LabError as e:
        print(f'Bail out! {e}'.replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
