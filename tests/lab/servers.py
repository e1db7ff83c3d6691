#!/usr/bin/env python3
"""Real XMPP servers and a DNS server for tests, on addresses of 127.0.0.0/8.

    with Lab(['dns', 'prosody']) as lab:
        ...  # lab.ca is the authority's file, lab.dns the resolver's address

    in-namespace servers.py [--only NAME,...] CMD...

Run it through ./in-namespace, so that the addresses are free and nothing
survives. Each server has a directory below $TMPDIR, which is removed. When we
are root the servers run as an unprivileged uid; uid 0 of a user namespace is
no root, and stays.
"""
import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

import dns_world
from dns_servers import Knot, Unbound
from hosts import Hosts
from server import HERE, LabError, Server, find_one, port_open, unprivileged_uid
from world import World


class Dns(Server):
    configs = ('dnsmasq.conf',)
    drops = False  # it binds port 53 first, then drops by itself

    def __init__(self, lab, name, address, domain):
        super().__init__(lab, name, address, domain)
        self.port = lab.dns_port
        # A user namespace knows no setgroups(): an empty group leaves it be.
        self.settings = {'user': 'root', 'group': ''} if lab.uid is None else {
            'user': pwd.getpwuid(lab.uid).pw_name, 'group': grp.getgrgid(lab.uid).gr_name}

    def run(self):
        self.spawn('dnsmasq', '-C', self.path('dnsmasq.conf'))


class Prosody(Server):
    configs = ('prosody.cfg.lua',)

    def __init__(self, lab, name, address, domain, **settings):
        values = {'certificate': domain, 'protocol': 'tlsv1_2+', 'require_encryption': 'true',
                  'secure_auth': 'false', 's2s_port': '5269', 'direct_port': '5270'}
        values.update(settings)
        super().__init__(lab, name, address, domain, **values)

    def run(self):
        self.spawn('prosody', '--config', self.path('prosody.cfg.lua'), '-F')


class Ejabberd(Server):
    """Erlang itself: ejabberdctl insists on a user, and on epmd. It asks our DNS
    for SRV records, but libc for addresses."""
    configs = ('ejabberd.yml', 'inetrc')

    def __init__(self, lab, name, address, domain, dialback='mod_s2s_dialback'):
        super().__init__(lab, name, address, domain, dialback=dialback)

    def run(self):
        self.spawn(
            'erl', '+K', 'true', '+P', '20000', '+S', '2', '-noinput',
            '-start_epmd', 'false', '-mnesia', 'dir', f'"{self.dir}"',
            '-ejabberd', 'log_rotate_count', '0', '-s', 'ejabberd',
            EJABBERD_CONFIG_PATH=self.path('ejabberd.yml'),
            EJABBERD_LOG_PATH=self.path('ejabberd.log'),
            EJABBERD_PID_PATH=self.path('pid'), ERL_INETRC=self.path('inetrc'),
            ERL_LIBS=os.path.dirname(find_one('/usr/lib/*/ejabberd-*')),
            ERL_CRASH_DUMP='/dev/null', ERL_MAX_PORTS='2048', **self.addresses())

    def addresses(self):
        if self.lab.isolated:
            return {}
        return self.lab.hosts.environment(find_one('/usr/lib/*/libnss_wrapper.so'))


class Jabberd2(Server):
    """Router, session manager, s2s. The s2s port opens before the session
    manager is bound, so the router's log tells when all is there."""
    configs = ('router.xml', 'router-users.xml', 'sm.xml', 's2s.xml')

    def __init__(self, lab, name, address, domain, verify_mode='1', security=''):
        super().__init__(lab, name, address, domain, modules=find_one('/usr/lib/*/jabberd2'),
                         verify_mode=verify_mode, security=security)

    def run(self):
        self.spawn('jabberd2-router', '-c', self.path('router.xml'))
        self.until(lambda: port_open(self.address, 5347))
        dns = {'NAMESERVERS': '127.0.0.53', 'RES_OPTIONS': f'port:{self.lab.dns_port}'}
        self.spawn('jabberd2-sm', '-c', self.path('sm.xml'), **dns)
        self.spawn('jabberd2-s2s', '-c', self.path('s2s.xml'), **dns)

    def ready(self):
        return f'[{self.domain}] online' in self.read('router.log') and super().ready()


