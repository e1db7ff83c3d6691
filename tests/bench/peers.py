#!/usr/bin/env python3
"""What other tools need for the same work. Run through ../lab/in-namespace.

peers.py one-shot BUILD     one server, one process of each tool: processor time
peers.py batch BUILD SIZE   a list of servers, each tool at its best parallelism
peers.py heap BUILD HEAP    OpenSSL's heap of a session; HEAP (KiB) is ours

peers.py trust PROGRAM DIRECTORY PORT HOST, behind a relay: wall time of one
process with the system's authorities, against one with a single authority

Prints lines "name value goal" (see run). A tool that is not here is left out,
and named.
"""
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN = 'peer.test'
ONE_SHOT_ROUNDS = 7
TRUST_ROUNDS = 15
READ_FEATURES = 'nmap', 'python'


def report(name, value, goal='-', digits=2):
    print(f'{name} {value:.{digits}f} {goal}', flush=True)


def not_measured(name, why):
    print(f'{name} - not measured: {why}', flush=True)


@contextlib.contextmanager
def server(build, port=5269):
    """The small server on all addresses; the directory of its certificates."""
    with tempfile.TemporaryDirectory() as directory:
        with subprocess.Popen([f'{build}/tests/bench/bench-server', directory, str(port)],
                              stdout=subprocess.PIPE, text=True) as process:
            try:
                if not process.stdout.readline().startswith('ready'):
                    sys.exit('peers.py: the server does not start')
                yield directory
            finally:
                process.kill()


def run(command, text=''):
    """(wall, processor time of the whole tree of processes, stdout, most memory)"""
    with tempfile.TemporaryFile('w+') as source, tempfile.TemporaryFile('w+') as out:
        source.write(text)
        source.seek(0)
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=source, stdout=out,
                                   stderr=subprocess.DEVNULL)
        _, process.returncode, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        out.seek(0)
        return wall, usage.ru_utime + usage.ru_stime, out.read(), usage.ru_maxrss * 1024


def missing(command):
    program = 'nmap' if command[0] == 'xargs' and 'nmap' in command else command[0]
    return None if shutil.which(program) else f'{program} is not installed'


# ---- One process for one server ----

def one_shot_commands(build, directory):
    """name: (command, the goal of our processor time by its, what it prints)"""
    at = '127.0.0.1:5269'
    openssl = ['openssl', 's_client', '-starttls', 'xmpp-server', '-xmpphost', DOMAIN,
               '-connect', at]
    return {
        'own': ([f'{build}/tools/s2sprobe', 'connect', DOMAIN, '--from', 'probe.test',
                 '--host', '127.0.0.1', '--ca-file', f'{directory}/ca.pem', '--json'],
                None, '"success":true'),
        'own-system-trust': (
            [f'{build}/tools/s2sprobe', 'connect', DOMAIN, '--from', 'probe.test', '--host',
             '127.0.0.1', '--accept-untrusted', '--json'], None, '"success":true'),
        'openssl': (openssl, '<=0.25', 'TLS'),
        'openssl-without-authorities': (
            [*openssl, '-no-CAfile', '-no-CApath', '-no-CAstore'], '<=0.6', 'TLS'),
        'gnutls-cli': (['gnutls-cli', '--starttls-proto=xmpp', '--no-ca-verification',
                        '-p', '5269', '127.0.0.1'], '-', 'Handshake was completed'),
        'nmap': (nmap('127.0.0.1'), '<=0.05', 'EXTERNAL'),
        'python': ([sys.executable, f'{HERE}/peer_ssl.py', '127.0.0.1', '5269', DOMAIN],
                   '<=0.1', 'EXTERNAL'),
    }


def nmap(*targets):
    return ['nmap', '-Pn', '-n', '-p', '5269', '--script', '+xmpp-info', '--script-args',
            f'xmpp-info.server_name={DOMAIN}', *targets]


def one_shot(build):
    with server(build) as directory:
        commands = one_shot_commands(build, directory)
        for name in [n for n in commands if missing(commands[n][0])]:
            not_measured(f'one-shot.{name}', missing(commands.pop(name)[0]))
        cpu = {name: [] for name in commands}
        wall = {name: [] for name in commands}
        for _ in range(ONE_SHOT_ROUNDS):
            for name, (command, _, expected) in commands.items():
                seconds, used, out, _ = run(command)
                if expected not in out:
                    sys.exit(f'peers.py: {name} did not come through:\n{out}')
                cpu[name].append(used)
                wall[name].append(seconds)
    report('one-shot.own-cpu-ms', statistics.median(cpu['own']) * 1e3)
    report('one-shot.own-wall-ms', statistics.median(wall['own']) * 1e3)
    for name, (_, goal, _) in commands.items():
        if goal is not None:
            by = statistics.median(a / b for a, b in zip(cpu['own'], cpu[name]))
            report(f'one-shot.own-by-{name}-cpu', by, goal, 3)
            by = statistics.median(a / b for a, b in zip(wall['own'], wall[name]))
            report(f'one-shot.own-by-{name}-wall', by,
                   '<=1' if name in READ_FEATURES else '-', 3)
    if 'openssl' in commands:
        by = statistics.median(
            a / b for a, b in zip(cpu['own-system-trust'], cpu['openssl']))
        report('one-shot.own-system-trust-by-openssl-cpu', by, '<=0.45', 3)


