"""The servers of the DNS world (dns_world.py): an authoritative one, and a resolver
that validates, in the place of dnsmasq.

    with Lab(['knot', 'unbound', 'prosody']) as lab:
        ...  # lab.dns is the resolver, lab.servers['knot'].where the other
"""
import os
import pwd
import socket

import dns_world
from dns_client import ask
from dns_wire import DNSKEY, NOERROR, SERVFAIL, SOA
from server import LabError, Server


def unanswered(address):
    """Sockets that get what is sent to a port, and say nothing; and the port."""
    tcp = socket.create_server((address, 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    return [tcp, udp], tcp.getsockname()[1]


def free_port(address):
    sockets, port = unanswered(address)
    for s in sockets:
        s.close()
    return port


class Knot(Server):
    """Authoritative, on a free port."""
    configs = ('knot.conf',)

    def __init__(self, lab, name, address, domain):
        super().__init__(lab, name, address, domain)
        self.port = free_port(address)
        self.where = f'{address}:{self.port}'
        lines = []
        for zone in (domain, *dns_world.ZONES, *dns_world.BROKEN):
            lines.append(f'  - domain: {zone}.')
            if zone in dns_world.SIGNED:
                lines.append('    template: signed')
        self.settings = {'port': self.port, 'zones': '\n'.join(lines)}

    def keymgr(self, zone, *command):
        return self.call('keymgr', '-c', self.path('knot.conf'), zone + '.', *command)

    def digest(self, zone):
        """The DS record of a zone with SHA-256, without its owner."""
        for line in self.keymgr(zone, 'ds').splitlines():
            _, _, *fields = line.split()
            if fields[2] == '2':
                return 'DS ' + ' '.join(fields)
        raise LabError(f'knot: {zone} has no key')

    def delegation(self, zone):
        if zone not in dns_world.SIGNED:
            return []
        record = self.digest(zone)
        if zone == 'bogus.test':  # the digest is of another key
            record = record[:-1] + ('1' if record[-1] == '0' else '0')
        return [f'{zone}. {record}']

    def run(self):
        """The keys are made first: each zone is written with what its parent and
        the resolver have to know."""
        os.mkdir(self.path('db'))
        self.lab.give(self.dir)
        for zone in dns_world.SIGNED:
            self.keymgr(zone, 'generate', 'algorithm=ecdsap256sha256', 'ksk=yes', 'zsk=yes')
        for zone, text in dns_world.zones(self.lab, self.delegation).items():
            with open(self.path(zone + '.zone'), 'w', encoding='ascii') as f:
                f.write(text)
            self.lab.hosts.extend(dns_world.addresses(text, zone).items())
        self.lab.give(self.dir)
        self.spawn('knotd', '-c', self.path('knot.conf'))

    def serves(self, zone):
        """Loaded, and signed where it is to be."""
        try:
            signed = zone in dns_world.SIGNED
            answer = ask(self.where, zone, DNSKEY if signed else SOA)
        except ConnectionRefusedError:
            return False
        return answer.rcode == NOERROR and answer.records != []

    def ready(self):
        return all(map(self.serves, (self.domain, *dns_world.ZONES)))

    def logs(self):
        """Without what it says of the zones that have no data."""
        return '\n'.join(line for line in self.read('output').splitlines()
                         if not any(f'[{zone}.]' in line for zone in dns_world.BROKEN))


class Unbound(Server):
    """The resolver. It trusts the key of "test." and asks knot for all of it."""
    configs = ('unbound.conf',)
    drops = False  # it binds port 53 first, then drops by itself

    def __init__(self, lab, name, address, domain):
        super().__init__(lab, name, address, domain)
        self.port = lab.dns_port
        self.silent = []

    def begin(self):
        knot = self.lab.servers['knot']
        knot.wait()
        self.silent, silent_port = unanswered(knot.address)
        ports = {self.domain: knot.port, **dict.fromkeys(dns_world.SILENT, silent_port)}
        self.settings = {
            'anchor': f'{self.domain}. {knot.digest(self.domain)}',
            # A user namespace knows no other user than the one that it has.
            'user': '' if self.lab.uid is None else pwd.getpwuid(self.lab.uid).pw_name,
            'forwards': '\n'.join(
                f'forward-zone:\n    name: "{zone}."\n    forward-addr: {knot.address}@{port}'
                for zone, port in ports.items())}
        super().begin()

    def run(self):
        self.spawn('unbound', '-d', '-c', self.path('unbound.conf'))

    def ready(self):
        try:
            answer = ask(self.lab.dns, self.domain, SOA)
        except ConnectionRefusedError:
            return False
        if answer.rcode == SERVFAIL:
            raise LabError(f'unbound cannot ask knot:\n{self.logs()}')
        return answer.secure

    def stop(self):
        super().stop()
        for s in self.silent:
            s.close()
