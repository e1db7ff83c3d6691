#!/usr/bin/env python3
"""What probes come to over HTTP: outcomes and their statuses, the address
policy, a full house, and the end of the server."""
import json
import os
import signal
import threading
import unittest

import shim
from shim import CHECK, CONNECT, HEADER, PING, Peer, says, silent

FEATURES = HEADER + b'<stream:features/>'


def ask(server, peer, path=CONNECT, **more):
    return server.post(path, {'host': peer.host, 'port': peer.port,
                              'toDomain': 'localhost',
                              'fromDomain': 'a.example', **more})


class Outcomes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = shim.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def outcome(self, says_what, status, code, **more):
        with Peer(says_what) as peer:
            reply = ask(self.server, peer, **more)
        self.assertEqual((reply.status, reply.code), (status, code), reply)
        return reply

    def test_the_clear(self):
        with Peer(says(FEATURES)) as peer:
            reply = ask(self.server, peer, useTLS=False)
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.json['success'])
        self.assertEqual(reply.json['streamId'], 's1')
        self.assertEqual(reply.json['port'], peer.port)
        self.assertIsInstance(reply.json['rtt'], int)
        self.assertEqual(reply.json['tls']['mode'], 'none')

    def test_verdicts_are_200(self):
        error = (b"<stream:error><host-unknown xmlns="
                 b"'urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
        reply = self.outcome(says(HEADER + error), 200, 'stream_error')
        self.assertEqual(reply.json['streamError']['condition'],
                         'host-unknown')
        self.outcome(says(FEATURES), 200, 'tls_not_offered')
        old = HEADER.replace(b" version='1.0'>", b'>')
        self.outcome(says(old), 200, 'version')

    def test_no_verdict_is_502(self):
        marker = 'f00dface'
        reply = self.outcome(
            says(f'HTTP/1.1 400 {marker}\r\n\r\n{marker}'.encode()),
            502, 'not_xmpp')
        self.assertNotIn(marker, json.dumps(reply.json))
        self.outcome(says(HEADER + b'<a></b>'), 502, 'xml')
        self.outcome(says(HEADER + b'<!-- a -->'), 502, 'xml_forbidden')
        self.outcome(says(HEADER + b'<a>\xff</a>'), 502, 'encoding')
        self.outcome(says(HEADER), 502, 'closed')
        self.outcome(says(HEADER), 502, 'tls_handshake', tls='direct')
        self.outcome(says(HEADER + b'<stream:features>' + b'<a/>' * 20000),
                     502, 'limit')

    def test_closed_port(self):
        with Peer(silent) as peer:
            pass
        reply = ask(self.server, peer)
        self.assertEqual((reply.status, reply.code), (502, 'connect'))

    def test_deadline_is_504(self):
        reply = self.outcome(silent, 504, 'timeout', timeout=50)
        self.assertIn('waiting', reply.json['error'])

    def test_policy_is_403(self):
        self.outcome(silent, 403, 'policy', path=PING, pingMethod='iq')

    def test_bad_domain_is_400(self):
        for field in ('fromDomain', 'toDomain'):
            reply = self.outcome(silent, 400, 'invalid_field',
                                 **{field: 'a b'})
            self.assertIn('a b', reply.json['error'])

    def test_ping_lists_stanzas(self):
        reply = self.outcome(says(HEADER), 502, 'closed', path=PING)
        self.assertEqual(reply.json['stanzas'], [])


class Policy(unittest.TestCase):
    """Not on loopback, loopback and private targets are refused."""

    def test_refused(self):
        with shim.Server(listen='0.0.0.0:0') as server:
            for host in ('127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1',
                         '169.254.169.254', '64:ff9b::7f00:1', '[fe80::1]'):
                reply = server.post(CONNECT, {
                    'host': host, 'toDomain': 'a.example',
                    'fromDomain': 'b.example', 'timeout': 5000})
                self.assertEqual((reply.status, reply.code),
                                 (403, 'address_forbidden'), (host, reply))
            reply = server.post(CONNECT, {'host': 'localhost',
                                          'fromDomain': 'b.example'})
            self.assertEqual(reply.code, 'address_forbidden')

    def test_allowed(self):
        with shim.Server('--allow-target', '127.0.0.0/8',
                         listen='0.0.0.0:0') as server, \
                Peer(says(FEATURES)) as peer:
            self.assertEqual(ask(server, peer, useTLS=False).status, 200)
            reply = server.post(CONNECT, {'host': '10.0.0.1',
                                          'toDomain': 'a.example',
                                          'fromDomain': 'b.example'})
            self.assertEqual(reply.code, 'address_forbidden')


    def test_behind_a_proxy(self):
        """Who has another name has a proxy, and strangers behind it."""
        with shim.Server('--allow-host', 'probe.example') as server:
            for host in '127.0.0.1', '10.0.0.1', '169.254.169.254':
                reply = server.post(CONNECT, {
                    'host': host, 'toDomain': 'a.example',
                    'fromDomain': 'b.example'}, host='probe.example')
                self.assertEqual((reply.status, reply.code),
                                 (403, 'address_forbidden'), (host, reply))

    def test_the_demo_is_allowed(self):
        """And no other port beside it."""
        for more in {'listen': '0.0.0.0:0'}, {'hosts': ['--allow-host', 'x']}:
            hosts = more.pop('hosts', [])
            with shim.Server('--demo', *hosts, **more) as server, \
                    Peer(says(FEATURES)) as peer:
                reply = server.post(PING, {
                    'host': 'localhost', 'port': server.demo_port(),
                    'fromDomain': 'probe.localhost', 'pingMethod': 'iq'})
                self.assertTrue(reply.json['success'], reply)
                self.assertEqual(ask(server, peer, useTLS=False).code,
                                 'address_forbidden')

    def test_names_do_not_tell(self):
        """Where a forbidden name leads stays ours."""
        with shim.Server(listen='0.0.0.0:0') as server:
            reply = server.post(CONNECT, {'host': 'localhost',
                                          'fromDomain': 'b.example'})
            self.assertEqual(reply.code, 'address_forbidden')
            self.assertEqual({'host': 'localhost', 'port': 5269,
                              'outcome': 'forbidden'},
                             reply.json['attempts'][0])
            self.assertEqual([(f['code'], f['seen'])
                              for f in reply.json['findings']],
                             [('address_forbidden', '')])
            for address in b'127.0.0.1', b'::1':
                self.assertNotIn(address, reply.body)
            # An address that was written tells nothing new.
            literal = server.post(CONNECT, {
                'host': '127.0.0.1', 'toDomain': 'localhost',
                'fromDomain': 'b.example'})
            self.assertEqual(literal.json['attempts'][0]['address'],
                             '127.0.0.1')
            self.assertEqual(literal.json['error'], reply.json['error'])


class Life(unittest.TestCase):
    def waiting(self, server, peer, count, there=None):
        """So many wait; those that are there are served by the peer."""
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(
            ask(server, peer, timeout=60000))) for _ in range(count)]
        for thread in threads:
            thread.start()
        peer.await_connections(there or count)
        return replies, threads

    def test_busy(self):
        with shim.Server('--max-probes', '2') as server, \
                Peer(silent) as peer:
            replies, threads = self.waiting(server, peer, 2)
            for _ in range(20):
                reply = ask(server, peer)
                self.assertEqual((reply.status, reply.code), (503, 'busy'))
            self.assertEqual(reply.json['port'], peer.port)
            self.assertEqual(server.get('/healthz').status, 200)
            # What is wrong with a request comes first.
            self.assertEqual(server.post(CONNECT, {}).status, 400)
            server.stop()
            for thread in threads:
                thread.join(shim.TIMEOUT)
        self.assertEqual([r.status for r in replies], [503, 503])

    def test_places_come_back(self):
        with shim.Server('--max-probes', '1') as server, \
                Peer(says(FEATURES)) as peer:
            for _ in range(50):
                self.assertEqual(ask(server, peer, useTLS=False).status, 200)

    def test_nothing_is_left_open(self):
        with shim.Server() as server, Peer(says(FEATURES)) as peer:
            counts = []
            for _ in range(2):
                for _ in range(20):
                    ask(server, peer, useTLS=False)
                    ask(server, peer)
                    server.post(CONNECT, b'{')
                counts.append(len(os.listdir(
                    f'/proc/{server.process.pid}/fd')))
        # civetweb may not have closed the last connections yet.
        self.assertLessEqual(counts[1], counts[0] + 4)

    def test_drain(self):
        with shim.Server() as server, Peer(silent) as peer:
            replies, threads = self.waiting(server, peer, 8)
            server.process.send_signal(signal.SIGTERM)
            for thread in threads:
                thread.join(shim.TIMEOUT)
            self.assertEqual(server.process.wait(shim.TIMEOUT), 0)
        self.assertEqual([(r.status, r.code) for r in replies],
                         [(503, 'shutting_down')] * 8)
        self.assertTrue(all('retry-after' in r.headers for r in replies))

    def test_other_requests_go_on(self):
        """A probe that waits disturbs no other, not even one that waits for
        the others at its server."""
        with shim.Server() as server, Peer(silent) as peer, \
                Peer(says(FEATURES), '127.0.0.2') as good:
            _, threads = self.waiting(server, peer, 20, there=8)
            self.assertEqual(ask(server, good, useTLS=False).status, 200)
            server.stop()
            for thread in threads:
                thread.join(shim.TIMEOUT)


