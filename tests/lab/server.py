"""What all servers of the lab have in common: a directory, processes, readiness."""
import ctypes
import glob
import os
import shutil
import signal
import socket
import string
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
READY_SECONDS = 60  # ejabberd needs 2 s alone, 13 s on a busy machine
STOP_SECONDS = 15
NOBODY = 65534
PR_SET_PDEATHSIG = 1


class LabError(Exception):
    """A server is missing or does not start."""


def unprivileged_uid():
    """The uid for the servers, or None: stay what we are."""
    if os.geteuid() != 0:
        return None
    try:
        with open('/proc/self/uid_map', encoding='ascii') as f:
            ranges = [[int(n) for n in line.split()] for line in f]
    except OSError:
        return NOBODY
    return NOBODY if any(first <= NOBODY < first + count
                         for first, _, count in ranges) else None


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def find_program(name):
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    found = shutil.which(name, path=path)
    if not found:
        raise LabError(f'{name} is not installed')
    return found


def find_one(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        raise LabError(f'nothing matches {pattern}')
    return found[-1]


def port_open(address, port):
    with socket.socket() as s:
        s.settimeout(5)
        return s.connect_ex((address, port)) == 0


class Server:
    """A server's directory and processes. Subclasses say what to run."""
    configs = ()
    port = 5269
    drops = True  # give it the unprivileged uid from the start

    def __init__(self, lab, name, address, domain, **settings):
        self.lab, self.name, self.address, self.domain = lab, name, address, domain
        self.dir = os.path.join(lab.dir, name)
        self.settings = settings
        self.processes = []

    def begin(self):
        """Start it; wait() tells when it is ready."""
        os.mkdir(self.dir)
        values = dict(self.settings, dir=self.dir, address=self.address,
                      domain=self.domain, ca_dir=self.lab.ca_dir,
                      dns_port=self.lab.dns_port)
        for config in self.configs:
            with open(os.path.join(HERE, 'conf', config), encoding='utf-8') as f:
                text = string.Template(f.read()).substitute(values)
            with open(self.path(config), 'w', encoding='utf-8') as f:
                f.write(text)
            os.chmod(self.path(config), 0o644)
        self.lab.give(self.dir)
        self.run()

    def run(self):
        raise NotImplementedError

    def ready(self):
        return port_open(self.address, self.port)

    def path(self, name):
        return os.path.join(self.dir, name)

    def who(self):
        if not self.drops or self.lab.uid is None:
            return {}
        return {'user': self.lab.uid, 'group': self.lab.uid, 'extra_groups': []}

    def spawn(self, program, *args, **env):
        with open(self.path('output'), 'ab') as out:
            self.processes.append(subprocess.Popen(
                [find_program(program), *args], cwd=self.dir, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
                preexec_fn=die_with_parent,
                env=dict(os.environ, HOME=self.dir, LC_ALL='C.UTF-8', **env), **self.who()))

    def call(self, program, *args):
        """What a program prints that ends by itself."""
        done = subprocess.run([find_program(program), *args], cwd=self.dir, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              **self.who())
        if done.returncode != 0:
            raise LabError(f'{program} {" ".join(args)}: {done.stdout}{done.stderr}')
        return done.stdout

    def wait(self):
        self.until(self.ready)

    def until(self, condition):
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if any(p.poll() is not None for p in self.processes):
                raise LabError(f'{self.name} ended while starting:\n{self.logs()}')
            if time.monotonic() > deadline:
                raise LabError(f'{self.name} is not ready after '
                               f'{READY_SECONDS} s:\n{self.logs()}')
            time.sleep(0.02)  # a port that opens raises no event

    def stop(self):
        for p in self.processes:
            p.terminate()
        for p in self.processes:
            try:
                p.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(p.pid, signal.SIGKILL)  # whatever it left behind
            except (ProcessLookupError, PermissionError):
                pass
            p.wait()
        self.processes = []

    def read(self, name):
        try:
            with open(self.path(name), encoding='utf-8', errors='replace') as f:
                return f.read()
        except OSError:
            return ''

    def logs(self):
        return '\n'.join(self.read(n)[-2000:] for n in sorted(os.listdir(self.dir))
                         if n == 'output' or 'log' in n)
