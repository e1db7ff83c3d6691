#!/usr/bin/env python3
"""The recipes of s2sprobe-batch(1), run as they are written there."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile

from batches import answers, environment
from tools import FEATURES, PROGRAM, ROOT, TIMEOUT, US, Peer, check, equal, main, says

NAMES = [f'n{n}.test' for n in range(1000)]


def recipes(title):
    """The texts of a section, as man shows them."""
    with open(f'{ROOT}/man/s2sprobe-batch.1', encoding='utf-8') as f:
        page = f.read()
    section = re.search(rf'^\.S[sh] {title}\n(.*?)(?=^\.S[sh] )', page, flags=re.M | re.S)
    texts = re.findall(r'^\.Bd .*?\n(.*?)^\.Ed$', section.group(1), flags=re.M | re.S)
    return [text.replace('\\e', '\\') for text in texts]


class Shell:
    """A folder with a list of domains, and an s2sprobe that finds one server."""

    def __init__(self, folder, port):
        self.folder = folder
        self.list(NAMES)
        os.mkdir(f'{folder}/bin')
        self.program('s2sprobe', f'exec {PROGRAM} "$@" --host 127.0.0.1 --port {port} '
                     f'--tls none --per-host none --host-rate none --from {US}')
        # As on this machine.
        self.program('ssh', 'shift; exec "$@"')
        self.environment = environment(
            PATH=f'{folder}/bin:{os.environ["PATH"]}', HOME=folder)

    def list(self, names):
        with open(f'{self.folder}/domains', 'w', encoding='utf-8') as f:
            f.write('\n'.join(names) + '\n')

    def program(self, name, text):
        with open(f'{self.folder}/bin/{name}', 'w', encoding='utf-8') as f:
            f.write(f'#!/bin/bash\n{text}\n')
            os.fchmod(f.fileno(), 0o755)

    def start(self, text, *args, **more):
        # pylint: disable=consider-using-with
        return subprocess.Popen(['bash', '-c', text, 'recipe', *args], cwd=self.folder,
                                env=self.environment, start_new_session=True, **more)

    def run(self, text, **variables):
        self.environment.update(variables)
        done = subprocess.run(['bash', '-c', text], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, encoding='utf-8')
        equal(done.returncode, 0, f'status of {text!r}, {done.stderr!r}')
        return done.stdout

    def results(self, *names):
        found = []
        for name in names:
            with open(f'{self.folder}/{name}', 'rb') as f:
                found.append([a['to'] for a in answers(f.read()) if a['success']])
        return found


@contextlib.contextmanager
def shell():
    with tempfile.TemporaryDirectory() as folder, Peer(says(FEATURES)) as peer:
        yield Shell(folder, peer.port)


@check('the answers, for another program')
def _(_lab):
    text, = recipes('EXAMPLES')
    with shell() as sh:
        out = sh.run(text)
    equal(sorted(out.split('\n')[:-1]), sorted(f'{name} None' for name in NAMES))


@check('GNU parallel')
def _(_lab):
    text, = recipes('GNU parallel')
    with shell() as sh:
        os.mkdir(f'{sh.folder}/.parallel')
        with open(f'{sh.folder}/.parallel/will-cite', 'w', encoding='utf-8'):
            pass
        sh.run(text)
        equal(sorted(sh.results('results')[0]), sorted(NAMES))
        assert '-N 1000 -j 4' in text
        sh.run(text.replace('-N 1000', '-N 125'))
        equal(sorted(sh.results('results')[0]), sorted(NAMES))


@check('a shard for each machine')
def _(_lab):
    text, indexed = recipes('A shard for each machine')
    with shell() as sh:
        sh.run(text)
        parts = sh.results(*(f'results.{i}' for i in range(4)))
        equal(sorted(sum(parts, [])), sorted(NAMES))
        assert min(map(len, parts)) > 200, parts
        for i, part in enumerate(parts):
            out = sh.run(indexed, JOB_COMPLETION_INDEX=str(i), SHARDS='4')
            equal(sorted(a['to'] for a in answers(out.encode())), sorted(part))


class Redis:
    def __init__(self, sh):
        self.sh, self.socket = sh, f'{sh.folder}/redis'
        # pylint: disable=consider-using-with
        self.server = subprocess.Popen(
            ['redis-server', '--port', '0', '--unixsocket', self.socket, '--save', '',
             '--dir', sh.folder], stdout=subprocess.PIPE, text=True)
        for line in self.server.stdout:
            if 'ready to accept connections' in line.lower():
                return
        raise AssertionError('redis-server does not start')

    def here(self, text):
        """The text for this server."""
        assert '-h queue' in text, text
        return text.replace('-h queue', f'-s {self.socket}')

    def ask(self, *words):
        return subprocess.run(['redis-cli', '-s', self.socket, '--raw', *words], check=True,
                              stdout=subprocess.PIPE, timeout=TIMEOUT).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.stdout.read()
        self.server.wait(TIMEOUT)
        self.server.stdout.close()


def entries(text):
    """(id, value) of each, of what redis-cli prints for a range."""
    rows = text.split(b'\n')[:-1]
    equal(set(rows[1::3]) - {b'json'}, set())
    return list(zip(rows[::3], rows[2::3]))


def await_results(redis, count):
    last, seen = b'0', 0
    while seen < count:
        text = redis.ask('XREAD', 'BLOCK', str(TIMEOUT * 1000), 'STREAMS', 'done', last)
        found = entries(text.partition(b'\n')[2])
        assert found, f'{seen} results, and no more'
        last, seen = found[-1][0], seen + len(found)


@check('Redis Streams: workers, one of which dies')
def _(_lab):
    fill, worker = recipes('Redis Streams')
    names = NAMES[:200]
    with shell() as sh, Redis(sh) as redis:
        sh.list(names)
        sh.run(redis.here(fill))
        # It takes some, and dies before it says so.
        lost = redis.ask('XREADGROUP', 'GROUP', 'probes', 'w0', 'COUNT', '10', 'STREAMS',
                         'todo', '>')
        equal(lost.count(b'domain\n'), 10)
        workers = [sh.start(redis.here(worker), f'w{n}') for n in range(1, 5)]
        try:
            await_results(redis, 190)
            with open(f'{sh.folder}/stop', 'w', encoding='utf-8'):
                pass
            for w in workers:
                equal(w.wait(TIMEOUT), 0, 'status of a worker')
        finally:
            for w in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(w.pid, signal.SIGKILL)
                w.wait()
        equal(redis.ask('XPENDING', 'todo', 'probes').split(b'\n')[0], b'10')
        rows = [row for _, row in entries(redis.ask('XRANGE', 'done', '-', '+'))]
        found = answers(b'\n'.join(rows) + b'\n')
        equal(len({a['id'] for a in found}), 190)
        equal(sorted(a['to'] for a in found), sorted(names[10:]))


if __name__ == '__main__':
    sys.exit(main())
