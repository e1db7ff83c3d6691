#!/usr/bin/env python3
"""s2sprobe batch: lines of all kinds, and the answer to each."""
import json
import os
import subprocess
import sys
import tempfile
import zlib

from batches import GREEDY, NoSuchName, batch, by_line, nowhere, to
from tools import (FEATURES, HEADER, TIMEOUT, US, Peer, check, equal, main, s2sprobe,
                   says)


@check('the answer is the result, after the id and the line')
def _(_lab):
    with Peer(says(HEADER.replace(b'localhost', b'peer.test') +
                   b'<stream:features/>')) as peer:
        (found,), errors = batch('{"id":"x","toDomain":"peer.test"}\n', *to(peer.port))
        single = s2sprobe('connect', 'peer.test', '--json', *to(peer.port)[:-len(GREEDY)])
    equal(errors, '')
    assert found.text.startswith(b'{"id":"x","line":1,"success":true,'), found.text
    del found['id'], found['line']
    equal(found.keys(), json.loads(single.stdout).keys())


@check('bare domains: blanks, comments, CRLF, a byte order mark, no last newline')
def _(_lab):
    text = '\ufeffa.test\r\n\r\n  \t\n# b.test\n   c.test \t\r\nD.TEST\nbücher.test'
    found = by_line(batch(text, *nowhere())[0])
    equal({line: a['to'] for line, a in found.items()},
          {1: 'a.test', 5: 'c.test', 6: 'd.test', 7: 'bücher.test'})
    equal({a['code'] for a in found.values()}, {'connect'})
    equal(batch('', *nowhere()), ([], ''))
    equal(batch('\ufeff', *nowhere()), ([], ''))
    equal(batch('\n\r\n#', *nowhere()), ([], ''))


IDS = [b'1', b'1.0', b'-0', b'1e400', b'1E-400', b'123456789012345678901234567890', b'0.10',
       b'null', b'true', b'false', b'""', b'"a b"', b'"\\u00e9\\ud800\\n\\/"',
       '"é\u2028"'.encode(), b'[]', b'{}', b'[1, {"a" :\t[null]}, "]"]',
       b'{"id":"inner","toDomain":5}', b'[' * 30 + b']' * 30, b'"' + b'x' * 60000 + b'"']


@check('ids: any value, byte for byte, and any number of the same')
def _(_lab):
    lines = [b'{"toDomain": "a.test" , "id" : ' + i + b' }' for i in IDS] * 2
    found = by_line(batch(b'\n'.join(lines), *nowhere())[0])
    equal(len(found), len(lines))
    for number, one in enumerate(IDS * 2, 1):
        start = b'{"id":' + one + b',"line":%d,' % number
        assert found[number].text.startswith(start), found[number].text[:200]
    # Also where the rest is wrong.
    lines = [b'{"id":' + i + b',"port":0,"toDomain":"a.test"}' for i in IDS]
    found = by_line(batch(b'\n'.join(lines), *nowhere())[0])
    for number, one in enumerate(IDS, 1):
        start = b'{"id":' + one + b',"line":%d,"success":false,' % number
        assert found[number].text.startswith(start), found[number].text[:200]


