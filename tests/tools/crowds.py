"""What the tests with very many servers share: servers that behave by the name that
they are asked for (bench/server.h), names that lead to them, and what each deserves."""
import collections
import contextlib
import json
import os
import resource
import selectors
import socket
import subprocess
import tempfile
import threading
import time

from batches import answers, command, environment
from dns_wire import A, AA, AAAA, NXDOMAIN, QR, RA, address, read_name, record, srv
from tools import HEADER, TIMEOUT, equal

DOMAIN = 'peer.test'
STALL_MS = 2000
SLACK_MS = 1000  # between a deadline and the end: the machine may do something else
# As many as we like where we like.
GREEDY = ('--per-host', 'none', '--host-rate', 'none')
# What the first label of a domain stands for, and (code, stage) of the answer.
DESERVED = {
    'good': (None, 'done'),
    'auth': (None, 'done'),
    'old': (None, 'done'),
    'silent': ('timeout', 'stream'),
    'header': ('timeout', 'stream'),
    'proceed': ('timeout', 'starttls'),
    'tls': ('timeout', 'tls'),
    'features': ('timeout', 'features'),
    'close': ('closed', 'stream'),
    'garbage': ('not_xmpp', 'stream'),
    'noise': ('tls_injection', 'tls'),
    'error': ('stream_error', 'features'),
    'nobody': ('connect', 'tcp'),
    'hole': ('timeout', 'tcp'),
    'dribble': ('timeout', 'stream'),
}
STALLS = {kind for kind, (code, _) in DESERVED.items() if code == 'timeout'}


def place(number):
    return f'127.1.{number // 250}.{number % 250 + 1}'


def number_of(domain):
    """'tls17.peer.test': 17."""
    return int(domain.split('.')[0].lstrip('abcdefghijklmnopqrstuvwxyz'))


def kind_of(domain):
    return domain.split('.')[0].rstrip('0123456789')


class Server:
    """bench-server: on all addresses of 127.0.0.0/8."""

    def __init__(self):
        # pylint: disable=consider-using-with
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [os.environ['S2SPROBE_BENCH_SERVER'], self.folder.name],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.options = ('--ca-file', f'{self.folder.name}/ca.pem')

    def line(self, kind, number, **members):
        """One for a server of its own."""
        return line(kind, number, **{'port': self.port, **members})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()
        self.folder.cleanup()