class Limits(unittest.TestCase):
    """What servers, and this machine, are spared."""

    def waits(self, options, name=None, other='127.0.0.1', **more):
        """While one probe runs, another to the same host, or to the other
        address, may not connect: the reply to that."""
        with shim.Server(*options) as server, Peer(silent) as peer, \
                Peer(silent, other) as spare:
            target = {'host': name} if name else {}
            first = threading.Thread(target=ask, args=(server, peer),
                                     kwargs={'timeout': 60000, **target})
            first.start()
            peer.await_connections(1)
            second = peer if other == peer.host else spare
            reply = ask(server, second, timeout=1, **target, **more)
            self.assertEqual((len(peer.socks), len(spare.socks)), (1, 0))
            server.stop()
            first.join(shim.TIMEOUT)
        return reply

    def test_waited_for_too_long(self):
        host = ['--host-running', '1', '--address-running', 'none']
        address = ['--address-running', '1', '--host-running', 'none']
        for options, more in (
                (host, {'name': 'localhost'}),
                (address, {}),
                (address, {'path': CHECK, 'discover': False}),
                (['--max-handshakes', '1'], {'other': '127.0.0.2'})):
            with self.subTest(options, more=more):
                reply = self.waits(options, **more)
                self.assertEqual((reply.status, reply.code), (503, 'busy'))
                self.assertEqual(reply.headers['retry-after'], '1')
                self.assertIn('waited', reply.json['error'])
                self.assertIn('host', reply.json)

    def test_in_time(self):
        """One that waits for less goes on, with its whole timeout."""
        with shim.Server('--address-running', '1') as server, \
                Peer(silent) as peer:
            first = threading.Thread(target=ask, args=(server, peer),
                                     kwargs={'timeout': 500})
            first.start()
            peer.await_connections(1)
            reply = ask(server, peer, timeout=1500)
            first.join(shim.TIMEOUT)
            self.assertEqual(len(peer.socks), 2)
        self.assertEqual((reply.status, reply.code), (504, 'timeout'))
        self.assertNotEqual(reply.json['stage'], 'queue')

    def test_places_of_the_late(self):
        """They are free again."""
        with shim.Server('--max-probes', '2', '--address-running', '1') \
                as server, Peer(silent) as peer:
            first = threading.Thread(target=ask, args=(server, peer),
                                     kwargs={'timeout': 60000})
            first.start()
            peer.await_connections(1)
            for _ in range(3):
                reply = ask(server, peer, timeout=1)
                self.assertIn('waited', reply.json['error'])
            server.stop()
            first.join(shim.TIMEOUT)

    def test_none(self):
        everything = [word for name in ('host-running', 'address-running',
                                        'host-rate', 'rate', 'max-handshakes')
                      for word in (f'--{name}', 'none')]
        with shim.Server(*everything) as server, Peer(silent) as peer:
            threads = [threading.Thread(target=ask, args=(server, peer),
                                        kwargs={'timeout': 60000,
                                                'host': 'localhost'})
                       for _ in range(32)]
            for thread in threads:
                thread.start()
            peer.await_connections(32)
            server.stop()
            for thread in threads:
                thread.join(shim.TIMEOUT)

    def test_rates(self):
        """One of a few that follow each other has to wait for the second."""
        for option in '--rate', '--host-rate':
            with shim.Server(option, '1') as server, \
                    Peer(says(FEATURES)) as peer:
                waited = (ask(server, peer, useTLS=False)
                          .json['timings'].get('queue', 0) for _ in range(5))
                self.assertTrue(any(ms > 100 for ms in waited), option)


if __name__ == '__main__':
    shim.main()