BAD = {
    b'{': 'invalid_json', b'{"id":1': 'invalid_json', b'{}{}': 'invalid_json',
    b'{"id":01,"toDomain":"a.test"}': 'invalid_json', b'{"id":1.}': 'invalid_json',
    b'{"id":.5}': 'invalid_json', b'{"id":1e}': 'invalid_json', b'{"id":+1}': 'invalid_json',
    b'{"id":NaN}': 'invalid_json', b'{"id":tru}': 'invalid_json', b"{'id':1}": 'invalid_json',
    b'{"id":"\t"}': 'invalid_json', b'{"id":"\\x"}': 'invalid_json',
    b'{"id":"\\u12g4"}': 'invalid_json', b'{"id":[1,]}': 'invalid_json',
    b'{"id":1,}': 'invalid_json', b'{"id" 1}': 'invalid_json', b'{"id":[}': 'invalid_json',
    b'{"id":' + b'[' * 40 + b']' * 40 + b'}': 'invalid_json', b'{id:1}': 'invalid_json',
    b'{"id":1,"id":1}': 'invalid_json', b'{"op":"ping","\\u006fp":"ping"}': 'invalid_json',
    b'{"id":"' + b'x' * 70: 'invalid_json',
    b'{}': 'missing_field', b'{"toDomain":""}': 'missing_field',
    b'{"toDomain":null}': 'missing_field', b'{"discover":true}': 'missing_field',
    b'{"toDomain":"a.test","prot":1}': 'invalid_field',
    b'{"toDomain":"a.test","' + b'x' * 90 + b'":1}': 'invalid_field',
    b'{"toDomain":"a.test","\\n\\"":1}': 'invalid_field',
    b'{"toDomain":5}': 'invalid_field', b'{"toDomain":"a\\u0000b"}': 'invalid_field',
    b'{"toDomain":"a\\ud800b"}': 'invalid_field',
    b'{"toDomain":"a\\ud800\\u0041b"}': 'invalid_field',
    b'{"toDomain":"' + b'x' * 1024 + b'"}': 'invalid_field',
    b'{"toDomain":"a.test","port":65536}': 'invalid_field',
    b'{"toDomain":"a.test","port":1.5}': 'invalid_field',
    b'{"toDomain":"a.test","port":"1"}': 'invalid_field',
    b'{"toDomain":"a.test","port":1e400}': 'invalid_field',
    b'{"toDomain":"a.test","port":5,"discover":true}': 'invalid_field',
    b'{"toDomain":"a.test","timeout":600001}': 'invalid_field',
    b'{"toDomain":"a.test","tls":"on"}': 'invalid_field',
    b'{"toDomain":"a.test","useTLS":1}': 'invalid_field',
    b'{"toDomain":"a.test","dane":"yes"}': 'invalid_field',
    b'{"toDomain":"a.test","pipeline":1}': 'invalid_field',
    b'{"toDomain":"a.test","op":"send"}': 'invalid_field',
    b'{"toDomain":"a.test","op":7}': 'invalid_field',
    b'{"toDomain":"a.test","pingMethod":"x"}': 'invalid_field',
    b'{"toDomain":"a.test","count":1001}': 'invalid_field',
    b'{"toDomain":"a.test","services":"x"}': 'invalid_field',
    b'{"toDomain":"a.test","services":[""]}': 'invalid_field',
    b'{"toDomain":"a.test","services":["1","2","3","4","5","6","7","8","9"]}': 'invalid_field',
    b'x' * 1024: 'invalid_field',
    b'a.test\0': 'bad_request', b'\xff.test': 'bad_request', b'\xc0\xaf': 'bad_request',
    b'{"id":"\xed\xa0\x80"}': 'bad_request', b'a\xe2\x82': 'bad_request',
    b'x' * 65537: 'too_large', b'{"id":"' + b'x' * 300000 + b'"}': 'too_large',
    b'no domain': 'invalid_argument', b'[1]': 'invalid_argument', b'"a.test"': 'invalid_argument',
    b'{"host":"192.0.2.1"}': 'invalid_argument',
    b'{"toDomain":"a.test","host":"a b"}': 'invalid_argument',
    b'{"toDomain":"a.test","xmlTo":"a b"}': 'invalid_argument',
}


@check('bad lines: an error each, and the others are not disturbed')
def _(_lab):
    lines = [part for line in BAD for part in (line, b'ok.test')]
    options = nowhere()
    for end in b'\n', b'\r\n':
        found = by_line(batch(end.join(lines), *options)[0])
        equal(len(found), len(lines))
        for number, line in enumerate(lines, 1):
            answer = found[number]
            equal(answer['code'], BAD.get(line, 'connect'), f'code for {line[:80]}')
            equal(answer['success'], False)
            assert answer['error'], answer
    # The longest that there can be.
    line = b'{"toDomain":"a.test","id":"' + b'x' * (65536 - 29) + b'"}'
    equal(len(line), 65536)
    for end in b'', b'\n', b'\r\n':
        (answer,), _ = batch(line + end, *options)
        equal(answer['code'], 'connect')
    equal(batch(line + b' \n', *options)[0][0]['code'], 'too_large')
    # Without a newline, much longer than what is read at once.
    equal(batch(b'x' * 10_000_000, *options)[0], [
        {'line': 1, 'success': False, 'code': 'too_large',
         'error': 'the line is longer than 65536 bytes'}])


@check('no JSON text is taken that is none, and all others')
def _(_lab):
    pieces = ['{', '}', '[', ']', ',', ':', '"', '"a"', '1', '-', '.', 'e', 'null', ' ']
    texts = [a + b + c for a in pieces for b in pieces for c in pieces]
    lines = ['{"id":%s}' % t for t in texts]
    found = by_line(batch('\n'.join(lines), '--from', US)[0])
    for number, line in enumerate(lines, 1):
        try:
            pairs = json.loads(line, object_pairs_hook=list)
            wanted = 'missing_field' if len(pairs) == 1 else 'invalid_field'
        except json.JSONDecodeError:
            wanted = 'invalid_json'
        if wanted == 'invalid_field':  # such as {"id":1,"a":1}
            wanted = found[number]['code']
            assert wanted in ('invalid_field', 'invalid_json'), found[number]
        equal(found[number]['code'], wanted, f'code for {line}')


