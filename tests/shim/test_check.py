#!/usr/bin/env python3
"""Where DNS leads: checks, discovery, and what a server that strangers can
reach must not be led to.

Run it through lab/in-namespace: there are addresses on its loopback that are
not of 127.0.0.0/8.
"""
import json
import os
import socket
import subprocess
import sys
import threading
import unittest

import shim
from shim import CHECK, CONNECT, HEADER, PING, Peer, says, silent

sys.path.insert(0, f'{shim.ROOT}/tests/lab')
# pylint: disable=wrong-import-position
from dns_wire import A, AAAA, CNAME, SERVFAIL, SRV, address, name, record, srv
from responder import POINTER, Responder, answer, fails, secure

FEATURES = HEADER + b'<stream:features/>'
ALONE = os.environ.get('S2S_LAB_NAMESPACE') == 'yes'
# Otherwise these stand in: no address may be added to a machine's own.
OUTSIDE = '192.0.2.10' if ALONE else '127.0.0.1'
LISTEN = f'{OUTSIDE}:0' if ALONE else '0.0.0.0:0'
PUBLIC = '8.8.8.8' if ALONE else '127.0.0.8'
PRIVATE = '10.0.0.1' if ALONE else '127.0.0.9'
ADDED = OUTSIDE, PUBLIC, PRIVATE, '100.64.0.1', '169.254.169.254'

FORBIDDEN = 'the address policy does not allow any address of the host'
TRAPS = {'mapped': (AAAA, '::ffff:127.0.0.1'), 'loopback': (A, '127.0.0.1'),
         'six': (AAAA, '::1'), 'private': (A, PRIVATE),
         'link': (AAAA, 'fe80::1'), 'shared': (A, '100.64.0.1'),
         'metadata': (A, '169.254.169.254'),
         'nat64': (AAAA, '64:ff9b::7f00:1'),
         'compatible': (AAAA, '::127.0.0.1'), 'any': (A, '0.0.0.0')}
TOLD = {a for _, a in TRAPS.values()} | {'127.0.0.1', '7f00:1'}


def add_addresses():
    for added in ADDED if ALONE else ():
        subprocess.run(['ip', 'addr', 'add', f'{added}/32', 'dev', 'lo'],
                       check=True)


def host(kind, text, ttl=60):
    return answer(record(POINTER, kind, address(text), ttl))


def leads(target, port, service='_xmpp-server'):
    """A domain "srv-T" whose record leads to T."""
    return {(f'{service}._tcp.srv-{target}', SRV):
            answer((SRV, srv(0, 0, port, target)))}


