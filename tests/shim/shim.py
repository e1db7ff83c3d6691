"""What the tests of s2sprobe-http share: the server, raw requests, and the
description of the interface, which every JSON reply must match.

The server is the program named by S2SPROBE_HTTP. Nothing leaves loopback.
"""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

import jsonschema
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.environ.get('S2SPROBE_HTTP', '')
TIMEOUT = 60  # seconds; never waited for unless something is broken

CONNECT = '/api/xmpp-s2s/connect'
PING = '/api/xmpp-s2s/ping'
CHECK = '/api/xmpp-s2s/check'

with open(f'{ROOT}/shim/openapi.yaml', encoding='utf-8') as _f:
    API = yaml.safe_load(_f)




def without_room(schemas):
    """The same, but where clients must ignore members that they do not know,
    here there are none."""
    def close(node):
        if isinstance(node, list):
            return [close(n) for n in node]
        if not isinstance(node, dict):
            return node
        node = {k: close(v) for k, v in node.items()}
        if isinstance(node.get('properties'), dict) and 'allOf' not in node:
            node['additionalProperties'] = False
        return node

    closed = close(schemas)
    del closed['Report']['additionalProperties']  # a part of others
    return closed


SCHEMAS = without_room(API['components']['schemas'])


def resolve(node):
    while '$ref' in node:
        where, node = node['$ref'], API
        for part in where[2:].split('/'):
            node = node[part]
    return node


def validate(instance, schema):
    document = {**schema, 'components': {'schemas': SCHEMAS},
                'unevaluatedProperties': False}
    jsonschema.Draft202012Validator(document).validate(instance)


class Reply:
    """One response, split; `body` is text, `json` what it says."""

    def __init__(self, data):
        head, _, body = data.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        version, status, self.reason = lines[0].split(' ', 2)
        assert version == 'HTTP/1.1', lines[0]
        self.status = int(status)
        self.headers = {}
        for line in lines[1:]:
            name, value = line.split(': ', 1)
            assert name.lower() not in self.headers, f'two of {name}'
            self.headers[name.lower()] = value
        self.body = body
        self.json = None
        if self.headers['content-type'] == 'application/json' and body:
            self.json = json.loads(body.decode('utf-8'))

    @property
    def code(self):
        return self.json['code'] if self.json else None

    def __repr__(self):
        return f'{self.status} {self.body[:400]!r}'


def read_all(sock):
    data = b''
    with contextlib.suppress(ConnectionResetError):
        while chunk := sock.recv(65536):
            data += chunk
    return data


class Server:
    """s2sprobe-http on a free port."""

    def __init__(self, *args, listen='127.0.0.1:0', preexec=None):
        self.process = subprocess.Popen(
            [PROGRAM, '--listen', listen, *args], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=preexec)
        line = self.process.stdout.readline()
        match = re.fullmatch(r'listening on http://([0-9.]+):(\d+)\n', line)
        if not match:
            _, errors = self.process.communicate(timeout=TIMEOUT)
            raise AssertionError(f'no start: {line!r}\n{errors}')
        self.address = match.group(1).replace('0.0.0.0', '127.0.0.1')
        self.port = int(match.group(2))
        self.expected = 0  # exit status
        self.errors = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()

    def collect(self):
        for line in self.process.stderr:
            with self.news:
                self.errors.append(line.rstrip('\n'))
                self.news.notify_all()

    def await_error(self, wanted, start=0):
        """The first line on standard error that `wanted` accepts."""
        with self.news:
            assert self.news.wait_for(
                lambda: any(map(wanted, self.errors[start:])), TIMEOUT), \
                self.errors
            return next(filter(wanted, self.errors[start:]))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.stop()
        if kind is None and status != self.expected:
            raise AssertionError(f'exit status {status}\n' +
                                 '\n'.join(self.errors))

    def stop(self):
        """Ends it if it still runs; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT)
        self.reader.join(TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def demo_port(self):
        """Where the demo peer of this server listens."""
        return int(re.search(r'on port (\d+)', self.await_error(
            lambda line: ' demo: ' in line)).group(1))

    def connect(self):
        return socket.create_connection((self.address, self.port), TIMEOUT)

    def raw(self, data, end=False):
        """The bytes that answer `data`; with `end`, after a half-close."""
        with self.connect() as sock:
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                sock.sendall(data)
                if end:
                    sock.shutdown(socket.SHUT_WR)
            return read_all(sock)

    def request(self, method, path, fields=(), body=b'', host='localhost',
                length=True):
        lines = [f'{method} {path} HTTP/1.1', f'Host: {host}', *fields]
        if length:
            lines.append(f'Content-Length: {len(body)}')
        data = '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n' + body
        reply = Reply(self.raw(data))
        check(reply, method, path)
        return reply

    def get(self, path, **more):
        return self.request('GET', path, length=False, **more)

    def post(self, path, body, **more):
        """POST an object, or bytes, as JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        fields = ['Content-Type: application/json', *more.pop('fields', ())]
        return self.request('POST', path, fields, body, **more)


def check(reply, method, path):
    """What is true of every reply, and what the description says."""
    want = {'cache-control': 'no-store', 'x-content-type-options': 'nosniff',
            'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
            'connection': 'close'}
    for name, value in want.items():
        assert reply.headers.get(name) == value, f'{name} in {reply.headers}'
    assert 'access-control-allow-origin' not in reply.headers
    if method != 'HEAD':
        assert int(reply.headers['content-length']) == len(reply.body)
    if (reply.status == 503) != ('retry-after' in reply.headers):
        raise AssertionError(f'Retry-After with {reply.status}')
    operation = API['paths'].get(path, {}).get(method.lower())
    if reply.json is None:
        return
    if operation is None:
        validate(reply.json, {'$ref': '#/components/schemas/Refusal'})
        return
    response = resolve(operation['responses'][str(reply.status)])
    validate(reply.json, response['content']['application/json']['schema'])


class Peer:
    """A TCP server on loopback; `talk(sock)` runs for each connection."""

    def __init__(self, talk, address='127.0.0.1', port=0):
        self.listener = socket.create_server((address, port))
        self.host, self.port = self.listener.getsockname()
        self.talk = talk
        self.socks = []
        self.accepted = threading.Semaphore(0)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.socks.append(sock)
                self.accepted.release()
                threading.Thread(target=self.serve, args=(sock,),
                                 daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError):
            self.talk(sock)

    def await_connections(self, count):
        for _ in range(count):
            assert self.accepted.acquire(timeout=TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.socks:
            sock.close()


def silent(sock):
    """Takes everything, says nothing."""
    while sock.recv(4096):
        pass


def says(data, end=True):
    """Waits for the first bytes, then says `data`."""
    def talk(sock):
        sock.recv(4096)
        sock.sendall(data)
        if end:
            sock.shutdown(socket.SHUT_WR)
        silent(sock)
        sock.close()
    return talk


HEADER = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
          b"xmlns:db='jabber:server:dialback' "
          b"xmlns:stream='http://etherx.jabber.org/streams' "
          b"from='localhost' to='a.example' id='s1' version='1.0'>")


def main():
    if not PROGRAM:
        sys.exit('S2SPROBE_HTTP must name the program to test')
    unittest.main(argv=[sys.argv[0], '-v', *sys.argv[1:]])
