#!/usr/bin/env python3
"""The demo peer, as the server's own probes and as strangers see it."""
import contextlib
import socket
import ssl
import unittest

import shim
from shim import CONNECT, HEADER, PING

HELLO = HEADER.replace(b"from='localhost' to='a.example' id='s1'",
                       b"from='a.example' to='localhost'")
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = shim.Server('--demo')
        cls.port = cls.server.demo_port()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def probe(self, path=CONNECT, **more):
        return self.server.post(path, {
            'host': 'localhost', 'fromDomain': 'example.com',
            'port': self.port, **more})

    def raw(self, data):
        with socket.create_connection(('127.0.0.1', self.port),
                                      shim.TIMEOUT) as sock:
            with contextlib.suppress(OSError):
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            return shim.read_all(sock)

    def test_connect(self):
        reply = self.probe()
        self.assertEqual(reply.status, 200, reply)
        self.assertTrue(reply.json['success'], reply)
        self.assertTrue(reply.json['tls']['verified'])
        self.assertEqual(reply.json['features'],
                         ['STARTTLS', 'DIALBACK', 'BIDI'])
        self.assertEqual([s['secure'] for s in reply.json['streams']],
                         [False, True])
        ids = [s['id'] for s in reply.json['streams']]
        self.assertNotEqual(*ids)
        self.assertEqual(reply.json['streamId'], ids[1])
        # Nothing to find fault with, but for what no small peer can have.
        self.assertEqual([f['code'] for f in reply.json['findings']],
                         ['revocation_not_checked'])

    def test_ping(self):
        reply = self.probe(PING)
        self.assertTrue(reply.json['success'], reply)
        self.assertEqual(reply.json['pingMethod'], 'dialback-verify')
        self.assertEqual(reply.json['pingAnswer'], 'invalid')
        self.assertEqual(len(reply.json['stanzas']), 1)

    def test_authenticated_ping(self):
        """SASL EXTERNAL, both directions on one stream, a pong on it."""
        for tls in 'starttls', 'direct':
            reply = self.probe(PING, fromDomain='probe.localhost', tls=tls,
                               count=3, intervalMs=1)
            self.assertTrue(reply.json['success'], reply)
            self.assertTrue(reply.json['tls']['verified'], reply)
            self.assertEqual(reply.json['tls']['mode'], tls)
            self.assertEqual(reply.json['pingMethod'], 'iq')
            self.assertEqual(reply.json['pingAnswer'], 'result')
            self.assertEqual(reply.json['auth'], {
                'method': 'external', 'external': 'success', 'bidi': True})
            self.assertEqual([(p['answer'], p['via'])
                              for p in reply.json['pings']],
                             [('result', 'stream')] * 3)
            self.assertEqual(len(reply.json['stanzas']), 3)
            self.assertEqual([f['code'] for f in reply.json['findings']],
                             ['revocation_not_checked'])

    def test_authenticated_connect(self):
        reply = self.probe(fromDomain='probe.localhost', authenticate=True)
        self.assertTrue(reply.json['success'], reply)
        self.assertEqual(reply.json['auth']['method'], 'external')
        reply = self.probe(fromDomain='probe.localhost')
        self.assertNotIn('auth', reply.json)

    def test_others_cannot_authenticate(self):
        """Whoever asks, it is only ever as a domain of ours."""
        for domain in 'example.com', 'localhost', 'x.probe.localhost':
            for path, more in ((CONNECT, {'authenticate': True}),
                               (PING, {'pingMethod': 'iq'})):
                reply = self.probe(path, fromDomain=domain, **more)
                self.assertEqual((reply.status, reply.code), (403, 'policy'))

    def test_in_the_clear(self):
        for path in CONNECT, PING:
            reply = self.probe(path, useTLS=False)
            self.assertTrue(reply.json['success'], reply)
            self.assertFalse(reply.json['tls']['established'])

    def test_other_domains(self):
        reply = self.probe(toDomain='other.example')
        self.assertEqual((reply.status, reply.code), (200, 'stream_error'))
        self.assertEqual(reply.json['streamError']['condition'],
                         'host-unknown')
        self.assertEqual([f['code'] for f in reply.json['findings']],
                         ['host_unknown'])

    def test_many(self):
        for _ in range(100):
            self.assertTrue(self.probe(useTLS=False).json['success'])

    def test_strangers(self):
        for data in (b'', b'GET / HTTP/1.1\r\n\r\n', b'\x16\x03\x01\x00\x05',
                     b'<', b'<' + b'a' * 100000, HELLO + b'<' * 20000,
                     HELLO + STARTTLS + b'<x/>', HELLO + STARTTLS,
                     HELLO + STARTTLS + b'\x16\x03\x01' + bytes(300),
                     HELLO + b"<db:verify from='a' to='b' id='i'>k" * 1000,
                     b' ' * 100000, HELLO + b'\0' * 100):
            self.raw(data)
        self.test_connect()

    def test_after_starttls(self):
        """A client that does not know the certificate says so and goes."""
        context = ssl.create_default_context()
        with socket.create_connection(('127.0.0.1', self.port),
                                      shim.TIMEOUT) as sock:
            sock.sendall(HELLO + STARTTLS)
            data = b''
            while b'<proceed' not in data:
                data += sock.recv(4096)
            with self.assertRaises(ssl.SSLCertVerificationError):
                context.wrap_socket(sock, server_hostname='localhost')
        self.test_connect()

    def test_crowd(self):
        """256 at once; the next one is turned away, until one has gone."""
        def join(stack):
            sock = stack.enter_context(socket.create_connection(
                ('127.0.0.1', self.port), shim.TIMEOUT))
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                sock.sendall(HELLO)
                return sock, sock.recv(4096)
            return sock, b''

        with contextlib.ExitStack() as stack:
            for _ in range(256):
                sock, said = join(stack)
                self.assertIn(b'<?xml', said)
            self.assertEqual(join(stack)[1], b'')
            sock.shutdown(socket.SHUT_WR)
            shim.read_all(sock)
            self.assertIn(b'<?xml', join(stack)[1])
        self.test_connect()


class Port(unittest.TestCase):
    def test_taken(self):
        """A second demo, and the first wherever it found a place."""
        with shim.Server('--demo') as one, shim.Server('--demo') as two:
            ports = one.demo_port(), two.demo_port()
            self.assertNotEqual(*ports)
            self.assertNotEqual(ports[1], 5269)
            for server, port in (one, ports[0]), (two, ports[1]):
                reply = server.post(CONNECT, {
                    'host': 'localhost', 'port': port,
                    'fromDomain': 'example.com'})
                self.assertTrue(reply.json['success'], reply)
            # Each trusts its own certificate only.
            reply = one.post(CONNECT, {'host': 'localhost', 'port': ports[1],
                                       'fromDomain': 'example.com'})
            self.assertEqual((reply.status, reply.code),
                             (200, 'cert_untrusted'))
            reply = one.post(CONNECT, {'host': 'localhost', 'port': ports[1],
                                       'fromDomain': 'example.com',
                                       'acceptUntrusted': True})
            self.assertTrue(reply.json['success'], reply)
            self.assertFalse(reply.json['tls']['verified'])
            self.assertNotIn('pipelined', reply.json)
            reply = one.post(CONNECT, {'host': 'localhost', 'port': ports[0],
                                       'fromDomain': 'example.com',
                                       'pipeline': True})
            self.assertTrue(reply.json['success'], reply)
            self.assertTrue(reply.json['pipelined'])


if __name__ == '__main__':
    shim.main()