class Answers(unittest.TestCase):
    """Who asks on the same machine may go everywhere."""

    def test_demo(self):
        with shim.Server('--demo') as server:
            port = server.demo_port()
            reply = server.post(CHECK, {
                'host': 'localhost', 'fromDomain': 'example.com',
                'discover': False, 'port': port})
            self.assertEqual(reply.status, 200)
            self.assertTrue(reply.json['success'], reply)
            rows = reply.json['rows']
            self.assertEqual([r['kind'] for r in rows], ['endpoint', 'verify'])
            self.assertEqual(rows[0]['address'], '127.0.0.1')
            self.assertEqual(rows[0]['port'], port)
            self.assertEqual(rows[0]['versions'], ['TLS1.2', 'TLS1.3'])
            self.assertTrue(rows[0]['verified'])
            self.assertEqual(rows[1]['pingAnswer'], 'invalid')
            for more in {}, {'discover': True}, {'toDomain': 'localhost'}:
                reply = server.post(CHECK, {
                    'host': 'localhost', 'fromDomain': 'probe.localhost',
                    'authenticate': True, **more})
                # localhost is known without DNS, and so is its port.
                self.assertEqual(reply.json['port'], 5269)
                if port == 5269:
                    self.assertTrue(reply.json['success'], reply)
                    self.assertEqual([r['kind'] for r in reply.json['rows']],
                                     ['endpoint', 'verify', 'ping', 'time'])

    def test_discovery(self):
        with Peer(says(FEATURES)) as peer, Responder({
                ('_xmpp-server._tcp.a.test', SRV):
                    answer((SRV, srv(0, 0, peer.port, 'h.a.test'))),
                ('_xmpp-server._tcp.rooms.a.test', SRV):
                    answer((SRV, srv(0, 0, peer.port, 'h.a.test'))),
                ('h.a.test', A): host(A, '127.0.0.1'),
                ('h.a.test', AAAA): answer()}) as dns, \
                shim.Server('--dns-server', dns.address,
                            '--access-log') as server:
            ask = {'toDomain': 'a.test', 'fromDomain': 'b.test',
                   'useTLS': False}
            for path in CONNECT, PING:
                reply = server.post(path, {**ask, 'discover': True,
                                           'dane': True})
                self.assertEqual(reply.json['host'], 'h.a.test', reply)
                self.assertEqual(reply.json['port'], peer.port)
                self.assertEqual(reply.json['dns']['plan'], 'srv')
                self.assertEqual(reply.json['dns']['xmpps'], 'none')
                self.assertEqual(reply.json['dns']['records'], [
                    {'service': 'xmpp-server', 'target': 'h.a.test',
                     'port': peer.port, 'priority': 0, 'weight': 0}])
            reply = server.post(CHECK, {**ask, 'services': ['rooms.']})
            self.assertTrue(reply.json['success'], reply)
            rows = {r['kind']: r for r in reply.json['rows']}
            self.assertTrue(rows['endpoint']['success'])
            self.assertEqual(rows['endpoint']['target'], 'h.a.test')
            self.assertEqual(rows['service']['target'], 'rooms.a.test')
            self.assertTrue(rows['service']['success'])
            # What the log says when there is no host.
            line = json.loads(server.await_error(lambda l: CHECK in l))
            self.assertEqual((line['fromDomain'], line['toDomain']),
                             ('b.test', 'a.test'))
            self.assertNotIn('host', line)

    def test_xml_to(self):
        """It is sent as it was given."""
        heard = []

        def talk(sock):
            heard.append(sock.recv(4096))
            sock.sendall(FEATURES)
            sock.shutdown(socket.SHUT_WR)
            silent(sock)
        with Peer(talk) as peer, shim.Server() as server:
            for path in CONNECT, CHECK:
                server.post(path, {
                    'host': '127.0.0.1', 'port': peer.port, 'discover': False,
                    'toDomain': 'bücher.test', 'xmlTo': 'xn--bcher-kva.test',
                    'fromDomain': 'b.test', 'useTLS': False})
                self.assertIn(b'xn--bcher-kva.test', heard[-1])
            reply = server.post(CONNECT, {
                'host': 'localhost', 'fromDomain': 'b.test', 'xmlTo': 'a b'})
            self.assertEqual((reply.status, reply.code),
                             (400, 'invalid_field'))
            self.assertTrue(reply.json['error'].startswith('xmlTo: '), reply)

    def test_trust(self):
        """A name server that is not on loopback is believed only if told."""
        with Responder({('_xmpp-server._tcp.a.test', SRV):
                        secure((SRV, srv(0, 0, 5269, 'h.a.test'))),
                        '_xmpps-server._tcp.a.test': secure()},
                       address=OUTSIDE) as dns:
            for more in [], ['--dns-trust-ad']:
                with shim.Server('--dns-server', dns.address, *more) as server:
                    for path in CONNECT, CHECK:
                        reply = server.post(path, {
                            'toDomain': 'a.test', 'fromDomain': 'b.test',
                            'discover': True})
                        self.assertEqual((reply.status, reply.code),
                                         (502, 'dns'))
                        self.assertEqual(reply.json['dns']['secure'],
                                         bool(more) or not ALONE)


