#!/usr/bin/env python3
"""s2sprobe batch and what it reads from and writes to: slow, gone, full; signals,
memory, and the progress bar. Every line that was read has one answer."""
import contextlib
import ctypes
import fcntl
import os
import pty
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading

from batches import (Gate, answers, batch, by_line, drain, ends, environment, nowhere,
                     started, status_of, to)
from tools import FEATURES, TIMEOUT, Peer, check, equal, main, says

SMALL = 4096  # bytes, the smallest pipe


def lines(count, start=1):
    return ''.join(f'n{n}.test\n' for n in range(start, start + count)).encode()


@contextlib.contextmanager
def feeding(data, fd):
    """Write all of it from a thread, and close."""
    def write():
        with open(fd, 'wb') as f, contextlib.suppress(BrokenPipeError):
            f.write(data)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield
    thread.join(TIMEOUT)


def pipe(size=SMALL):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, size)
    return reading, writing


def read_answers(fd, count):
    """So many lines, byte by byte, so that no more is taken."""
    data = b''
    while data.count(b'\n') < count:
        byte = os.read(fd, 1)
        assert byte, data
        data += byte
    return data


# ---- Readers ---------------------------------------------------------------------------


@check('a slow reader holds it back, and gets every line whole and once')
def _(_lab):
    count, concurrency = 600, 5
    with Peer(says(FEATURES)) as peer:
        in_r, in_w = os.pipe()
        out_r, out_w = pipe()
        with feeding(lines(count), in_w), started(
                '--concurrency', concurrency, *to(peer.port), stdin=in_r, stdout=out_w) as p:
            os.close(in_r)
            os.close(out_w)
            data = b''
            while chunk := os.read(out_r, 1000):
                data += chunk
                # What the pipe holds, what is in flight, and the line that is written.
                begun = len(peer.socks)
                room = data.count(b'\n') + SMALL // 300 + 2 * concurrency + 2
                assert begun <= room, f'{begun} connections, room for {room}'
            ends(p, 0)
        os.close(out_r)
        found = by_line(answers(data))
    equal(found.keys(), set(range(1, count + 1)))
    equal({len(a['streams']) for a in found.values()}, {1})


def obeys_modes():
    """Modes of files are for root, too: without CAP_DAC_OVERRIDE from here on."""
    if os.getuid() == 0:
        assert ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) == 0


@check('pipes of all kinds, a socket, a file: whole lines, and their flags as they were')
def _(_lab):
    options = nowhere()
    text = lines(500)

    def ends_well(reading, writing, want_flags, **more):
        with tempfile.TemporaryFile() as f:
            f.write(text)
            f.seek(0)
            with started(*options, stdin=f, stdout=writing, **more) as p:
                data = b''
                while data.count(b'\n') < 500:
                    data += os.read(reading, 700)
                ends(p, 0)
            equal(fcntl.fcntl(writing, fcntl.F_GETFL), want_flags, 'flags')
        found = by_line(answers(data))
        equal(found.keys(), set(range(1, 501)))

    for extra in 0, os.O_NONBLOCK:
        reading, writing = pipe()
        flags = fcntl.fcntl(writing, fcntl.F_GETFL)
        fcntl.fcntl(writing, fcntl.F_SETFL, flags | extra)
        ends_well(reading, writing, flags | extra)
        # Where it cannot be opened anew.
        os.fchmod(writing, 0)
        ends_well(reading, writing, flags | extra, preexec_fn=obeys_modes)
        os.close(reading)
        os.close(writing)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        ends_well(ours.fileno(), theirs.fileno(), fcntl.fcntl(theirs, fcntl.F_GETFL))
    with tempfile.NamedTemporaryFile('ab+') as f:
        f.write(b'first\n')
        f.flush()
        done = subprocess.run([os.environ['S2SPROBE'], 'batch', *map(str, options)], input=text,
                              stdout=f, timeout=TIMEOUT, env=environment(), check=False)
        equal(done.returncode, 0)
        with open(f.name, 'rb') as again:
            equal(again.readline(), b'first\n')
            equal(by_line(answers(again.read())).keys(), set(range(1, 501)))


@check('7: the reader goes, a full disk, no output')
def _(_lab):
    with Gate() as gate:
        in_r, in_w = os.pipe()
        out_r, out_w = pipe()
        with started(*to(gate.port), stdin=in_r, stdout=out_w, stderr=subprocess.PIPE) as p:
            os.close(out_w)
            os.close(in_r)
            os.write(in_w, b'no domain\n' + lines(10))
            read_answers(out_r, 1)
            gate.await_connections(10)
            os.close(out_r)  # while nothing is to be written, and the input is open
            errors = p.communicate(timeout=TIMEOUT)[1].decode()
            equal((p.returncode, errors), (7, 's2sprobe: standard output: Broken pipe; '
                                              '1 lines are answered, 10 more were read\n'))
        os.close(in_w)
    options = nowhere()
    with open('/dev/full', 'wb') as full:
        with started(*options, stdin=subprocess.PIPE, stdout=full,
                     stderr=subprocess.PIPE) as p:
            _, errors = p.communicate(b'a.test\n', timeout=TIMEOUT)
    equal((p.returncode, errors.decode()), (
        7, 's2sprobe: standard output: No space left on device; '
           '0 lines are answered, 1 more were read\n'))
    with started(*options, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                 preexec_fn=lambda: os.close(1)) as p:
        _, errors = p.communicate(b'a.test\n', timeout=TIMEOUT)
    equal((p.returncode, b'Bad file descriptor; 0 lines' in errors), (7, True))


