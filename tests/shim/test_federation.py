#!/usr/bin/env python3
"""Domains of ours: how the server authenticates as one of them, what servers
that come in return find, and what is said when the answer is no.

Run it through lab/in-namespace: servers come to port 5269.
"""
import contextlib
import hashlib
import hmac
import os
import re
import ssl
import subprocess
import tempfile
import unittest

import shim
from shim import CONNECT, PING, Peer

OURS, THEIRS = 'ours.localhost', 'peer.localhost'
STREAM = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
          "xmlns:db='jabber:server:dialback' "
          "xmlns:stream='http://etherx.jabber.org/streams' "
          f"from='{THEIRS}' to='{OURS}' id='%s' version='1.0'>"
          '<stream:features>%s</stream:features>')
EXTERNAL = ("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
            '<mechanism>EXTERNAL</mechanism></mechanisms>')
DIALBACK = ("<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
            '</dialback>')
BIDI = "<bidi xmlns='urn:xmpp:features:bidi'/>"
SASL = "<%s xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</%s>"
SECRET, PASSWORD = 'not very secret', 'also known'


def make_certificate(folder, domain):
    """folder/domain.pem and .key, self-signed."""
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:prime256v1', '-nodes', '-days', '9', '-subj',
         f'/CN={domain}', '-addext', f'subjectAltName=DNS:{domain}',
         '-addext', 'extendedKeyUsage=serverAuth,clientAuth',
         '-keyout', f'{folder}/{domain}.key', '-out',
         f'{folder}/{domain}.pem'], check=True, stderr=subprocess.DEVNULL)


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


class Talk:
    """The peer's end of one stream, inside TLS."""

    def __init__(self, sock):
        self.sock, self.text = sock, ''

    def say(self, text):
        self.sock.sendall(text.encode())

    def until(self, pattern):
        """Reads until this has come; what is behind it stays."""
        while not (found := re.search(pattern, self.text)):
            more = self.sock.recv(4096)
            if not more:
                raise OSError('the other side has gone')
            self.text += more.decode()
        self.text = self.text[found.end():]
        return found

    def open(self, *features, name='s1'):
        self.until('<stream:stream [^>]*>')
        self.say(STREAM % (name, ''.join(features)))

    def external(self):
        """What the initial response says who they are."""
        return self.until('<auth [^>]*>([^<]*)</auth>')[1]

    def succeed(self, *features):
        self.external()
        self.say(SASL % ('success', '', 'success'))
        self.open(*features, name='s2')

    def ping(self):
        return self.until(r'''<iq [^>]*\bid=['"]([^'"]+)[^>]*>''')[1]

    def answer(self, number, kind='result', body=''):
        self.say(f"<iq from='{THEIRS}' to='{OURS}' id='{number}' "
                 f"type='{kind}'>{body}</iq>")