class Hole:
    """An address that says nothing to who would connect: the queue of its listener is
    full."""

    def __init__(self, where, port=0):
        family = socket.AF_INET6 if ':' in where else socket.AF_INET
        listener = socket.create_server((where, port), family=family, backlog=0)
        self.port = listener.getsockname()[1]
        self.sockets = [listener]
        with contextlib.suppress(TimeoutError):
            while True:
                self.sockets.append(socket.socket(family))
                self.sockets[-1].settimeout(0.2)
                self.sockets[-1].connect((where, self.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()


def dribble(sock):
    """A stream header, a byte a second."""
    for byte in HEADER:
        sock.sendall(bytes([byte]))
        time.sleep(1)


class Names:
    """A DNS server; answer(name, type) gives the data of records, or None."""

    def __init__(self, answer):
        self.answer = answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.options = ('--dns-server', '127.0.0.1:%d' % self.socket.getsockname()[1])
        threading.Thread(target=self.run, daemon=True).start()

    def reply(self, message):
        name, end = read_name(message, 12)
        kind = int.from_bytes(message[end:end + 2], 'big')
        found = self.answer(name, kind)
        flags = QR | AA | RA | (NXDOMAIN if found is None else 0)
        counts = (1, len(found or ()), 0, 0)
        return (message[:2] + flags.to_bytes(2, 'big') +
                b''.join(n.to_bytes(2, 'big') for n in counts) + message[12:end + 4] +
                b''.join(record(name, kind, data) for data in found or ()))

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                message, where = self.socket.recvfrom(4096)
                if not message:  # the end
                    return
                self.socket.sendto(self.reply(message), where)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def shared_host(port):
    """All domains have one server, and that one address."""
    def answer(name, kind):
        if name.startswith('_xmpp-server._tcp.'):
            return [srv(1, 1, port, 'shared.test')] if kind == 33 else []
        if name != 'shared.test.':
            return None
        return [address('127.0.0.1')] if kind == A else []
    return answer


def own_host(name, kind):
    """Each has an address of its own, and one before it where nobody answers."""
    if name.startswith('_'):
        return None
    return {A: [address(place(number_of(name)))], AAAA: [address('::1')]}.get(kind, [])


class Guests:
    """A server in the clear that knows how many are there at once: nobody is answered
    before `least` are, or too many. Whoever has left is not counted, so those that are
    counted were there together."""

    def __init__(self, least):
        self.least, self.most, self.came = least, 0, 0
        self.here = {}  # socket: whether it has been answered
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.stop, self.stopped = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        for s in self.listener, self.stopped:
            self.selector.register(s, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def gone(self, sock):
        """Read what is there."""
        try:
            while sock.recv(4096):
                pass
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def take(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                sock = self.listener.accept()[0]
                sock.setblocking(False)
                self.selector.register(sock, selectors.EVENT_READ)
                self.here[sock] = False
                self.came += 1

    def leave(self):
        for sock in [s for s in self.here if self.gone(s)]:
            self.selector.unregister(sock)
            sock.close()
            del self.here[sock]

    def welcome(self):
        for sock, answered in self.here.items():
            if not answered:
                self.here[sock] = True
                with contextlib.suppress(OSError):
                    sock.sendall(HEADER + b'<stream:features/></stream:stream>')

    def run(self):
        while self.stopped not in [key.fileobj for key, _ in self.selector.select()]:
            self.take()
            self.leave()
            self.most = max(self.most, len(self.here))
            if self.most >= self.least:
                self.welcome()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.close()
        self.thread.join(TIMEOUT)
        for s in (*self.here, self.listener, self.stopped):
            s.close()
        self.selector.close()


def line(kind, number, **members):
    """A request, with the time that it deserves."""
    domain = f'{kind}{number}.{DOMAIN}'
    if kind in STALLS:
        members.setdefault('timeout', STALL_MS)
    return {'toDomain': domain, 'host': place(number), **members}


def ask(lines, server, *args, status=0, limits=(), ends=True):
    """(answers, what was said) of s2sprobe batch, with limits of the process."""
    def limit():
        for which, most in limits:
            resource.setrlimit(which, (most, most))

    text = ''.join(json.dumps(one) + '\n' for one in lines)
    options = () if server is None else server.options
    done = subprocess.run(
        command('--from', 'probe.test', '--tls', 'starttls', *options, *args),
        input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=2 * TIMEOUT, check=False, env=environment(), preexec_fn=limit)
    errors = done.stderr.decode()
    if ends:
        equal(done.returncode, status, f'status; {errors!r}')
        return answers(done.stdout), errors
    return done.returncode, answers(done.stdout), errors


def in_time(answer, timeout_ms):
    """It had its time, and no more but what was ours."""
    t = answer['timings']
    over = t['total'] - t['lag'] - timeout_ms
    assert over <= SLACK_MS, answer.text
    if answer.get('code') == 'timeout':
        assert t['total'] - t['lag'] >= timeout_ms - 1, answer.text


def deserved(found, lines, strict=True):
    """Each line has its answer, as its server deserves, in time. Those that do not are
    returned by (kind, code, stage), if not `strict`."""
    wrong = collections.defaultdict(list)
    equal(sorted(a['line'] for a in found), list(range(1, len(lines) + 1)), 'lines')
    for answer in found:
        asked = lines[answer['line'] - 1]
        kind = kind_of(asked['toDomain'])
        is_so = (answer.get('code'), answer.get('stage'))
        if is_so != DESERVED[kind]:
            wrong[(kind, *is_so)].append(answer)
            continue
        equal(answer['to'], asked['toDomain'])
        equal(answer['success'], answer.get('code') is None)
        in_time(answer, asked.get('timeout', 15000))
    if strict:
        assert not wrong, f'{ {k: len(v) for k, v in wrong.items()} }, the first: ' + \
            next(iter(wrong.values()))[0].text.decode()
    return wrong