# ---- Signals ---------------------------------------------------------------------------


def feed_and_stop(number, peer, answered, *args):
    """Lines without end, a signal after so many answers; the answers, how many lines
    were read, and what was said."""
    count = 20000
    in_r, in_w = os.pipe()
    out_r, out_w = os.pipe()
    with feeding(lines(count), in_w), started(
            *to(peer.port), *args, stdin=in_r, stdout=out_w, stderr=subprocess.PIPE) as p:
        os.close(out_w)
        data = read_answers(out_r, answered)
        p.send_signal(number)
        data += drain(out_r)
        errors = p.stderr.read().decode()
        ends(p, 128 + number)
        left = drain(in_r)
        os.close(in_r)
    os.close(out_r)
    total = lines(count)
    assert total.endswith(left)
    read = total[:len(total) - len(left)].count(b'\n')
    assert answered <= read < count, read
    return by_line(answers(data)), read, errors


@check('a signal in the middle: what was read is answered, once, and the rest is left')
def _(_lab):
    for number in signal.SIGTERM, signal.SIGINT:
        with Peer(says(FEATURES)) as peer:
            found, read, errors = feed_and_stop(number, peer, 50, '--concurrency', 7)
        equal(found.keys(), set(range(1, read + 1)))
        equal({a['code'] for a in found.values() if 'code' in a}, set())
        equal(errors, f's2sprobe: interrupted: lines from {read + 1} on were not read\n')


