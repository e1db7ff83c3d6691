#!/usr/bin/env python3
"""s2sprobe on a real terminal, that of tmux: colours, its width, Ctrl-C."""
import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile

from tools import (BASE, ENVIRONMENT, PROGRAM, ROOT, TIMEOUT, Peer, at, check, equal, main,
                   silent)

sys.path.insert(1, f'{ROOT}/tests/lab')

from dns_wire import A, SRV, address, srv  # noqa: E402
from responder import Responder, answer  # noqa: E402

SGR = re.compile(r'\033\[[0-9;]*m')


class Terminal:
    """One window in which one command runs."""

    def __init__(self, folder, width, *args, **variables):
        self.socket = f'{folder}/tmux'
        self.environment = {**ENVIRONMENT, 'LANG': 'C.UTF-8', 'SHELL': '/bin/sh',
                            **variables}
        command = shlex.join([PROGRAM, *map(str, args)])
        # It stays until the server is killed.
        script = f'trap : INT; {command}; echo "status=$?"; ' \
            f'tmux -S {self.socket} wait-for -S done; exec cat'
        self.tmux('-f', '/dev/null', '-u', 'new-session', '-d', '-x', str(width), '-y', '120',
                  shlex.join(['sh', '-c', script]))

    def tmux(self, *args):
        return subprocess.run(['tmux', '-S', self.socket, *args], env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              encoding='utf-8', timeout=TIMEOUT, check=True).stdout

    def finished(self, *flags):
        """What is on the screen at the end."""
        self.tmux('wait-for', 'done')
        return self.tmux('capture-pane', '-p', *flags).rstrip('\n')

    def close(self):
        self.tmux('kill-server')


@contextlib.contextmanager
def terminal(width, *args, **variables):
    with tempfile.TemporaryDirectory() as folder:
        window = Terminal(folder, width, *args, **variables)
        try:
            yield window
        finally:
            window.close()


@check('colours, and nothing but colours')
def _(lab):
    with terminal(80, 'connect', 'peer.test', *lab.there) as t:
        text = t.finished('-e')
    assert '\033[32m' in text and '\033[1m' in text, ascii(text)
    assert '\033' not in SGR.sub('', text), ascii(text)
    assert 'status=0' in text, text


@check('no colours with NO_COLOR, or --color never')
def _(lab):
    plain = ['connect', 'peer.test', *lab.there]
    with terminal(80, *plain, NO_COLOR='1') as t:
        assert '\033' not in t.finished('-e')
    with terminal(80, *plain, '--color', 'never') as t:
        assert '\033' not in t.finished('-e')


@check('the width of the terminal')
def _(lab):
    for width in 60, 120:
        with terminal(width, 'connect', 'peer.test', *lab.there) as t:
            lines = t.finished().split('\n')
            joined = t.tmux('capture-pane', '-p', '-J').rstrip('\n')
        equal([line.rstrip() for line in joined.split('\n')],
              [line.rstrip() for line in lines], 'lines that the terminal did not break')
        equal(max(len(line) for line in lines), width, 'the longest line')


@check('a check, in a narrow terminal and in a wide one')
def _(lab):
    there = {('_xmpp-server._tcp.peer.test', SRV): answer(
        (SRV, srv(1, 0, lab.port, 'xmpp.peer.test'))),
             ('xmpp.peer.test', A): answer((A, address('127.0.0.1')))}
    with Responder(there) as dns:
        for width, table in (
                (60, ('target          address     port  tls',
                      '    outcome  version  cert  days +ms',
                      r'xmpp\.peer\.test  127\.0\.0\.1  +\d+  starttls',
                      r'    ok       1\.2 1\.3  ok +\d+ +[0-9.]+')),
                (120, ('target          address     +port  tls       outcome  version  cert'
                       '  days +ms',
                       r'xmpp\.peer\.test  127\.0\.0\.1  +\d+  starttls  ok       1\.2 1\.3  ok'
                       r' +\d+ +[0-9.]+'))):
            with terminal(width, 'check', 'peer.test', '--ca-file', lab.cert, *BASE,
                          '--dns-server', dns.address) as t:
                lines = t.finished().split('\n')
                joined = t.tmux('capture-pane', '-p', '-J').rstrip('\n')
            equal([line.rstrip() for line in joined.split('\n')],
                  [line.rstrip() for line in lines], 'lines that the terminal did not break')
            text = '\n'.join(line.rstrip() for line in lines)
            wanted = '\n'.join(table).replace('address     port', 'address     +port')
            assert re.search(rf'\n{wanted}\n', text), text
            assert 'status=0' in text, text


@check('Ctrl-C: what was seen until then')
def _(_lab):
    with Peer(silent) as peer, terminal(80, 'connect', 'peer.test', *at(peer)) as t:
        peer.await_connections(1)
        t.tmux('send-keys', 'C-c')
        text = t.finished()
    assert 's2sprobe: interrupted' in text and 'status=130' in text, text
    assert re.search(r'^outcome +cancelled', text, flags=re.M), text
    assert re.search(r'^reached +127\.0\.0\.1', text, flags=re.M), text


if __name__ == '__main__':
    assert os.environ.get('S2SPROBE'), 'S2SPROBE must name the program'
    sys.exit(main())