# ---- Trust, behind a relay ----

def trust(program, directory, port, host):
    common = [program, 'connect', DOMAIN, '--from', 'probe.test', '--host', host, '--port',
              port, '--json', '--accept-untrusted']
    wall = {False: [], True: []}
    for _ in range(TRUST_ROUNDS):
        for system in wall:
            authority = [] if system else ['--ca-file', f'{directory}/ca.pem']
            seconds, _, out, _ = run([*common, *authority])
            if '"success":true' not in out:
                sys.exit(f'peers.py: no success: {out}')
            wall[system].append(seconds * 1e3)
    report('one-shot.behind-relay-ms', statistics.median(wall[False]), digits=1)
    report('one-shot.behind-relay-system-trust-more-ms',
           statistics.median(wall[True]) - statistics.median(wall[False]), '<=5', 1)


# ---- A list of servers ----

class Batch:
    """One tool at work on a list: how it is called with so many at once, and how
    many of its answers are whole."""

    def __init__(self, name, at_once, command, source, whole):
        self.name, self.at_once, self.command = name, at_once, command
        self.source, self.whole = source, whole

    def run(self, hosts, at_once):
        wall, cpu, out, memory = run(self.command(at_once), self.source(hosts))
        return wall, cpu, out.count(self.whole), memory

    def best(self, hosts):
        walls = {n: self.run(hosts, n)[0] for n in self.at_once}
        return min(walls, key=walls.get)


def hosts_of(size):
    return [f'127.1.{i // 250}.{i % 250 + 1}' for i in range(size)]


def requests(hosts):
    return ''.join(json.dumps({'id': i, 'toDomain': f'd{i}.{DOMAIN}', 'host': host, 'port': 5269})
                   + '\n' for i, host in enumerate(hosts))


def batches(build, directory):
    def lines(hosts):
        return ''.join(host + '\n' for host in hosts)
    return [
        Batch('own', (64, 256, 1000),
              lambda n: [f'{build}/tools/s2sprobe', 'batch', '--from', 'probe.test',
                         '--ca-file', f'{directory}/ca.pem', '--concurrency', str(n)],
              requests, '"success":true'),
        Batch('nmap', (20, 100, 300),
              lambda n: nmap('-iL', '-', '--max-parallelism', str(n), '--min-hostgroup',
                             '1024'),
              lines, 'xmpp-info:'),
        Batch('openssl', (2, 4, 8, 32),
              lambda n: ['xargs', '-P', str(n), '-I{}', 'openssl', 's_client', '-starttls',
                         'xmpp-server', '-xmpphost', DOMAIN, '-connect', '{}:5269'],
              lines, 'Cipher is TLS'),
    ]


def batch(build, size):
    hosts = hosts_of(size)
    seen = {}
    with server(build) as directory:
        for tool in batches(build, directory):
            if tool.name != 'own' and not shutil.which(tool.name):
                not_measured(f'batch.{tool.name}', f'{tool.name} is not installed')
                continue
            at_once = tool.best(hosts[:min(size, 200)])
            wall, cpu, whole, memory = tool.run(hosts, at_once)
            if whole > 0:
                seen[tool.name] = wall, cpu
            report(f'batch.{tool.name}-at-once', at_once, digits=0)
            report(f'batch.{tool.name}-wall-s', wall)
            report(f'batch.{tool.name}-cpu-s', cpu)
            report(f'batch.{tool.name}-without-answer', size - whole,
                   '<=0' if tool.name == 'own' else '-', 0)
            if tool.name == 'own':
                report('batch.own-max-rss-MB', memory / 1e6, '<=200', 0)
                report('batch.own-cpu-us', cpu / size * 1e6, digits=0)
    for name, goal in ('nmap', '<=0.3'), ('openssl', '<=0.12'):
        if {name, 'own'} <= seen.keys():
            report(f'batch.own-by-{name}-cpu', seen['own'][1] / seen[name][1], goal, 3)
            report(f'batch.own-by-{name}-wall', seen['own'][0] / seen[name][0], '<=1', 3)


# ---- OpenSSL's heap ----

def heap(build, own):
    count = 1000
    with server(build):
        theirs = float(subprocess.run(
            [sys.executable, f'{HERE}/openssl_heap.py', '5269', str(count)], check=True,
            stdout=subprocess.PIPE, text=True).stdout)
    report('heap.openssl-session-KiB', theirs)
    report('heap.idle-stream-by-openssl', own / theirs, '<=0.5')


def main(what, *args):
    if what == 'one-shot':
        one_shot(*args)
    elif what == 'trust':
        trust(*args)
    elif what == 'batch':
        batch(args[0], int(args[1]))
    elif what == 'heap':
        heap(args[0], float(args[1]))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(*sys.argv[1:])
