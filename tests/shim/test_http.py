#!/usr/bin/env python3
"""HTTP as strangers send it: framing, paths, methods, hosts, lengths."""
import json
import socket
import unittest

import shim
from shim import CONNECT, PING, Reply

BODY = b'{"host":"","fromDomain":"a.example"}'  # ends in "Host is required"
HEAD = (b'POST ' + CONNECT.encode() + b' HTTP/1.1\r\nHost: localhost\r\n'
        b'Content-Type: application/json\r\n')


def length(n):
    return b'Content-Length: %d\r\n' % n


FULL = HEAD + length(len(BODY)) + b'\r\n' + BODY


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = shim.Server()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def expect(self, data, status, code, end=False):
        reply = Reply(self.server.raw(data, end))
        self.assertEqual((reply.status, reply.code), (status, code), data[:200])
        shim.check(reply, 'POST', CONNECT)
        return reply

    def table(self, cases):
        for data, status, code in cases:
            with self.subTest(data=data[:200]):
                self.expect(data, status, code)

    def test_reaches_the_fields(self):
        reply = self.expect(FULL, 400, 'missing_field')
        self.assertEqual(reply.json['error'], 'Host is required')

    def test_framing(self):
        chunked = b'Transfer-Encoding: chunked\r\n'
        n = length(len(BODY))
        chunk = b'%x\r\n%s\r\n0\r\n\r\n' % (len(BODY), BODY)
        self.table([
            (HEAD + chunked + b'\r\n' + chunk, 400, 'missing_field'),
            (HEAD + chunked + n + b'\r\n' + chunk, 400, 'bad_request'),
            (HEAD + n + chunked + b'\r\n' + chunk, 400, 'bad_request'),
            (HEAD + n + n + b'\r\n' + BODY, 400, 'bad_request'),
            (HEAD + n + length(1) + b'\r\n' + BODY, 400, 'bad_request'),
            (HEAD + b'Content-Length: 12abc\r\n\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + b'Content-Length: +12\r\n\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + b'Content-Length: 1' + b'0' * 20 + b'\r\n\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + b'Content-Length: 1e1\r\n\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + b'Transfer-Encoding: gzip, chunked\r\n\r\n' + chunk, 400,
             'bad_request'),
            (HEAD + b'Transfer-Encoding: identity\r\n\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + chunked + chunked + b'\r\n' + chunk, 400, 'bad_request'),
            (HEAD + chunked + b'\r\n%x;x=y\r\n%s\r\n0\r\n\r\n' %
             (len(BODY), BODY), 400, 'bad_request'),
            (HEAD + chunked + b'\r\nFFFFFFFFFFFFFFFF\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + chunked + b'\r\nzz\r\n' + BODY, 400, 'bad_request'),
            (HEAD + b'\r\n', 411, 'length_required'),
            (HEAD + b'Content-Length: 0\r\n\r\n', 400, 'invalid_json'),
            (HEAD.replace(b'1.1', b'1.0') + n + b'\r\n' + BODY, 400,
             'missing_field'),
            (HEAD.replace(b'1.1', b'1.0') + chunked + b'\r\n' + chunk, 400,
             'bad_request'),
            (HEAD.replace(b'HTTP/1.1', b'HTTP/2.0') + n + b'\r\n' + BODY, 400,
             'bad_request'),
            (HEAD + b'Upgrade: h2c\r\nConnection: Upgrade\r\n' + n + b'\r\n' +
             BODY, 400, 'missing_field'),
        ])

    def test_negative_length(self):
        reply = Reply(self.server.raw(HEAD + b'Content-Length: -1\r\n\r\n'))
        self.assertIn(reply.status, (400, 411))
        shim.check(reply, 'POST', CONNECT)

    def test_body_does_not_come(self):
        reply = self.expect(HEAD + length(100) + b'\r\n' + BODY, 408,
                            'request_timeout')
        self.assertFalse(reply.json['success'])

    def test_body_ends_early(self):
        self.expect(HEAD + length(100) + b'\r\n' + BODY, 400, 'bad_request',
                    end=True)
        self.expect(HEAD + b'Transfer-Encoding: chunked\r\n\r\n40\r\n' + BODY,
                    400, 'bad_request', end=True)

    def test_body_drips(self):
        """A byte now and then does not keep a request alive."""
        with self.server.connect() as sock:
            sock.sendall(HEAD + length(1000) + b'\r\n')
            sock.settimeout(0.2)
            data = b''
            sent = 0
            while not data and sent < 200:
                try:
                    data = sock.recv(65536)
                except TimeoutError:
                    sock.sendall(b' ')
                    sent += 1
            sock.settimeout(shim.TIMEOUT)
        self.assertEqual(Reply(data).status, 408)

    def test_sizes(self):
        def padded(n):
            return BODY + b' ' * (n - len(BODY))
        self.table([
            (HEAD + length(8192) + b'\r\n' + padded(8192), 400,
             'missing_field'),
            (HEAD + length(8193) + b'\r\n' + padded(8193), 413, 'too_large'),
            (HEAD + length(1 << 40) + b'\r\n', 413, 'too_large'),
            (HEAD + b'Transfer-Encoding: chunked\r\n\r\n2000\r\n' +
             padded(8192) + b'\r\n0\r\n\r\n', 400, 'missing_field'),
            (HEAD + b'Transfer-Encoding: chunked\r\n\r\n2001\r\n' +
             padded(8193) + b'\r\n0\r\n\r\n', 413, 'too_large'),
        ])

    def test_expect(self):
        with self.server.connect() as sock:
            sock.sendall(HEAD + length(len(BODY)) +
                         b'Expect: 100-continue\r\n\r\n')
            go_on = b'HTTP/1.1 100 Continue\r\n\r\n'
            got = b''
            while len(got) < len(go_on):
                got += sock.recv(len(go_on) - len(got))
            self.assertEqual(got, go_on)
            sock.sendall(BODY)
            self.assertEqual(Reply(shim.read_all(sock)).code, 'missing_field')
        # The answer comes instead when the body is not wanted.
        self.expect(HEAD + length(8193) + b'Expect: 100-continue\r\n\r\n', 413,
                    'too_large')

    def test_header_limits(self):
        fields = b''.join(b'X-%d: y\r\n' % i for i in range(80))
        n = length(len(BODY))
        self.table([
            (HEAD + fields + n + b'\r\n' + BODY, 431, 'headers_too_large'),
            (HEAD + n + b'X: ' + b'y' * 9000 + b'\r\n\r\n' + BODY, 400,
             'bad_request'),
        ])

    def test_many_fields_are_all_seen(self):
        fields = b''.join(b'X-%d: y\r\n' % i for i in range(58))
        n = length(len(BODY))
        self.expect(HEAD + fields + n + n + b'\r\n' + BODY, 400, 'bad_request')
        self.expect(HEAD + fields + n + b'\r\n' + BODY, 400, 'missing_field')

    def test_continued_field(self):
        """civetweb drops what follows a folded line."""
        reply = Reply(self.server.raw(HEAD + b'X: a\r\n b\r\n' +
                                      length(len(BODY)) + b'\r\n' + BODY))
        self.assertIn(reply.status, (400, 411))

    def test_hosts(self):
        def with_host(line):
            return FULL.replace(b'Host: localhost\r\n', line)
        self.table([
            (with_host(b''), 400, 'bad_request'),
            (with_host(b'Host: localhost\r\nHost: localhost\r\n'), 400,
             'bad_request'),
            (with_host(b'Host: 127.0.0.1:%d\r\n' % self.server.port), 400,
             'missing_field'),
            (with_host(b'Host: LOCALHOST:1\r\n'), 400, 'missing_field'),
            (with_host(b'Host: evil.example\r\n'), 421, 'bad_host'),
            (with_host(b'Host: 192.0.2.1\r\n'), 421, 'bad_host'),
            (with_host(b'Host: localhost.evil.example\r\n'), 421, 'bad_host'),
            (with_host(b'Host: \r\n'), 421, 'bad_host'),
        ])

    def test_paths(self):
        for path in ('/', '/api', '/api/xmpp-s2s/connectfoo', CONNECT + '/',
                     CONNECT + '/x', CONNECT + '%00x', CONNECT + '%2f',
                     '/api/xmpp-s2s/CONNECT', '/api//xmpp-s2s/connect',
                     '/x/../api/xmpp-s2s/connect', '/healthz/', '/metrics',
                     '/healthz%0d%0aX:%20y', '/.htpasswd', '/%'):
            with self.subTest(path=path):
                for method in 'GET', 'POST':
                    reply = self.server.request(method, path, body=b'x')
                    self.assertEqual((reply.status, reply.code),
                                     (404, 'not_found'))
        reply = self.server.post(CONNECT + '?x=y', BODY)
        self.assertEqual(reply.code, 'missing_field')

    def test_methods(self):
        for path, method, allow in (
                (CONNECT, 'GET', 'POST'), (PING, 'GET', 'POST'),
                (CONNECT, 'PUT', 'POST'), (CONNECT, 'DELETE', 'POST'),
                (CONNECT, 'OPTIONS', 'POST'), (CONNECT, 'PATCH', 'POST'),
                ('/healthz', 'POST', 'GET, HEAD'),
                ('/healthz', 'DELETE', 'GET, HEAD')):
            with self.subTest(path=path, method=method):
                reply = self.server.request(method, path, body=BODY)
                self.assertEqual((reply.status, reply.code),
                                 (405, 'method_not_allowed'))
                self.assertEqual(reply.headers['allow'], allow)
        reply = self.server.request('GET', CONNECT, length=False)
        self.assertEqual(reply.json['error'], 'Method not allowed. Use POST.')
        for method in 'TRACE', 'CONNECT', 'BREW':
            reply = self.server.request(method, CONNECT)
            self.assertIn(reply.status, (400, 405))

    def test_head(self):
        reply = self.server.request('HEAD', '/healthz', length=False)
        self.assertEqual((reply.status, reply.body), (200, b''))
        self.assertEqual(reply.headers['content-length'], '3')
        reply = self.server.request('HEAD', CONNECT, length=False)
        self.assertEqual((reply.status, reply.body), (405, b''))

    def test_health(self):
        reply = self.server.get('/healthz')
        self.assertEqual((reply.status, reply.body), (200, b'ok\n'))
        self.assertEqual(reply.headers['content-type'],
                         'text/plain; charset=utf-8')

    def test_web_pages_are_kept_out(self):
        fields = ['Origin: https://evil.example',
                  'Access-Control-Request-Method: POST',
                  'Access-Control-Request-Headers: content-type']
        reply = self.server.request('OPTIONS', CONNECT, fields)
        self.assertEqual(reply.status, 405)
        for origin in 'https://evil.example', 'null', 'http://localhost:1':
            reply = self.server.post(CONNECT, BODY,
                                     fields=[f'Origin: {origin}'])
            self.assertEqual((reply.status, reply.code), (403, 'bad_origin'))
        reply = self.server.post(CONNECT, BODY,
                                 fields=['Origin: http://localhost'])
        self.assertEqual(reply.code, 'missing_field')

    def test_content_type(self):
        for value in ('text/plain', 'application/x-www-form-urlencoded',
                      'multipart/form-data; boundary=x', ''):
            reply = self.server.request('POST', CONNECT,
                                        [f'Content-Type: {value}'], BODY)
            self.assertEqual((reply.status, reply.code),
                             (415, 'unsupported_media_type'))
        reply = self.server.request('POST', CONNECT, body=BODY)
        self.assertEqual(reply.status, 415)
        reply = self.server.request(
            'POST', CONNECT, ['content-type: Application/JSON; charset=UTF-8'],
            BODY)
        self.assertEqual(reply.code, 'missing_field')

    def test_one_request_a_connection(self):
        data = self.server.raw(
            FULL.replace(b'\r\n\r\n', b'\r\nConnection: keep-alive\r\n\r\n') +
            FULL)
        self.assertEqual(data.count(b'HTTP/1.1 '), 1)

    def test_not_http(self):
        for data in (b'\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03' +
                     bytes(100) + b'\r\n\r\n', b'<stream:stream>\r\n\r\n',
                     b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
                     b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n'):
            with self.subTest(data=data):
                answer = self.server.raw(data, end=True)
                if answer:
                    reply = Reply(answer)
                    shim.check(reply, 'POST', CONNECT)
                    self.assertEqual(reply.status, 400)
        self.assertEqual(self.server.get('/healthz').status, 200)

    def test_prefixes(self):
        """Every cut of a request ends in a refusal or in silence."""
        for n in range(len(FULL)):
            answer = self.server.raw(FULL[:n], end=True)
            if answer:
                self.assertEqual(Reply(answer).status, 400, FULL[:n])
        self.expect(FULL, 400, 'missing_field', end=True)

    def test_deep_json(self):
        def nested(n):
            return b'{"x":' + b'[' * (n - 1) + b']' * (n - 1) + b'}'
        for body, error in (
                (nested(8), 'Host is required'),
                (nested(9), 'JSON is nested deeper than 8 levels'),
                (b'[' * 8192, 'JSON is nested deeper than 8 levels'),
                (b'{"":' * 2048, 'JSON is nested deeper than 8 levels'),
                (b'[' * 10000, 'Request body too large (max 8192 bytes)')):
            reply = self.server.post(CONNECT, body)
            self.assertEqual(reply.json['error'], error)
        self.assertEqual(self.server.get('/healthz').status, 200)

    def test_slow_reader(self):
        """An answer arrives whole although its reader takes its time."""
        with self.server.connect() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            sock.sendall(FULL)
            data = b''
            while chunk := sock.recv(1):
                data += chunk
        self.assertEqual(Reply(data).code, 'missing_field')


class Log(unittest.TestCase):
    def test_one_line_a_request(self):
        with shim.Server('--access-log', '--allow-host', 'probe.example') as s:
            s.get('/healthz')
            s.post(CONNECT, {'host': 'a.example', 'port': 7})
            s.get('/%0d%0a"', host='probe.example')
            s.raw(b'nonsense\r\n\r\n')
            s.await_error(lambda line: '"method":null' in line)
            lines = [json.loads(line) for line in s.errors]
        self.assertEqual([line['status'] for line in lines],
                         [200, 400, 404, 400])
        self.assertEqual([line['code'] for line in lines],
                         ['ok', 'missing_field', 'not_found', 'bad_request'])
        self.assertEqual((lines[1]['host'], lines[1]['port']),
                         ('a.example', 7))
        self.assertEqual(lines[0]['path'], '/healthz')

    def test_silent_by_default(self):
        with shim.Server() as s:
            s.get('/healthz')
            s.raw(b'nonsense\r\n\r\n')
        self.assertEqual(s.errors, [])


if __name__ == '__main__':
    shim.main()
