"""What the tests of s2sprobe share: the program, a server of the library for
peer.test, and scripted peers.

S2SPROBE names the program, S2SPROBE_PEER and S2SPROBE_FAKE those of peer.c and
fake.c. Nothing leaves loopback.
"""
import contextlib
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[1:1] = [f'{ROOT}/tests/bindings', f'{ROOT}/tests/shim']

from shim import HEADER, TIMEOUT, Peer, says, silent  # noqa: E402,F401
from tap import check, equal, run  # noqa: E402,F401

PROGRAM = os.environ['S2SPROBE']
PEER = os.environ['S2SPROBE_PEER']
FAKE = os.environ['S2SPROBE_FAKE']
FEATURES = HEADER + b'<stream:features/>'
BASE = ('--from', 'probe.test')
US = 'a.example'
# No colour and no locale but what a test asks for.
ENVIRONMENT = {k: v for k, v in os.environ.items()
               if not k.startswith('LC_') and
               k not in ('LANG', 'NO_COLOR', 'TMUX', 'COLUMNS')}


def s2sprobe(*args, locale='C.UTF-8', stdin=subprocess.DEVNULL, text=None,
             environment=None, **more):
    """The program, run to its end; `text` is its standard input."""
    given = {'stdin': stdin} if text is None else {'input': text}
    return subprocess.run(
        [PROGRAM, *map(str, args)],
        env={**ENVIRONMENT, 'LANG': locale, **(environment or {})},
        stdout=more.pop('stdout', subprocess.PIPE), stderr=subprocess.PIPE,
        encoding='utf-8', timeout=TIMEOUT, check=False, **given, **more)


def fake(what, command, values, *flags, width=80):
    """(status, output) of fake.c for these values."""
    escape = str.maketrans({'\\': '\\\\', '\n': '\\n', '\t': '\\t',
                            '\033': '\\e'})
    lines = ''.join(f'{path}\t{str(value).translate(escape)}\n'
                    for path, value in values.items())
    done = subprocess.run(
        [FAKE, what, command, str(width), *flags],
        input=lines.encode('utf-8', 'surrogateescape'),
        stdout=subprocess.PIPE, timeout=TIMEOUT, check=False)
    assert done.returncode < 99, done
    return done.returncode, done.stdout.decode('utf-8')


class Lab:
    """A certificate for peer.test and probe.test, and a server that has it."""

    def __init__(self):
        # pylint: disable=consider-using-with
        self.folder = tempfile.TemporaryDirectory()
        self.cert = f'{self.folder.name}/cert.pem'
        self.key = f'{self.folder.name}/key.pem'
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:prime256v1', '-nodes', '-days', '100',
             '-subj', '/CN=peer.test', '-addext',
             'subjectAltName=DNS:peer.test,DNS:probe.test',
             '-keyout', self.key, '-out', self.cert],
            check=True, stderr=subprocess.DEVNULL)
        self.server = subprocess.Popen(
            [PEER, 'serve', self.cert, self.key, 'peer.test'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.server.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stdin.close()
        status = self.server.wait(TIMEOUT)
        self.server.stdout.close()
        self.folder.cleanup()
        equal(status, 0, 'status of peer')

    @property
    def there(self):
        """Options that lead to the server, and trust it."""
        return ('--host', '127.0.0.1', '--port', self.port,
                '--ca-file', self.cert, *BASE)

    @property
    def ours(self):
        """The same as probe.test."""
        return (*self.there, '--cert', self.cert, '--key', self.key)

    def __call__(self, command, *args, **more):
        return s2sprobe(command, 'peer.test', *args, **more)


def at(peer):
    """Options that lead to a scripted peer, in the clear."""
    return ('--host', '127.0.0.1', '--port', peer.port, '--tls', 'none',
            '--from', US)


@contextlib.contextmanager
def started(*args, **more):
    """The program while it runs."""
    with subprocess.Popen(
            [PROGRAM, *map(str, args)], env={**ENVIRONMENT, 'LANG': 'C.UTF-8'},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding='utf-8', **more) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def main():
    with Lab() as lab:
        return run(lab)
