#!/usr/bin/env python3
"""How s2sprobe ends: every exit status, signals, and output that cannot be
written."""
import json
import os
import signal
import socket
import sys
import tempfile

from tools import (HEADER, TIMEOUT, US, Peer, at, check, equal, main,
                   s2sprobe, says, silent, started)


def ended(done, status, stderr=''):
    equal(done.returncode, status, f'status of {done}')
    if stderr:
        assert done.stderr.startswith('s2sprobe: '), done
        assert stderr in done.stderr, done
    else:
        equal(done.stderr, '', f'standard error of {done}')


@check('0: connect, ping, send')
def _(lab):
    ended(lab('connect', *lab.there), 0)
    ended(lab('connect', '--authenticate', *lab.ours), 0)
    ended(lab('ping', *lab.there), 0)
    ended(lab('ping', *lab.ours), 0)
    stanza = ("<iq type='get' id='x1' from='probe.test' to='peer.test'>"
              "<ping xmlns='urn:xmpp:ping'/></iq>")
    for args, text in ((stanza,), None), (('-',), stanza):
        done = lab('send', *args, *lab.ours, text=text)
        ended(done, 0)
        assert "id='x1'" in done.stdout, done


@check('0: options may come first, and mean what they say')
def _(lab):
    done = s2sprobe('-q', *lab.ours, '--no-bidi', '--no-dialback', 'connect',
                    'peer.test', '--authenticate', '--tls', 'direct',
                    '--timeout', '30.5')
    ended(done, 0)
    equal(done.stdout, '')


@check('0 and 1: STARTTLS asked for with the header')
def _(lab):
    for args, used in ((), False), (('--pipeline',), True):
        done = lab('connect', *args, '--json', *lab.there)
        ended(done, 0)
        equal(json.loads(done.stdout).get('pipelined', False), used)
    with Peer(says(HEADER + b'</stream:stream>')) as peer:
        done = s2sprobe('connect', 'localhost', '--pipeline', '--host', '127.0.0.1',
                        '--port', peer.port, '--tls', 'starttls', '--from', US)
    ended(done, 1)
    assert 'warning  pipelined' in done.stdout, done


@check('0: an internationalized domain')
def _(_lab):
    header = HEADER.replace(b"from='localhost'", b"from='xn--bcher-kva.test'")
    for locale in 'C', 'C.UTF-8':
        with Peer(says(header + b'<stream:features/>')) as peer:
            ended(s2sprobe('connect', 'bücher.test', *at(peer),
                           locale=locale), 0)


@check('1: a verdict')
def _(lab):
    for args in ((), ('--json',), ('--quiet',)):
        done = lab('connect', '--host', '127.0.0.1', '--port', lab.port,
                   '--from', US, '--ca-file', '/etc/ssl/certs/ca-certificates.crt',
                   *args)
        ended(done, 1, 'certificate' if '--quiet' in args else '')
        assert ('cert_' in done.stdout) != ('--quiet' in args), done
    done = s2sprobe('connect', 'other.test', *lab.there)
    ended(done, 1)
    assert 'host_unknown' in done.stdout, done


@check('2: the command line')
def _(lab):
    for words, args in {
            'connect, ping, send or check, and a domain; or batch': (),
            'not: look': ('look', 'peer.test'),
            'a domain is missing': ('connect',),
            'a stanza is missing': ('send', 'peer.test'),
            'one word too many: x': ('ping', 'peer.test', 'x'),
            'not an option, or not with a value: --y': ('ping', 'peer.test', '--y'),
            'not an option, or not with a value: -e': ('ping', '-example.test'),
            'not an option, or not with a value: --json=x': ('ping', 'peer.test', '--json=x'),
            'wants a value: --host': ('ping', 'peer.test', '--host'),
            '--port wants': ('ping', 'peer.test', '--port', '65536'),
            '--tls wants': ('ping', 'peer.test', '--tls', 'on'),
            '--timeout wants': ('ping', 'peer.test', '--timeout', '600.001'),
            '--interval wants': ('ping', 'peer.test', '--interval', '0'),
            '--count wants': ('ping', 'peer.test', '--count', '1001'),
            '--ping-method wants': ('ping', 'peer.test', '--ping-method', 'x'),
            '--color wants': ('ping', 'peer.test', '--color', 'x'),
            '--warning wants': ('ping', 'peer.test', '-w', '1h'),
            '--critical wants': ('ping', 'peer.test', '-c', '-1'),
            'are for --nagios': ('ping', 'peer.test', '-w', '3'),
            '--dns-server wants': ('ping', 'peer.test',
                                   *['--dns-server', '127.0.0.1'] * 17),
            '--service wants': ('check', 'peer.test', *['--service', 'a.'] * 9),
            '--service is for': ('connect', 'peer.test', '--service', 'a.'),
            '--listen wants an address': ('ping', 'peer.test', '--listen', ''),
            '--cert and --key belong': ('ping', 'peer.test', '--cert', 'x'),
            '--password-file is for': ('ping', 'peer.test', '--password-file', 'x'),
            'takes --from': ('connect', 'peer.test', '--authenticate'),
            '--authenticate is for': ('ping', 'peer.test', '--authenticate',
                                      '--from', US),
            '--count is for': ('connect', 'peer.test', '--count', '2'),
            '--interval is for': ('check', 'peer.test', '--interval', '2'),
            '--ping-method is for': ('check', 'peer.test', '--from', US,
                                     '--ping-method', 'iq'),
            'one of --json': ('ping', 'peer.test', '-jq'),
            'more than 600': ('ping', 'peer.test', '--count', '100',
                              '--interval', '10')}.items():
        done = s2sprobe(*args)
        ended(done, 2, words)
        assert done.stderr.endswith('see s2sprobe(1) or --help\n'), done
        equal(done.stdout, '')
    # Files, after the line itself.
    with tempfile.TemporaryDirectory() as folder:
        for option in '--ca-file', '--cert', '--key', '--secret-file':
            args = [*lab.ours, option, f'{folder}/gone']
            ended(lab('connect', *args), 2, f'{folder}/gone')
        with open(f'{folder}/two', 'w', encoding='utf-8') as f:
            f.write('a\nb\n')
        ended(lab('connect', *lab.ours, '--password-file', f'{folder}/two'), 2,
              'not one line')
    ended(lab('connect', *lab.ours, '--listen', 'x:1'), 2, '--listen')
    ended(lab('send', '-', *lab.ours, text='a\0b'), 2, 'standard input')


