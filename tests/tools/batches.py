"""What the tests of s2sprobe batch share: the program with lines on its way in, and
peers that can be held up."""
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading

from tools import ENVIRONMENT, PROGRAM, ROOT, TIMEOUT, US, Peer, equal

sys.path.insert(1, f'{ROOT}/tests/lab')

from dns_wire import AA, NXDOMAIN, QR, RA  # noqa: E402

# One server may have as many as we like.
GREEDY = ('--per-host', 'none', '--host-rate', 'none', '--handshakes', 'none')


def to(port):
    return ('--host', '127.0.0.1', '--port', port, '--tls', 'none', '--from', US, *GREEDY)


def nowhere():
    """Options that lead to a port where nothing listens."""
    with socket.create_server(('127.0.0.1', 0)) as s:
        return to(s.getsockname()[1])


def command(*args):
    return [PROGRAM, 'batch', *map(str, args)]


def environment(**variables):
    return {**ENVIRONMENT, 'LANG': 'C.UTF-8', **variables}


def batch(text, *args, status=0, **more):
    """(answers, standard error) for these lines; each answer is an object and its
    bytes."""
    if isinstance(text, str):
        text = text.encode()
    done = subprocess.run(command(*args), input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT, check=False,
                          env=environment(**more))
    errors = done.stderr.decode()
    equal(done.returncode, status, f'status of {args}, {errors!r}, {done.stdout[-300:]!r}')
    return answers(done.stdout), errors


class Answer(dict):
    """An object, and the bytes that it was."""

    def __init__(self, text):
        super().__init__(json.loads(text.decode()))
        self.text = text


def answers(data):
    assert data == b'' or data.endswith(b'\n'), data[-200:]
    return [Answer(line) for line in data.split(b'\n')[:-1]]


def by_line(given):
    """The answers by their lines, of which none has two."""
    found = {a['line']: a for a in given}
    equal(len(found), len(given), 'lines that have an answer')
    return found


@contextlib.contextmanager
def started(*args, variables=None, **more):
    """The program while it runs, its descriptors as they are given."""
    with subprocess.Popen(command(*args), env=environment(**(variables or {})), **more) as p:
        try:
            yield p
        finally:
            if p.poll() is None:
                p.kill()


def ends(process, status):
    equal(process.wait(TIMEOUT), status, 'status')


class Gate(Peer):
    """Lets nobody get an answer until it opens; ends the connection then."""

    def __init__(self):
        self.open = threading.Event()
        super().__init__(self.hold)

    def hold(self, sock):
        self.open.wait()
        sock.close()

    def __exit__(self, *args):
        self.open.set()
        super().__exit__(*args)


class NoSuchName:
    """A DNS server that says so of every name, fast."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.address = '127.0.0.1:%d' % self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        flags = (QR | AA | RA | NXDOMAIN).to_bytes(2, 'big')
        with contextlib.suppress(OSError):
            while True:
                message, where = self.socket.recvfrom(4096)
                if not message: # the end
                    return
                end = message.index(b'\0', 12) + 5
                self.socket.sendto(message[:2] + flags + b'\0\1' + bytes(6) + message[12:end],
                                   where)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def status_of(pid, name):
    """A number of /proc/PID/status."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as f:
        return int(re.search(rf'^{name}:\s+(\d+)', f.read(), flags=re.M).group(1))


def drain(fd):
    """What is left in a pipe whose other end is closed."""
    data = b''
    while chunk := os.read(fd, 65536):
        data += chunk
    return data