@check('members of a line win over the command line')
def _(lab):
    with Peer(says(FEATURES)) as peer:
        lines = [{'toDomain': 'peer.test', 'op': 'ping'},
                 {'toDomain': 'peer.test', 'op': 'ping', 'pingMethod': 'iq'},
                 {'toDomain': 'peer.test', 'op': 'check', 'discover': False,
                  'host': '127.0.0.1', 'services': ['muc.']},
                 {'toDomain': 'peer.test', 'useTLS': False, 'host': '127.0.0.1',
                  'port': peer.port, 'fromDomain': US},
                 {'toDomain': 'other.test'},
                 {'toDomain': 'peer.test', 'tls': 'direct', 'timeout': 20000},
                 {'toDomain': 'peer.test', 'port': lab.port + 0.0, 'op': None},
                 {'host': 'peer.test', 'discover': True, 'timeout': 1}]
        found = by_line(batch('\n'.join(map(json.dumps, lines)), *lab.there, *GREEDY,
                              '--dns-server', '127.0.0.1:1')[0])
    equal(found[1]['success'], True)
    equal(found[1]['pingMethod'], 'dialback-verify')
    equal(found[2]['success'], False)
    equal(found[2]['code'], 'policy')
    assert 'rows' in found[3], found[3]
    assert 'muc.peer.test' in found[3].text.decode(), found[3]
    equal((found[4]['from'], found[4]['port']), (US, peer.port))
    equal(found[5]['code'], 'stream_error')
    equal(found[6]['tls']['mode'], 'direct')
    equal(found[7]['success'], True)
    assert found[8]['code'] in ('dns', 'timeout') and found[8]['port'] == 5269, found[8]


@check('pipeline: by the line, or by the command line')
def _(lab):
    lines = [{'toDomain': 'peer.test'}, {'toDomain': 'peer.test', 'pipeline': True},
             {'toDomain': 'peer.test', 'pipeline': False},
             {'toDomain': 'peer.test', 'pipeline': None}]
    for args, used in ((), {2}), (('--pipeline',), {1, 2, 4}):
        found = by_line(batch('\n'.join(map(json.dumps, lines)), *lab.there, *GREEDY, *args)[0])
        equal({a['success'] for a in found.values()}, {True})
        equal({n for n, a in found.items() if a.get('pipelined')}, used)


@check('--op, and options of the other commands, for every line')
def _(lab):
    text = 'peer.test\n' * 3
    for op, has in ('ping', 'pingMethod'), ('check', 'rows'), ('connect', 'features'):
        found, _ = batch(text, '--op', op, *lab.there, *GREEDY)
        equal([a['success'] for a in found], [True] * 3)
        assert all(has in a for a in found), found
    found, _ = batch(text, '--op', 'ping', '--count', '2', '--interval', '.001', *lab.ours,
                     *GREEDY)
    equal([(a['pingMethod'], len(a['pings'])) for a in found], [('iq', 2)] * 3)
    found, _ = batch('peer.test', '--authenticate', *lab.ours)
    equal(found[0]['auth']['external'], 'success')


@check('who asks: said in a line, when the machine has no name')
def _(lab):
    options = [*lab.there[:-2], *GREEDY]
    (first, second), _ = batch(
        'peer.test\n{"toDomain":"peer.test","fromDomain":"probe.test"}\n', *options,
        LD_PRELOAD='libnss_wrapper.so', NSS_WRAPPER_HOSTNAME='localhost',
        NSS_WRAPPER_DISABLE_DEEPBIND='1', NSS_WRAPPER_HOSTS='/dev/null')
    equal((first['line'], first['code']), (1, 'missing_field'))
    equal((second['line'], second['success']), (2, True))


@check('files: a name, -, a pipe, none, a folder')
def _(_lab):
    options = nowhere()
    with tempfile.TemporaryDirectory() as folder:
        with open(f'{folder}/list', 'w', encoding='utf-8') as f:
            f.write('a.test\nb.test\n')
        for name, text in (f'{folder}/list', ''), ('-', 'a.test\nb.test\n'):
            found, errors = batch(text, name, *options)
            equal(by_line(found).keys(), {1, 2})
            equal(errors, '')
        os.mkfifo(f'{folder}/pipe')
        with subprocess.Popen(['cp', f'{folder}/list', f'{folder}/pipe']) as writer:
            equal(len(batch('', f'{folder}/pipe', *options)[0]), 2)
            equal(writer.wait(TIMEOUT), 0)
        equal(batch('', f'{folder}/gone', *options, status=2),
              ([], f's2sprobe: {folder}/gone: No such file or directory\n'))
        equal(batch('', folder, *options, status=8),
              ([], f's2sprobe: {folder}: line 1: Is a directory\n'))
        # From where the one that is shared stands.
        with open(f'{folder}/list', encoding='utf-8') as f:
            os.lseek(f.fileno(), len('a.test\n'), os.SEEK_SET)
            done = s2sprobe('batch', *options, stdin=f)
        equal(json.loads(done.stdout)['to'], 'b.test')