@check('3: nothing there, or no XMPP')
def _(_lab):
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    done = s2sprobe('connect', 'peer.test', '--host', '127.0.0.1', '--port',
                    port, '--from', US)
    ended(done, 3)
    with Peer(says(b'HTTP/1.1 400 no\r\n\r\n')) as peer:
        done = s2sprobe('ping', 'peer.test', *at(peer))
    ended(done, 3)
    assert 'not_xmpp' in done.stdout, done


@check('4: the deadline')
def _(_lab):
    with Peer(silent) as peer:
        done = s2sprobe('connect', 'peer.test', *at(peer), '--timeout', '.05')
    ended(done, 4)
    assert 'timeout' in done.stdout, done


@check('5: what the library does not take from us')
def _(lab):
    done = s2sprobe('connect', 'no domain', '--from', US)
    ended(done, 5, 'no domain: domain: ')
    equal(done.stdout, '')
    ended(s2sprobe('connect', 'peer.test', '--from', 'no domain'), 5, '--from: ')
    ended(lab('send', '<stream/>', *lab.ours), 5, 'stanza')
    ended(lab('connect', '--xml-to', 'a b', '--from', US), 5, '--xml-to: ')
    ended(lab('check', '--service', 'a b', '--from', US), 5, '--service: ')
    ended(s2sprobe('connect', 'peer.test\033[2J', '--from', US), 5,
          'peer.test\ufffd[2J: domain: ')


@check('6: a full disk, a closed pipe, no output at all')
def _(lab):
    for args in ((), ('--json',), ('--nagios',)):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            ended(lab('connect', *lab.there, *args, stdout=full), 6,
                  'standard output: No space left on device')
        reading, writing = os.pipe()
        os.close(reading)
        ended(lab('connect', *lab.there, *args, stdout=writing), 6,
              'standard output: Broken pipe')
        os.close(writing)
        ended(lab('connect', *lab.there, *args,
                  preexec_fn=lambda: os.close(1)), 6, 'standard output: ')
    for option in '--help', '--version':
        with open('/dev/full', 'w', encoding='utf-8') as full:
            ended(s2sprobe(option, stdout=full), 6, 'standard output: ')


@check('what is closed at the start is no socket later')
def _(_lab):
    with Peer(silent) as peer, started('connect', 'peer.test', *at(peer),
                                       preexec_fn=lambda: os.closerange(0, 3)) as p:
        peer.await_connections(1)
        equal([os.readlink(f'/proc/{p.pid}/fd/{n}') for n in range(3)], ['/dev/null'] * 3)
        p.kill()
        p.communicate(timeout=TIMEOUT)


@check('128 and the signal: stopped, and what was seen is told')
def _(_lab):
    for number in signal.SIGINT, signal.SIGTERM:
        with Peer(silent) as peer, started('connect', 'peer.test', *at(peer)) as p:
            peer.await_connections(1)
            p.send_signal(number)
            out, errors = p.communicate(timeout=TIMEOUT)
        equal((p.returncode, errors), (128 + number, 's2sprobe: interrupted\n'))
        assert 'cancelled' in out and '127.0.0.1' in out, out
    with Peer(silent) as peer, \
            started('connect', 'peer.test', *at(peer), '--nagios') as p:
        peer.await_connections(1)
        p.send_signal(signal.SIGTERM)
        out, _ = p.communicate(timeout=TIMEOUT)
    equal(p.returncode, 3)
    assert out.startswith('S2SPROBE UNKNOWN - '), out


@check('who asks: this machine, when its name is a domain')
def _(lab):
    with tempfile.NamedTemporaryFile('w', suffix='.hosts') as hosts:
        hosts.write('127.0.0.1 known.machine.test known\n'
                    '127.0.0.1 localhost.localdomain odd\n')
        hosts.flush()
        for name, asks in (('probe.machine.test', 'probe.machine.test'),
                           ('known', 'known.machine.test'),
                           ('odd', None), ('localhost', None)):
            done = s2sprobe('connect', 'peer.test', *lab.there[:-2], environment={
                'LD_PRELOAD': 'libnss_wrapper.so', 'NSS_WRAPPER_HOSTNAME': name,
                'NSS_WRAPPER_DISABLE_DEEPBIND': '1', # sanitizers do not bear it
                'NSS_WRAPPER_HOSTS': hosts.name})
            ended(done, 0 if asks else 2, '' if asks else '--from')
            assert f'asked by {asks}\n' in done.stdout or not asks, done


if __name__ == '__main__':
    sys.exit(main())
