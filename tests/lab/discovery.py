"""Words for the checks of discovery: probes of many domains at once, and what they found."""
import contextlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, '..', 'bindings'))

import s2sprobe as s2s  # noqa: E402
from loops import collect  # noqa: E402
from tap import equal  # noqa: E402

US = 'probe.test'
LONG = 20000  # milliseconds, more than what is silent takes
ZONES = ('signed.test', 'plain.test')
ABOUT_DNS = {'no_service', 'no_endpoint', 'dns_failed', 'dns_unavailable', 'dnssec_bogus',
             'connect_failed', 'network_unreachable', 'timeout', 'address_forbidden',
             'address_unreachable'}


def codes(result):
    return {f['code'] for f in result.json['findings']}


def about_dns(result):
    """The findings that discovery and connecting make, the addresses' own aside."""
    return {c for c in codes(result) if c in ABOUT_DNS or c.startswith('srv_')}


def seen(result, code):
    """What findings of one kind say was seen."""
    return [f.get('seen') for f in result.json['findings'] if f['code'] == code]


def short(name):
    """A host's name without its zone."""
    for zone in (*ZONES, 'bogus.test'):
        name = name.removesuffix('.' + zone)
    return name


def records(result):
    """Of dns.records, in their order: "h1", "h2 tls", "h3 port 25"."""
    found = []
    for r in result.json['dns']['records']:
        tls = r['service'] == 'xmpps-server'
        usual = r['port'] == (5270 if tls else 5269)
        found.append(short(r['target']) + ('' if usual else f" port {r['port']}") +
                     (' tls' if tls else ''))
    return found


@contextlib.contextmanager
def asking(lab, *servers, **options):
    with s2s.Context(ca_file=lab.ca, dns_servers=list(servers or [lab.dns]),
                     **{**s2s.UNLIMITED, **options}) as context:
        yield context


def probe_all(lab, domains, op=s2s.OP_CONNECT, servers=(), **options):
    """All at once; results by domain."""
    options.setdefault('timeout_ms', LONG)
    with asking(lab, *servers) as context:
        for domain in domains:
            context.submit(op, US, domain, user=domain, **options)
        return collect(context, len(domains))


def probe_one(lab, domain, op=s2s.OP_CONNECT, servers=(), **options):
    return probe_all(lab, [domain], op, servers, **options)[domain]


def came(lab):
    """By domain: where it came, and with what, in order; and forget it."""
    found = {}
    for address, port, how, domain in lab.servers['world'].came:
        found.setdefault(domain, []).append((address, port, how))
    del lab.servers['world'].came[:]
    return found


def outcomes(result):
    """Of attempts: the host, its address, what became of it."""
    return [(short(a['host']), a.get('address'), a['outcome'])
            for a in result.json.get('attempts', [])]


def rows(result, kind='endpoint'):
    return [r for r in result.json['rows'] if r['kind'] == kind]


def program(lab, domain, *options):
    """`s2sprobe check` of a domain: its exit status, and what it prints."""
    done = subprocess.run(
        [os.environ['S2SPROBE_PROGRAM'], 'check', domain, '--from', US, '--dns-server', lab.dns,
         '--ca-file', lab.ca, '--timeout', str(LONG // 1000), *options],
        check=False, capture_output=True, text=True, timeout=120,
        env=dict(os.environ, LC_ALL='C.UTF-8'))
    equal(done.stderr, '', 'standard error')
    return done.returncode, done.stdout


def program_json(lab, domain, *options):
    status, text = program(lab, domain, '--json', *options)
    return status, json.loads(text)
