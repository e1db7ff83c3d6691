"""The zones of the lab's DNS world.

    test.            signed; what dnsmasq.conf says, and delegations
    signed.test.     signed     \\
    plain.test.      not signed  > the same records in all three: conf/world.zone
    bogus.test.      signed, but its DS in test. is wrong /

Each domain of conf/world.zone is a situation for somebody who looks for XMPP
servers. It exists three times: both.signed.test, both.plain.test,
both.bogus.test. Each host there has an address of its own, so that it is seen
which was chosen; the server `world` serves them all.
"""
import hashlib
import os
import re
import string
import subprocess

from server import HERE

PARENT = 'test'
ZONES = ('signed.test', 'plain.test', 'bogus.test')
SIGNED = (PARENT, 'signed.test', 'bogus.test')


def in_each(*names):
    return [f'{name}.{zone}' for zone in ZONES for name in names]


# Zones without data: knot answers SERVFAIL, whoever asks.
BROKEN = in_each('servfail', '_xmpps-server._tcp.half', '_xmpp-server._tcp.otherhalf',
                 '_5269._tcp.host.dane-servfail',
                 '_xmpps-server._tcp.lost', '_xmpp-server._tcp.lost',
                 '_xmpp-server._tcp.lost-none', '_xmpp-server._tcp.lost-dot')
# Asked where nobody answers.
SILENT = in_each('silent', '_xmpps-server._tcp.slow')
HOST = '127.0.0.{}'
FALLBACK, FIRST, LAST, CLOSED = 60, 61, 68, 69  # hosts: the domain's own, h1 to h8, closed
DEAD = '127.0.0.70'
DEAD_V6 = '::1'
CLEAR, SEALED = '127.0.0.71', '127.0.0.72'  # know STARTTLS only, and direct TLS only
ADDRESSES = [*(HOST.format(n) for n in range(FALLBACK, LAST + 1)), CLEAR, SEALED]
DRAWS, WEIGHTS = 50, {'h1': 60, 'h2': 30, 'h3': 10, 'h4': 0}

# A domain, in its own zone, and who has its certificate. All others show `world`.
CERTIFICATES = {'dane-selfsigned': 'selfsigned.world', 'self-signed': 'selfsigned.world',
                'target-name': 'target.world', 'expired': 'expired.world',
                'wrong-name': 'wrong.world', 'untrusted': 'untrusted.world'}
# The same where a domain's second host, h2, is not as the first.
SECOND = '127.0.0.62'
DIFFERENT = {('certificates-differ', SECOND): 'second.world'}


def domains():
    """The names in conf/world.zone that somebody can be asked to look for."""
    return re.findall(r'^; \* ([^\s:]+)', text_of('world.zone'), re.M)


def text_of(name):
    with open(os.path.join(HERE, 'conf', name), encoding='utf-8') as f:
        return f.read()


# ---- TLSA records (RFC 6698) of the lab's certificates ---------------------------


def der(path, *how):
    return subprocess.run(['openssl', *how, '-in', path, '-outform', 'DER'],
                          check=True, capture_output=True).stdout


def key_of(path):
    """The SubjectPublicKeyInfo of a certificate."""
    pem = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-pubkey'],
                         check=True, capture_output=True).stdout
    return subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'], input=pem,
                          check=True, capture_output=True).stdout


def digests(ca_dir):
    """What stands in conf/world.zone for $NAME: hexadecimal data of TLSA records."""
    def path(name):
        return os.path.join(ca_dir, name + '.pem')

    ours, own = path('world'), path('selfsigned.world')
    return {
        'key': hashlib.sha256(key_of(ours)).hexdigest(),
        'key512': hashlib.sha512(key_of(ours)).hexdigest(),
        'whole': der(ours, 'x509').hex(),
        'selfsigned': hashlib.sha256(key_of(own)).hexdigest(),
        'ca': hashlib.sha256(der(path('ca'), 'x509')).hexdigest(),
        'cakey': hashlib.sha256(key_of(path('ca'))).hexdigest(),
        'other': hashlib.sha256(b'another key').hexdigest(),
    }


# ---- The zones' text ---------------------------------------------------------------


def from_dnsmasq(conf):
    """Lines of the zone test., which dnsmasq.conf has in its own words."""
    for entry in re.findall(r'^host-record=(.+)$', conf, re.M):
        *names, where = entry.split(',')
        for host in names:
            yield f'{host}. {"AAAA" if ":" in where else "A"} {where}'
    for below, where in re.findall(r'^address=/(.+)/(.+)$', conf, re.M):
        yield f'*.{below}. A {where}'
    for entry in re.findall(r'^srv-host=(.+)$', conf, re.M):
        owner, *record = entry.split(',')  # alone: the service is not offered
        target, port, priority, weight = record or ('', 0, 0, 0)
        yield f'{owner}. SRV {priority} {weight} {port} {target}.'


def many():
    """Lines that nobody wants to write: a hundred records of one host; thirty hosts,
    some with several addresses; and the domain `weights` over and over."""
    for n in range(100):
        yield f'_xmpp-server._tcp.hundred SRV {n // 10} {n % 10} {20000 + n} h1'
    for n in range(30):
        yield f'_xmpp-server._tcp.many SRV {n} 0 5269 m{n}.many'
        for k in range(1 + n % 3):
            yield f'm{n}.many A 127.0.1.{n * 4 + k}'
    for n in range(DRAWS):
        for host, weight in WEIGHTS.items():
            yield f'_xmpp-server._tcp.draw{n} SRV 10 {weight} 5269 {host}'


def addresses(text, zone):
    """The address of each name in a zone, for a program without DNS. What cannot be
    validated has none."""
    if zone == 'bogus.test':
        return {}
    found = {}
    for owner, kind, data in re.findall(r'^([^\s*]\S*) (A|CNAME) (\S+)$', text, re.M):
        name = owner.rstrip('.') if owner.endswith('.') else f'{owner}.{zone}'
        found[name] = data if kind == 'A' else found.get(f'{data}.{zone}')
    return {name: where for name, where in found.items() if where}


HEAD = """$TTL 60
@ SOA ns.test. lab.test. 1 60 60 600 60
@ NS ns.test."""


def zones(lab, delegation):
    """The text of each zone, by name. delegation(zone): its DS records."""
    conf, world = text_of('dnsmasq.conf'), text_of('world.zone')
    values = dict(digests(lab.ca_dir), fallback=HOST.format(FALLBACK),
                  closed=HOST.format(CLOSED), dead=DEAD, dead_v6=DEAD_V6, clear=CLEAR,
                  sealed=SEALED)
    hosts = [f'h{n} A {HOST.format(FALLBACK + n)}' for n in range(1, 9)]
    found = {PARENT: [HEAD, 'ns A 127.0.0.52', *from_dnsmasq(conf)]}
    for zone in ZONES:
        elsewhere = 'plain.test' if zone == 'signed.test' else 'signed.test'
        text = string.Template(world).substitute(values, elsewhere=elsewhere)
        found[zone] = [HEAD, *hosts, text, *many()]
        found[PARENT] += [f'{zone}. NS ns', *delegation(zone)]
    return {zone: '\n'.join(lines) + '\n' for zone, lines in found.items()}