class Statuses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dns = Responder({'broken.test': fails(SERVFAIL),
                             ('_xmpp-server._tcp.broken.test', SRV):
                                 fails(SERVFAIL)})
        cls.server = shim.Server('--dns-server', cls.dns.address)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.dns.__exit__()

    def check(self, status, code, **ask):
        reply = self.server.post(CHECK, {'fromDomain': 'b.test', **ask})
        self.assertEqual((reply.status, reply.code), (status, code), reply)
        return reply

    def test_dns(self):
        self.check(502, 'dns', toDomain='nobody.test')
        self.check(502, 'dns', toDomain='broken.test')
        self.check(502, 'dns', host='nobody.test', discover=False)

    def test_peers(self):
        with Peer(silent) as peer:
            there = {'host': '127.0.0.1', 'toDomain': 'a.test',
                     'discover': False, 'port': peer.port}
            self.check(504, 'timeout', timeout=50, **there)
        self.check(502, 'connect', **there)
        with Peer(says(FEATURES)) as peer:
            self.check(200, 'tls_not_offered', **{**there, 'port': peer.port})

    def test_fields(self):
        for text, ask in (
                ('toDomain or host is required', {}),
                ('toDomain is required when host is an IP address',
                 {'host': '192.0.2.1'}),
                ('Host is required', {'toDomain': 'a', 'discover': False}),
                ('port must not be given unless discover is false',
                 {'toDomain': 'a', 'port': 5269})):
            reply = self.server.post(CHECK, {'fromDomain': 'b', **ask})
            self.assertEqual((reply.status, reply.json['error']), (400, text))
        for services in 'a', {}, [''], [1], ['x' * 256], ['a'] * 9, [['a']]:
            reply = self.check(400, 'invalid_field', toDomain='a',
                               services=services)
            self.assertTrue(reply.json['error'].startswith('services must be'))
        reply = self.check(400, 'invalid_field', toDomain='a',
                           services=['a b'])
        self.assertTrue(reply.json['error'].startswith('services: '), reply)
        for timeout in 0, 60001:
            self.check(400, 'invalid_field', toDomain='a', timeout=timeout)

    def test_methods(self):
        reply = self.server.get(CHECK)
        self.assertEqual((reply.status, reply.headers['allow']), (405, 'POST'))


class Weight(unittest.TestCase):
    """A check needs the places of eight probes, or all."""

    def ask(self, server, peer, path):
        return server.post(path, {
            'host': '127.0.0.1', 'port': peer.port, 'discover': False,
            'toDomain': 'a.test', 'fromDomain': 'b.test', 'timeout': 60000})

    def run_with(self, places, first, then):
        """The codes of `then` while `first` run, each of which waits."""
        with shim.Server('--max-probes', str(places)) as server, \
                Peer(silent) as peer, Peer(says(FEATURES)) as good:
            threads = [threading.Thread(target=self.ask,
                                        args=(server, peer, path))
                       for path in first]
            for thread in threads:
                thread.start()
            peer.await_connections(len(first))
            codes = [self.ask(server, good, path).code for path in then]
            server.stop()
            for thread in threads:
                thread.join(shim.TIMEOUT)
        return codes

    def test_weight(self):
        works = 'tls_not_offered'
        for places, first, then, want in (
                (1, [], [CHECK, CHECK, CONNECT], [works] * 3),
                (1, [CHECK], [CONNECT, CHECK], ['busy'] * 2),
                (1, [CONNECT], [CHECK], ['busy']),
                (8, [CHECK], [CONNECT], ['busy']),
                (9, [CHECK], [CONNECT, CHECK], [works, 'busy']),
                (9, [CONNECT], [CHECK], [works]),
                (9, [CONNECT] * 2, [CHECK, PING], ['busy', works]),
                (16, [CHECK], [CHECK], [works])):
            self.assertEqual(self.run_with(places, first, then), want,
                             (places, first, then))


