#!/usr/bin/env python3
"""How the server starts, refuses to start, and ends."""
import os
import resource
import signal
import socket
import subprocess
import tempfile
import unittest

import shim
from shim import CONNECT


def run(*args, **more):
    return subprocess.run([shim.PROGRAM, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          timeout=shim.TIMEOUT, check=False, **more)


class Start(unittest.TestCase):
    def refused(self, status, words, *args, **more):
        done = run(*args, **more)
        self.assertEqual((done.returncode, done.stdout), (status, ''), done)
        self.assertTrue(done.stderr.startswith('s2sprobe-http: '), done)
        self.assertIn(words, done.stderr)

    def test_usage(self):
        for args in (['--listen', '127.0.0.1:1s'], ['--listen', '[::1]:0'],
                     ['--max-probes', '0'], ['--rate', '0'], ['--allow-target', 'x'],
                     ['--identity', 'cert=a'], ['--nonsense'], ['word'],
                     ['--listen-s2s', '127.0.0.1:0']):
            self.refused(2, '\nsee s2sprobe-http(8) or --help\n', *args)

    def test_help(self):
        done = run('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertTrue(done.stdout.startswith('usage: s2sprobe-http'))
        for option in ('--listen', '--ca-file', '--dns-server', '--dns-trust-ad',
                       '--max-probes', '--max-timeout', '--host-running', '--address-running',
                       '--host-rate', '--rate', '--max-handshakes', '--allow-target', '--allow-host',
                       '--identity', '--listen-s2s', '--demo', '--access-log', '--version'):
            self.assertIn(option, done.stdout)

    def test_version(self):
        done = run('--version')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, r'^s2sprobe-http \d+\.\d+\.\d+\n$')

    def test_port_taken(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            done = run('--listen', f'127.0.0.1:{port}')
        self.assertEqual((done.returncode, done.stderr), (
            1, f's2sprobe-http: cannot listen on 127.0.0.1:{port}: Address '
            'already in use\n'))

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            gone = f'{folder}/gone.pem'
            bad = f'{folder}/bad.pem'
            with open(bad, 'w', encoding='utf-8') as f:
                f.write('no certificate\n')
            free = ('--listen', '127.0.0.1:0')
            for demo in [], ['--demo']:
                self.refused(2, f': --ca-file: cannot read {gone}\n', *free,
                             *demo, '--ca-file', gone)
                self.refused(2, f': --ca-file: no certificates in {bad}\n',
                             *free, *demo, '--ca-file', bad)
            for settings, member in (
                    (f'cert={bad},key={gone}', f'key: cannot read {gone}'),
                    (f'cert={bad}', 'key: certificate_file and key_file '
                                    'belong together'),
                    (f'pkcs12={bad}',
                     f'pkcs12: {bad} cannot be read as PKCS #12'),
                    (f'password-file={bad}',
                     'password-file: no key_file and no pkcs12_file'),
                    (f'secret-file={gone}', f'secret-file: cannot read {gone}')):
                self.refused(2, f': --identity domain=a.example: {member}\n',
                             *free, '--identity',
                             f'domain=a.example,{settings}')
            self.refused(2, ': --identity domain=a b: domain: missing or not '
                         'valid\n', *free, '--identity', 'domain=a b')
            self.refused(2, ': --dns-server: "x y" is not ADDR[:PORT]\n',
                         *free, '--dns-server', 'x y')

    def test_listen_for_servers(self):
        ours = ('--listen', '127.0.0.1:0', '--identity', 'domain=a.example',
                '--listen-s2s')
        self.refused(2, ': --listen-s2s: x: not ADDR:PORT\n', *ours, 'x')
        with socket.create_server(('127.0.0.1', 0)) as taken:
            address = '127.0.0.1:%d' % taken.getsockname()[1]
            self.refused(1, f': --listen-s2s: {address}: in use, not of this '
                         'machine, or not permitted\n', *ours, address)
        with shim.Server(*ours[2:], '[::1]:0') as server:
            line = server.await_error(lambda line: 'servers come in' in line)
            self.assertRegex(line, r'^s2sprobe-http: servers come in on '
                             r'\[::1\]:\d+$')

    def test_too_few_descriptors(self):
        self.refused(1, 'open files', '--listen', '127.0.0.1:0',
                     preexec_fn=lambda: resource.setrlimit(
                         resource.RLIMIT_NOFILE, (64, 64)))

    def test_soft_limit_is_raised(self):
        with shim.Server(preexec=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (64, 4096))) as server:
            self.assertEqual(server.get('/healthz').status, 200)

    def test_same_port_again(self):
        with shim.Server() as server:
            server.get('/healthz')
            port = server.port
        with shim.Server(listen=f'127.0.0.1:{port}') as server:
            self.assertEqual(server.get('/healthz').status, 200)

    def test_own_hosts(self):
        with shim.Server('--allow-host', 'probe.example',
                         listen='127.0.0.2:0') as server:
            def status(host):
                with socket.create_connection(('127.0.0.2', server.port),
                                              shim.TIMEOUT) as sock:
                    sock.sendall(f'GET /healthz HTTP/1.1\r\nHost: {host}\r\n'
                                 '\r\n'.encode())
                    return shim.Reply(shim.read_all(sock)).status
            for host in '127.0.0.2', 'PROBE.example:443', 'localhost':
                self.assertEqual(status(host), 200)
            for host in '127.0.0.3', 'probe.example.evil.example':
                self.assertEqual(status(host), 421)
        with shim.Server(listen='0.0.0.0:0') as server:
            self.assertEqual(server.get('/healthz', host='192.0.2.1').status,
                             200)
            self.assertEqual(server.get('/healthz', host='a.example').status,
                             421)

    def test_no_key_log(self):
        with tempfile.TemporaryDirectory() as folder:
            os.environ['SSLKEYLOGFILE'] = f'{folder}/keys'
            try:
                with shim.Server('--demo') as server:
                    reply = server.post(CONNECT, {
                        'host': 'localhost', 'port': server.demo_port(),
                        'fromDomain': 'a.example'})
            finally:
                del os.environ['SSLKEYLOGFILE']
            self.assertTrue(reply.json['tls']['established'])
            self.assertEqual(os.listdir(folder), [])


class End(unittest.TestCase):
    def test_signals(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with shim.Server('--demo') as server:
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(shim.TIMEOUT), 0)

    def test_second_signal(self):
        """The first waits for what is under way, the second does not."""
        with shim.Server() as server, server.connect() as sock:
            server.expected = 130
            sock.sendall(b'POST ' + CONNECT.encode() + b' HTTP/1.1\r\n'
                         b'Host: localhost\r\nContent-Length: 9\r\n'
                         b'Content-Type: application/json\r\n'
                         b'Expect: 100-continue\r\n\r\n')
            self.assertIn(b'100 Continue', sock.recv(100))
            server.process.send_signal(signal.SIGTERM)
            while (reply := server.get('/healthz')).status == 200:
                pass
            self.assertEqual((reply.status, reply.body), (503, b'draining\n'))
            reply = server.post(CONNECT, {'host': 'localhost',
                                          'fromDomain': 'a.example'})
            self.assertEqual((reply.status, reply.code),
                             (503, 'shutting_down'))
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.process.wait(shim.TIMEOUT), 130)


if __name__ == '__main__':
    shim.main()