@check('options: what is wrong with them')
def _(_lab):
    for words, args in {
            'that option is for batch': ('connect', 'a.test', '--rate', '5'),
            'for batch': ('check', 'a.test', '--no-progress'),
            'one word too many: b': ('batch', 'a', 'b'),
            '--op wants': ('batch', '--op', 'send'),
            '--concurrency wants': ('batch', '--concurrency', '0'),
            '--rate wants': ('batch', '--rate', 'x'),
            '--per-host wants': ('batch', '--per-host', '0'),
            '--host-rate wants': ('batch', '--host-rate', 'all'),
            '--handshakes wants': ('batch', '--handshakes', '-1'),
            'I from 0 to N - 1: 2/2': ('batch', '--shard', '2/2'),
            '--shard wants': ('batch', '--shard', '0'),
            'I from 0 to N - 1: /2': ('batch', '--shard', '/2')}.items():
        done = s2sprobe(*args)
        equal(done.returncode, 2, f'status of {args}')
        assert words in done.stderr, done
    done = s2sprobe('batch', '--nagios')
    equal((done.returncode, '--nagios is not for batch' in done.stdout), (3, True))
    done = s2sprobe('batch', '--ca-file', '/gone', '--from', US)
    equal((done.returncode, '--ca-file: ' in done.stderr), (2, True))


# ---- Shards ----------------------------------------------------------------------------


def names():
    """A thousand, each as its A-labels, and another way to write it."""
    for n in range(1000):
        stem = ('host', 'bücher', 'STRASSE', 'пример', 'a-b')[n % 5]
        unicode = f'{stem}{n}.example'
        plain = unicode.encode('idna').decode().lower()
        yield plain, (unicode.upper() if n % 2 else unicode + '.' * (n % 3 == 0))


@check('shards: each line has one, whatever way its domain is written')
def _(_lab):
    known, options = list(names()), nowhere()
    for shards, place in (1, 0), (7, 0), (7, 1):
        text = '\n'.join(n[place] for n in known)
        seen = {}
        for shard in range(shards):
            found = by_line(batch(text, '--shard', f'{shard}/{shards}', *options)[0])
            for line in found:
                assert line not in seen, line
                seen[line] = shard
        equal(seen, {i: zlib.crc32(plain.encode()) % shards
                     for i, (plain, _) in enumerate(known, 1)})


@check('shards: the same for ever')
def _(_lab):
    options = nowhere()
    for name, crc in {'example.org': 0xa05932df, 'localhost': 0x9ec20823,
                      'xn--bcher-kva.example': 0x77ec5c36}.items():
        lines = [name, name.upper(), json.dumps({'toDomain': name}), json.dumps({'host': name})]
        for shards in 2, 1000000:
            found, _ = batch('\n'.join(lines), '--shard', f'{crc % shards}/{shards}', *options)
            equal(len(found), 4)


@check('shards: bad lines have one, too')
def _(_lab):
    lines = [*BAD, b'x' * 70000, b'x' * 70001]
    options = nowhere()
    seen = sorted(line for shard in range(3) for line in by_line(
        batch(b'\n'.join(lines), '--shard', f'{shard}/3', *options)[0]))
    equal(seen, list(range(1, len(lines) + 1)))


# ---- Many ------------------------------------------------------------------------------


@check('10,000 names that do not exist: an answer each')
def _(_lab):
    with NoSuchName() as dns:
        text = ''.join(f'n{n}.test\n' for n in range(10000))
        found = by_line(batch(text, '--from', US, '--dns-server', dns.address)[0])
    equal(len(found), 10000)
    equal({(a['code'], a['to'] == f'n{n - 1}.test') for n, a in found.items()}, {('dns', True)})


@check('what it runs on is freed')
def _(lab):
    valgrind = os.environ.get('S2SPROBE_VALGRIND')
    runner = [valgrind, '--quiet', '--leak-check=full', '--error-exitcode=99',
              '--errors-for-leak-kinds=definite,indirect'] if valgrind else []
    text = b'\n'.join([*[b'{"id":' + i + b',"toDomain":"peer.test"}' for i in IDS], *BAD])
    args = [*runner, os.environ['S2SPROBE'], 'batch', *map(str, lab.ours), *GREEDY, '-v',
            '--shard', '0/1', '--service', 'muc.']
    for stdout, status in (subprocess.PIPE, 0), ('/dev/full', 7):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run(args, input=text, stderr=subprocess.PIPE, timeout=600,
                                  stdout=full if status else stdout, check=False)
        equal(done.returncode, status, f'status, {done.stderr.decode()}')
        if status == 0:
            equal(done.stdout.count(b'\n'), len(IDS) + len(BAD))


if __name__ == '__main__':
    sys.exit(main())