# name: class, address, domain, settings
SERVERS = {
    'dns': (Dns, '127.0.0.53', 'test', {}),
    'prosody': (Prosody, '127.0.0.11', 'prosody.test', {}),
    'ejabberd': (Ejabberd, '127.0.0.12', 'ejabberd.test', {}),
    'jabberd2': (Jabberd2, '127.0.0.13', 'jabberd.test', {}),
    # Prosody once more, each with one thing different
    'tls12': (Prosody, '127.0.0.21', 'prosody.test', {'protocol': 'tlsv1_2'}),
    'optional': (Prosody, '127.0.0.22', 'prosody.test', {'require_encryption': 'false'}),
    'expired': (Prosody, '127.0.0.23', 'prosody.test', {'certificate': 'expired.prosody'}),
    'wrong': (Prosody, '127.0.0.24', 'prosody.test', {'certificate': 'wrong.prosody'}),
    'selfsigned': (Prosody, '127.0.0.25', 'prosody.test', {'certificate': 'selfsigned.prosody'}),
    'srvonly': (Prosody, '127.0.0.26', 'prosody.test', {'certificate': 'srvonly.prosody'}),
    'untrusted': (Prosody, '127.0.0.27', 'prosody.test', {'certificate': 'untrusted.prosody'}),
    'swapped': (Prosody, '127.0.0.28', 'prosody.test', {'s2s_port': '5270', 'direct_port': '5269'}),
}
THREE = ('prosody', 'ejabberd', 'jabberd2')
STRICT = {  # they want a certificate of whoever they talk to; not by default
    'pstrict': (Prosody, '127.0.0.31', 'pstrict.test', {'secure_auth': 'true'}),
    # any module in the place of the one for dialback
    'estrict': (Ejabberd, '127.0.0.32', 'estrict.test', {'dialback': 'mod_time'}),
    'jstrict': (Jabberd2, '127.0.0.33', 'jstrict.test', {
        'verify_mode': '7', 'security': '<require_tls>1</require_tls>'}),
}
WORLD = {  # in the place of dns, and all that is found there; see dns_world.py
    'knot': (Knot, '127.0.0.52', 'test', {}),
    'unbound': (Unbound, '127.0.0.53', 'test', {}),
    'world': (World, dns_world.ADDRESSES[0], 'world.test', {}),
}
FAR = {  # behind the relay of ../bench
    'far': (Prosody, '10.98.0.1', 'prosody.test', {}),
}
EVERY = {**SERVERS, **STRICT, **WORLD, **FAR}
DOMAIN = {name: entry[2] for name, entry in EVERY.items()}


class Lab:
    """Starts the named servers together; a context manager."""

    def __init__(self, names=tuple(SERVERS)):
        self.names = names
        self.uid = unprivileged_uid()
        self.isolated = os.environ.get('S2S_LAB_NAMESPACE') == 'yes'
        self.dns_port = 53 if self.isolated else 10053
        self.dns = f'127.0.0.53:{self.dns_port}'
        self.dir = self.ca_dir = self.ca = self.hosts = None
        self.servers = {}

    def give(self, path):
        """Make path, and what is in it, the servers' own."""
        if self.uid is None:
            return
        for name in [path, *(os.path.join(path, n) for n in os.listdir(path))]:
            os.chown(name, self.uid, self.uid)

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix='s2s-lab-')
        try:
            self.ca_dir = os.path.join(self.dir, 'ca')
            self.ca = os.path.join(self.ca_dir, 'ca.pem')
            subprocess.run([os.path.join(HERE, 'mkca'), self.ca_dir], check=True)
            with open(os.path.join(HERE, 'conf', 'dnsmasq.conf'), encoding='utf-8') as f:
                self.hosts = Hosts(os.path.join(self.dir, 'hosts'), f.read())
            self.give(self.dir)
            self.give(self.ca_dir)
            for name in self.names:
                kind, address, domain, settings = EVERY[name]
                if port_open(address, self.dns_port if kind in (Dns, Unbound) else 5269):
                    raise LabError(f'{address}: something else serves the port of {name}')
                self.servers[name] = kind(self, name, address, domain, **settings)
                self.servers[name].begin()
            for server in self.servers.values():
                server.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            for p in server.processes:
                p.terminate()  # all at once: some need a second
        for server in self.servers.values():
            server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def address(self, name):
        return self.servers[name].address

    def environment(self):
        return dict(os.environ, S2S_LAB_CA=self.ca, S2S_LAB_CA_DIR=self.ca_dir,
                    S2S_LAB_DNS=self.dns)


def main(args):
    names = list(SERVERS)
    if args[:1] == ['--only']:
        names, args = args[1].split(','), args[2:]
    if not args:
        print(__doc__, file=sys.stderr)
        return 64
    try:
        with Lab(names) as lab:
            return subprocess.run(args, env=lab.environment(), check=False).returncode
    except LabError as e:
        print(f'servers.py: {e}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