@check('a second signal: what is in flight is cancelled, and said to be')
def _(_lab):
    with Gate() as gate:
        in_r, in_w = os.pipe()
        with started('--concurrency', 5, '-v', *to(gate.port), stdin=in_r,
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            os.write(in_w, lines(100) + b'half')
            gate.await_connections(5)
            p.send_signal(signal.SIGTERM)
            while not signals_are_taken(p.pid):  # taken, and no more pending
                continue
            p.send_signal(signal.SIGTERM)
            out, errors = p.communicate(timeout=TIMEOUT)
        os.close(in_r)
        os.close(in_w)
    equal(p.returncode, 143)
    found = by_line(answers(out))
    equal(found.keys(), set(range(1, 101)))
    equal({a['code'] for a in found.values()}, {'cancelled'})
    assert b's2sprobe: 100 lines answered: 0 ok, 100 failed, 0 no requests; ' in errors, errors
    assert errors.endswith(b'\ns2sprobe: interrupted: lines from 101 on were not read\n'), errors


def signals_are_taken(pid):
    """No SIGTERM is pending."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as f:
        pending = re.findall(r'^S(?:ig|hd)Pnd:\s+(\w+)', f.read(), flags=re.M)
    return not any(int(p, 16) >> (signal.SIGTERM - 1) & 1 for p in pending)


@check('the end of the input: what is in flight is waited for')
def _(_lab):
    with Gate() as gate:
        with started(*to(gate.port), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
            p.stdin.write(lines(30)[:-1])
            p.stdin.close()
            gate.await_connections(30)
            gate.open.set()
            data = p.stdout.read()
            ends(p, 0)
    equal(by_line(answers(data)).keys(), set(range(1, 31)))


@check('an answer is there before the next line is')
def _(_lab):
    with started(*nowhere(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        for n in range(1, 6):
            p.stdin.write(b'{"id":%d,"toDomain":"a.test"}\n' % n)
            p.stdin.flush()
            equal(answers(p.stdout.readline())[0]['id'], n)
        p.stdin.close()
        ends(p, 0)


# ---- Limits ----------------------------------------------------------------------------


@check('no more at once than --concurrency, and no more read than twice that')
def _(_lab):
    with Gate() as gate:
        in_r, in_w = os.pipe()
        with feeding(lines(20000), in_w), started(
                '--concurrency', 20, *to(gate.port), stdin=in_r, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as p:
            gate.await_connections(20)
            p.send_signal(signal.SIGTERM)
            while not signals_are_taken(p.pid):
                continue
            equal(len(gate.socks), 20, 'connections')
            gate.open.set()
            out, _ = p.communicate(timeout=TIMEOUT)
            equal(p.returncode, 143)
            left = drain(in_r)
        os.close(in_r)
    read = 20000 - left.count(b'\n')
    equal(by_line(answers(out)).keys(), set(range(1, read + 1)))
    # In flight, and what one read brings.
    assert read <= 2 * 20 + 4096 // len('n1.test\n'), read


@check('memory does not grow with the input')
def _(_lab):
    # A sanitizer keeps what is freed.
    variables = {'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1'}
    with started('--concurrency', 50, *nowhere(), stdin=subprocess.PIPE,
                 stdout=subprocess.PIPE, variables=variables) as p:
        peak = []
        for count in 2000, 30000:
            text = lines(count // 2) + b'{"id":"' + b'x' * 500 + b'"}\n' * (count // 2)
            writer = threading.Thread(target=lambda t=text: (p.stdin.write(t), p.stdin.flush()))
            writer.start()
            for _ in range(count):
                assert p.stdout.readline()
            writer.join(TIMEOUT)
            peak.append(status_of(p.pid, 'VmHWM'))
        p.stdin.close()
        ends(p, 0)
    assert peak[1] - peak[0] < 4096, f'{peak} KiB'


@check('the descriptor limit is raised as far as it goes')
def _(_lab):
    with Gate() as gate:
        with started(*to(gate.port), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                           (64, 400))) as p:
            p.stdin.write(lines(200))
            p.stdin.close()
            gate.await_connections(200)
            gate.open.set()
            found = by_line(answers(p.stdout.read()))
            ends(p, 0)
    equal(len(found), 200)


# ---- Progress --------------------------------------------------------------------------


class Screen:
    """A terminal for the standard error."""

    def __init__(self, columns=100):
        self.fd, self.program = pty.openpty()
        fcntl.ioctl(self.program, termios.TIOCSWINSZ,
                    struct.pack('4H', 24, columns, 0, 0))
        self.text = ''

    def until(self, words):
        while words not in self.text:
            assert select.select([self.fd], [], [], TIMEOUT)[0], self.text
            self.text += os.read(self.fd, 4096).decode()
        return self.text

    def all(self):
        """Once the program has ended."""
        os.close(self.program)
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 4096):
                self.text += data.decode()
        os.close(self.fd)
        return self.text


def shown(args=(), columns=100, file=False, **variables):
    """What a terminal shows of 20 lines, of which 3 fail and 2 are no requests."""
    screen = Screen(columns)
    with Gate() as gate, Peer(says(FEATURES)) as peer:
        text = b'no domain\n' * 3 + b'{\n{"id":1}\n' + b'peer.test\n' * 14 + \
            b'{"toDomain":"peer.test","port":%d}' % gate.port
        with tempfile.TemporaryFile() as f:
            f.write(text)
            f.seek(0)
            with started(*to(peer.port), *args, stdin=f if file else subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=screen.program,
                         variables={'TERM': 'xterm', **variables}) as p:
                if not file:
                    p.stdin.write(text)
                    p.stdin.close()
                gate.await_connections(1)
                for _ in range(19):
                    p.stdout.readline()
                if '--no-progress' not in args and '-q' not in args and \
                        variables.get('TERM') != 'dumb':
                    screen.until('19 done, 5 faile')
                gate.open.set()
                equal(p.stdout.read().count(b'\n'), 1)
                ends(p, 0)
    return screen.all()


SUMMARY = re.compile(r's2sprobe: 20 lines answered: 14 ok, 4 failed, 2 no requests; '
                     r'[0-9.]+ s, [0-9.]+/s, loop lag p99 [0-9.]+ ms\r\n')


@check('the bar of a terminal: drawn over itself, gone at the end, then the summary')
def _(_lab):
    for file in False, True:
        text = shown(file=file)
        bars, summary = text.rsplit('\r\033[K', 1)
        assert SUMMARY.fullmatch(summary), ascii(text)
        bars = bars.split('\033[K')
        assert all(re.fullmatch(
            r'\r(\[[#-]{20}\] +[0-9]+% )?[0-9]+ done, [0-9]+ failed, [0-9]+ in flight, '
            r'[0-9]+/s(, [0-9:]+ left)?', b) for b in bars if b), ascii(text)
        assert ('19 done, 5 failed, 1 in flight' in text), ascii(text)
        equal('[###################-]  95%' in text, file, ascii(text))
        equal(' left' in text, file, ascii(text))
    text = shown(columns=45, file=True)
    assert max(len(b.lstrip('\r')) for b in text.split('\033[K')[:-1]) == 44, ascii(text)


@check('no bar where it is not wanted, or cannot be')
def _(_lab):
    for args, variables in ((('--no-progress',), {}), ((), {'TERM': 'dumb'})):
        text = shown(args, **variables)
        assert SUMMARY.fullmatch(text), ascii(text)
    equal(shown(('-q',)), '')
    _, errors = batch('no domain', '-v', *nowhere())
    assert re.fullmatch(r's2sprobe: 1 lines answered: 0 ok, 1 failed, 0 no requests; .*\n',
                        errors), errors


@check('a terminal for everything: the bar makes way, and nothing else disturbs it')
def _(_lab):
    screen = Screen()
    with started(*nowhere(), stdin=subprocess.PIPE, stdout=screen.program,
                 stderr=screen.program, variables={'TERM': 'xterm'}) as p:
        p.stdin.write('{"id":"\x9b\u202e","toDomain":"a.test"}\n'.encode())
        p.stdin.flush()
        screen.until('1 done')
        p.stdin.close()
        ends(p, 0)
    text = screen.all()
    assert '\r\033[K{"id":"\\u009b\\u202e","line":1,' in text, ascii(text)


if __name__ == '__main__':
    sys.exit(main())