class Federation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        at = cls.folder
        for domain in OURS, THEIRS:
            make_certificate(at, domain)
        password = write(f'{at}/password', PASSWORD + '\n')
        subprocess.run(
            ['openssl', 'pkcs12', '-export', '-in', f'{at}/{OURS}.pem',
             '-inkey', f'{at}/{OURS}.key', '-passout', f'file:{password}',
             '-out', f'{at}/ours.p12'], check=True)
        cls.ca = f'{at}/ca.pem'
        with open(cls.ca, 'wb') as ca:
            for domain in OURS, THEIRS:
                with open(f'{at}/{domain}.pem', 'rb') as f:
                    ca.write(f.read())
        secret = write(f'{at}/secret', SECRET + '\n')
        cls.identity = (f'domain={OURS},pkcs12={at}/ours.p12,'
                        f'password-file={password},secret-file={secret}')
        cls.server = shim.Server('--ca-file', cls.ca, '--identity',
                                 cls.identity)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def ask(self, script, path=PING, server=None, **more):
        """The reply of a probe whose peer plays `script`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f'{self.folder}/{THEIRS}.pem',
                                f'{self.folder}/{THEIRS}.key')
        context.load_verify_locations(self.ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        failures = []

        def talk(sock):
            with contextlib.suppress(OSError), \
                    context.wrap_socket(sock, server_side=True) as secure:
                try:
                    script(Talk(secure))
                except AssertionError as e:
                    failures.append(e)
                secure.unwrap()
        with Peer(talk) as peer:
            reply = (server or self.server).post(path, {
                'host': '127.0.0.1', 'port': peer.port, 'tls': 'direct',
                'fromDomain': OURS, 'toDomain': THEIRS, 'timeout': 20000,
                **more})
        self.assertEqual(failures, [])
        return reply

    def refused(self, code, script, **more):
        """A verdict: 200, and no success."""
        reply = self.ask(script, **more)
        self.assertEqual((reply.status, reply.code), (200, code), reply)
        self.assertFalse(reply.json['success'])
        return reply

    # ---- Yes -----------------------------------------------------------------

    def test_external(self):
        def script(talk):
            talk.open(EXTERNAL, DIALBACK, BIDI)
            talk.succeed()
            for _ in range(2):
                talk.answer(talk.ping())
            talk.until('</stream:stream>')
        reply = self.ask(script, pingMethod='iq', count=2, intervalMs=1)
        self.assertTrue(reply.json['success'], reply)
        self.assertEqual(reply.json['pingMethod'], 'iq')
        self.assertEqual(reply.json['auth'], {
            'method': 'external', 'external': 'success', 'bidi': True})
        self.assertTrue(reply.json['tls']['clientCertificateSent'])
        self.assertEqual([p['via'] for p in reply.json['pings']],
                         ['stream'] * 2)
        self.assertNotIn('inbound', reply.json)

    def test_dialback_key(self):
        """It is made of the secret in the file (XEP-0185)."""
        def script(talk):
            talk.open(DIALBACK, name='abc')
            key = talk.until('<db:result [^>]*>([^<]*)</db:result>')[1]
            hashed = hashlib.sha256(SECRET.encode()).hexdigest()
            wanted = hmac.new(hashed.encode(), f'{THEIRS} {OURS} abc'.encode(),
                              hashlib.sha256).hexdigest()
            assert key == wanted, key
            talk.say(f"<db:result from='{THEIRS}' to='{OURS}' type='valid'/>")
            talk.until('</stream:stream>')
        reply = self.ask(script, CONNECT, authenticate=True)
        self.assertTrue(reply.json['success'], reply)
        self.assertEqual(reply.json['auth']['method'], 'dialback')

    def test_connect_does_not_authenticate(self):
        def script(talk):
            talk.open(EXTERNAL, DIALBACK, BIDI)
            talk.until('^</stream:stream>')
        reply = self.ask(script, CONNECT)
        self.assertTrue(reply.json['success'], reply)
        self.assertNotIn('auth', reply.json)

    # ---- No ------------------------------------------------------------------

    def test_auth_failed(self):
        def script(talk):
            talk.open(EXTERNAL)
            talk.external()
            talk.say(SASL % ('failure', '<not-authorized/><text>why</text>',
                             'failure'))
            talk.until('</stream:stream>')
        reply = self.refused('auth_failed', script)
        self.assertEqual(reply.json['stage'], 'auth')
        self.assertEqual(reply.json['auth'], {
            'external': 'not-authorized', 'externalText': 'why',
            'bidi': False})

    def test_auth_aborted(self):
        def script(talk):
            talk.open(EXTERNAL)
            talk.external()
        self.refused('auth_aborted', script)

    def test_dialback_failed(self):
        for answer, finding in (('invalid', 'dialback_invalid'),
                                ('error', 'dialback_error')):
            def script(talk):
                talk.open(DIALBACK)
                talk.until('</db:result>')
                talk.say(
                    f"<db:result from='{THEIRS}' to='{OURS}' type='{answer}'>"
                    "<error type='cancel'><remote-server-not-found xmlns="
                    "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                    '</db:result>')
                talk.until('</stream:stream>')
            reply = self.refused('dialback_failed', script, path=CONNECT,
                                 authenticate=True)
            self.assertEqual(reply.json['auth']['dialback'], answer)
            self.assertIn(finding, [f['code']
                                    for f in reply.json['findings']])

    def test_remote_error(self):
        def script(talk):
            talk.open(EXTERNAL, BIDI)
            talk.succeed()
            talk.answer(talk.ping(), 'error', "<error type='cancel'>"
                        "<remote-server-not-found xmlns="
                        "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
            talk.until('</stream:stream>')
        reply = self.refused('remote_error', script)
        self.assertEqual(reply.json['pingAnswer'], 'error')
        self.assertEqual(reply.json['pingCondition'],
                         'remote-server-not-found')

    def test_no_return_path(self):
        def script(talk):
            talk.open(EXTERNAL)
            talk.succeed()
            talk.until('</stream:stream>')
        reply = self.refused('no_return_path', script, pingMethod='iq')
        self.assertIn('return_no_listener',
                      [f['code'] for f in reply.json['findings']])

    def test_nobody_comes(self):
        """The pong does not come, and nobody to our listener."""
        def script(talk):
            talk.open(EXTERNAL)
            talk.succeed()
            talk.ping()
            talk.until('</stream:stream>')
        with shim.Server('--ca-file', self.ca, '--identity', self.identity,
                         '--listen-s2s', '127.0.0.1:0') as server:
            reply = self.ask(script, server=server, timeout=300)
        self.assertEqual((reply.status, reply.code), (504, 'timeout'), reply)
        self.assertEqual(reply.json['inbound'], {'count': 0,
                                                 'connections': []})
        self.assertIn('return_nothing',
                      [f['code'] for f in reply.json['findings']])

    def test_other_domains(self):
        """Whoever asks can speak for our domains, and for no others."""
        for domain in THEIRS, 'x.' + OURS, 'localhost':
            for path, more in ((CONNECT, {'authenticate': True}),
                               (PING, {'pingMethod': 'iq'})):
                reply = self.ask(lambda talk: None, path, fromDomain=domain,
                                 **more)
                self.assertEqual((reply.status, reply.code), (403, 'policy'))


class WayBack(unittest.TestCase):
    """The demo asks our listener about the key."""

    def test_dialback(self):
        with shim.Server('--demo', '--identity', f'domain={OURS}',
                         '--listen-s2s', '127.0.0.1:5269') as server:
            reply = server.post(PING, {
                'host': 'localhost', 'port': server.demo_port(),
                'fromDomain': OURS, 'pingMethod': 'iq'})
            self.assertTrue(reply.json['success'], reply)
            self.assertEqual(reply.json['auth']['method'], 'dialback')
            self.assertFalse(reply.json['tls']['clientCertificateSent'])
            asked = reply.json['inbound']['connections']
            self.assertEqual([(c['from'], c['to'], c['tls'], c['verifies'])
                              for c in asked], [('localhost', OURS, True, 1)])
            self.assertEqual(server.get('/healthz').status, 200)

    def test_nobody_listens(self):
        """Without a listener the question goes elsewhere: here, to the demo
        itself, which does not speak for us."""
        with shim.Server('--demo', '--identity',
                         f'domain={OURS}') as server:
            reply = server.post(CONNECT, {
                'host': 'localhost', 'port': server.demo_port(),
                'fromDomain': OURS, 'authenticate': True})
            self.assertEqual((reply.status, reply.code),
                             (200, 'dialback_failed'), reply)
            self.assertFalse(reply.json['success'])


if __name__ == '__main__':
    assert os.environ.get('S2S_LAB_NAMESPACE'), 'run it by lab/in-namespace'
    shim.main()