class Strangers(unittest.TestCase):
    """The server can be reached from elsewhere: no way leads inside."""

    @classmethod
    def setUpClass(cls):
        # On every address, so that whoever is led there is seen.
        cls.trap = Peer(says(b'no'), address='0.0.0.0')
        cls.mail = Peer(says(b'no'), address='0.0.0.0',
                        port=25 if ALONE else 0)
        port = cls.trap.port
        table = {}
        for n, (kind, text) in TRAPS.items():
            table[f'{n}.test'] = answer()
            table[f'{n}.test', kind] = host(kind, text)
            table[f'alias-{n}.test'] = answer((CNAME, name(f'{n}.test')))
            table[f'alias-{n}.test', kind] = answer(
                (CNAME, name(f'{n}.test')),
                (name(f'{n}.test'), kind, address(text)))
            for target in f'{n}.test', f'alias-{n}.test':
                table.update(leads(target, port))
        table['public.test'] = answer()
        table['public.test', A] = host(A, PUBLIC)
        table['_xmpp-server._tcp.srv-mail.test', SRV] = answer(
            (SRV, srv(0, 0, 25, 'public.test')))
        table['_xmpp-server._tcp.srv-many.test', SRV] = answer(
            *[(SRV, srv(i, 0, port, f'{n}.test'))
              for i, n in enumerate(TRAPS)],
            (SRV, srv(99, 0, 25, 'public.test')))
        for path in CONNECT, PING, CHECK:
            n = path.rsplit('/', maxsplit=1)[-1]
            table[f'{n}.rebind.test'] = answer()
            table[f'{n}.rebind.test', A] = [
                host(A, PUBLIC, ttl=0), host(A, '127.0.0.1', ttl=0)]
        cls.dns = Responder(table)
        cls.args = ['--dns-server', cls.dns.address, '--access-log',
                    '--allow-host', 'probe.example']
        if not ALONE:
            cls.args += ['--allow-target', PUBLIC]
        cls.server = shim.Server(*cls.args, listen=LISTEN)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0
        cls.dns.__exit__()
        cls.trap.__exit__()
        cls.mail.__exit__()

    def log_of(self, wanted, start):
        line = self.server.await_error(wanted, start)
        fields = json.loads(line)
        del fields['client']
        return json.dumps(fields)

    def ask(self, path, server=None, **ask):
        return (server or self.server).post(path, {
            'fromDomain': 'b.test', 'timeout': 30000, 'tls': 'starttls',
            **ask})

    def not_visited(self, peer, before=0):
        """No one came but us, now: connections are taken in their order."""
        with socket.create_connection(('127.0.0.1', peer.port),
                                           shim.TIMEOUT) as sock:
            ours = sock.getsockname()
            peer.await_connections(before + 1)
            self.assertEqual(len(peer.socks), before + 1)
            self.assertEqual(peer.socks[-1].getpeername(), ours)
        while peer.socks:
            peer.socks.pop().close()

    def refused(self, path, secret=True, **ask):
        start = len(self.server.errors)
        reply = self.ask(path, **ask)
        self.assertEqual((reply.status, reply.code),
                         (403, 'address_forbidden'), (path, ask, reply))
        self.assertEqual(reply.json['error'], FORBIDDEN, (path, ask))
        self.assertNotIn('address', reply.json)
        for row in reply.json.get('rows', ()):
            self.assertNotIn('address', row, reply)
            self.assertEqual((row['code'], row['error']),
                             ('address_forbidden', FORBIDDEN))
        self.assertEqual('rows' in reply.json, path == CHECK)
        log = self.log_of(lambda line: path in line, start)
        for told in TOLD if secret else ():
            self.assertNotIn(told, reply.body.decode(), (path, ask))
            self.assertNotIn(told, log)
        return reply

    def test_literals(self):
        for path in CONNECT, PING, CHECK:
            for _, text in TRAPS.values():
                self.refused(path, secret=False, host=text,
                             toDomain='a.test', discover=False,
                             port=self.trap.port)
        self.not_visited(self.trap)

    def test_names(self):
        for path in CONNECT, PING, CHECK:
            for n in TRAPS:
                for target in f'{n}.test', f'alias-{n}.test':
                    self.refused(path, host=target, discover=False,
                                 port=self.trap.port)
            self.refused(path, host='localhost', discover=False,
                         port=self.trap.port)
        self.not_visited(self.trap)

    def test_records(self):
        for path in CONNECT, PING, CHECK:
            for n in TRAPS:
                for target in f'{n}.test', f'alias-{n}.test':
                    self.refused(path, toDomain=f'srv-{target}',
                                 discover=True)
            reply = self.refused(path, toDomain='srv-many.test',
                                 discover=True)
            self.assertEqual(len(reply.json['dns']['records']),
                             len(TRAPS) + 1)
            self.refused(path, toDomain='localhost', discover=True)
        self.not_visited(self.trap)

    def test_ports(self):
        """A record cannot lead to what speaks something else."""
        for path in CONNECT, PING, CHECK:
            self.refused(path, toDomain='srv-mail.test', discover=True)
        self.not_visited(self.mail)

    def test_domains(self):
        """Those without records, too."""
        for path in CONNECT, PING, CHECK:
            self.refused(path, toDomain='loopback.test', discover=True)

    def test_rebinding(self):
        """An answer that was good yesterday counts for nothing."""
        for path in CONNECT, PING, CHECK:
            there = {'host': path.rsplit('/', maxsplit=1)[-1] + '.rebind.test',
                     'discover': False, 'port': self.trap.port}
            reply = self.ask(path, **there)
            self.assertEqual((reply.status, reply.code), (502, 'not_xmpp'),
                             reply)
            self.refused(path, **there)
        self.not_visited(self.trap, before=3)

    def test_services(self):
        """What a check looks at beside the domain."""
        reply = self.ask(CHECK, toDomain='loopback.test', services=[
            'srv-mapped.test', 'private.test', 'srv-nat64.test',
            'alias-loopback.test', 'srv-alias-six.test', 'localhost'])
        self.assertEqual(reply.code, 'address_forbidden', reply)
        self.assertEqual(len(reply.json['rows']), 7)
        for row in reply.json['rows']:
            self.assertNotIn('address', row)
            self.assertEqual((row['code'], row['error']),
                             ('address_forbidden', FORBIDDEN), row)
        for told in TOLD:
            self.assertNotIn(told, reply.body.decode())
        self.not_visited(self.trap)

    def test_allowed(self):
        """One network inside is, if told so, and no other."""
        with Peer(says(FEATURES), address=PRIVATE) as peer, Responder({
                ('_xmpp-server._tcp.a.test', SRV): answer(
                    (SRV, srv(0, 0, peer.port, 'private.test')),
                    (SRV, srv(1, 0, peer.port, 'loopback.test'))),
                ('private.test', A): host(A, PRIVATE),
                ('private.test', AAAA): answer(),
                ('loopback.test', A): host(A, '127.0.0.1'),
                ('loopback.test', AAAA): answer()}) as dns, \
                shim.Server('--dns-server', dns.address, '--allow-target',
                            PRIVATE, listen=LISTEN) as server:
            for path in CONNECT, PING, CHECK:
                for ask in ({'host': PRIVATE, 'toDomain': 'a.test',
                             'discover': False, 'port': peer.port},
                            {'host': 'private.test', 'discover': False,
                             'port': peer.port},
                            {'toDomain': 'a.test', 'discover': True}):
                    reply = self.ask(path, server, useTLS=False, tls='none',
                                     **ask)
                    if path != PING:  # the peer answers no question
                        self.assertTrue(reply.json['success'], reply)
                    self.assertNotEqual(reply.status, 403)
                    self.assertNotIn(b'127.0.0.1', reply.body)
            rows = [r for r in reply.json['rows'] if r['kind'] == 'endpoint']
            self.assertEqual({r['target']: r.get('address') for r in rows},
                             {'private.test': PRIVATE, 'loopback.test': None})
            reply = self.ask(CONNECT, server, host='loopback.test',
                             port=peer.port)
            self.assertEqual(reply.code, 'address_forbidden')


if __name__ == '__main__':
    add_addresses()
    shim.main()
