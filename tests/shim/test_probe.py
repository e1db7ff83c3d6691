#!/usr/bin/env python3
"""What probes come to over HTTP: outcomes and their statuses, the demo peer,
the address policy, a full house, and the end of the server."""
import json
import resource
import signal
import threading
import unittest

import shim
from shim import CONNECT, HEADER, PING, Peer, says, silent

FEATURES = HEADER + b'<stream:features/>'


def ask(server, peer, path=CONNECT, **more):
    return server.post(path, {'host': '127.0.0.1', 'port': peer.port,
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


class Demo(unittest.TestCase):
    def test_first_curl(self):
        with shim.Server('--demo') as server:
            port = 5269
            for line in server.errors:
                port = int(line.rsplit(':', 1)[1]) if ':' in line else port
            body = {'host': 'localhost', 'fromDomain': 'example.com',
                    'port': port}
            connect = server.post(CONNECT, body)
            ping = server.post(PING, body)
        self.assertEqual(connect.status, 200, connect)
        self.assertTrue(connect.json['success'], connect)
        self.assertTrue(connect.json['tls']['verified'])
        self.assertEqual(connect.json['features'], ['STARTTLS', 'DIALBACK'])
        self.assertTrue(ping.json['success'], ping)
        self.assertEqual(ping.json['pingMethod'], 'dialback-verify')
        self.assertEqual(len(ping.json['stanzas']), 1)


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


class Life(unittest.TestCase):
    def waiting(self, server, peer, count):
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(
            ask(server, peer, timeout=60000))) for _ in range(count)]
        for thread in threads:
            thread.start()
        peer.await_connections(count)
        return replies, threads

    def test_busy(self):
        with shim.Server('--max-probes', '2') as server, \
                Peer(silent) as peer:
            replies, threads = self.waiting(server, peer, 2)
            reply = ask(server, peer)
            self.assertEqual((reply.status, reply.code), (503, 'busy'))
            self.assertEqual(server.get('/healthz').status, 200)
            server.stop()
            for thread in threads:
                thread.join(shim.TIMEOUT)
        self.assertEqual([r.status for r in replies], [503, 503])

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
        """A probe that waits disturbs no other."""
        with shim.Server() as server, Peer(silent) as peer, \
                Peer(says(FEATURES)) as good:
            _, threads = self.waiting(server, peer, 20)
            self.assertEqual(ask(server, good, useTLS=False).status, 200)
            server.stop()
            for thread in threads:
                thread.join(shim.TIMEOUT)

    def test_usage(self):
        for args in (['--listen', '127.0.0.1:1s'], ['--listen', '[::1]:0'],
                     ['--max-probes', '0'], ['--allow-target', 'x'],
                     ['--identity', 'domain=a'], ['--nonsense'], ['word']):
            with self.assertRaises(AssertionError, msg=args):
                shim.Server(*args).stop()

    def test_too_few_descriptors(self):
        with self.assertRaises(AssertionError):
            shim.Server(preexec=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (64, 64))).stop()


if __name__ == '__main__':
    shim.main()
