#!/usr/bin/env python3
"""The C interface from Python: every symbol, callbacks, contexts, threads.

$S2SPROBE_LIBRARY is the library. Peers are in this program or on 127.0.0.1.
"""
import ctypes
import os
import resource
import socket
import struct
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[1:1] = [os.path.join(HERE, '..', 'lab'), os.path.join(HERE, '..', 'docs')]

import callbacks  # noqa: E402
import courtesy  # noqa: E402,F401 (its checks)
import peers  # noqa: E402
import s2sprobe as s2s  # noqa: E402
import streams  # noqa: E402,F401 (its checks)
from header import Header  # noqa: E402
from loops import collect, drive_by_poll  # noqa: E402
from tap import check, equal, has, run  # noqa: E402

FEATURES = ("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
            "<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>")
HELLO = peers.HEADER.format(" version='1.0'") + FEATURES
ANSWER_HELLO = (r"<stream:stream [^>]*>", HELLO)
ANSWER_VERIFY = (r"<db:verify [^>]*\bid=['\"]([^'\"]+)['\"][^>]*>[^<]*</db:verify>",
                 lambda m: "<db:verify from='prosody.test' to='probe.test' "
                           f"id='{m[1]}' type='invalid'/>")
DOMAINS = ('probe.test', 'prosody.test')
NO_CONNECTION = {'host': '127.0.0.1', 'tls_mode': s2s.TLS_NONE}


def in_memory(script=(ANSWER_HELLO,), **settings):
    """A transport to scripted peers, and the list of those opened."""
    opened = []

    def opener(_host, _port):
        opened.append(callbacks.MemoryConnection(script, **settings))
        return opened[-1]
    return callbacks.transport(opener), opened


# ---- The binding is the header ---------------------------------------------


@check('constants, structures and functions are those of the header')
def _():
    header = Header(os.path.join(HERE, '..', '..', 'include', 's2sprobe.h'))
    equal(set(s2s.FUNCTIONS), set(header.functions), 'functions')
    for name, (_, arguments) in header.functions.items():
        expected = 0 if arguments == 'void' else arguments.count(',') + 1
        equal(len(s2s.FUNCTIONS[name][1]), expected, name)
    equal({'S2S_' + n: v for n, v in s2s.ERRORS.items()}, header.enums['s2s_error'])
    equal({'S2S_STAGE_' + n: v for n, v in s2s.STAGES.items()}, header.enums['s2s_stage'])
    equal({'S2S_' + n: v for n, v in s2s.MACROS.items()}, header.macros)
    equal(set(s2s.STRUCTS), set(header.structs), 'structures')
    sizes = {'uint16_t': 2, 'uint32_t': 4, 'size_t': 8}
    for name, members in header.structs.items():
        fields = s2s.STRUCTS[name]._fields_
        equal([f for f, _ in fields], list(members), name)
        for field, kind in fields:
            declared = members[field].split(' ')[0]
            expected = sizes.get(declared if '*' not in members[field] else None, 8)
            equal(ctypes.sizeof(kind), expected, f'{name}.{field}')


@check('version, texts and code names')
def _():
    assert s2s.text(s2s.c.version()).count('.') == 2
    errors = [v for n, v in s2s.ERRORS.items() if not n.startswith('WANT')]
    names = [s2s.text(s2s.c.code_name(e)) for e in errors]
    texts = [s2s.text(s2s.c.strerror(e)) for e in errors]
    equal(len(set(names)), len(errors), 'distinct names')
    assert all(names) and all(texts), (names, texts)
    equal(s2s.text(s2s.c.code_name(s2s.ETLS_NOT_OFFERED)), 'tls_not_offered')
    equal(s2s.text(s2s.c.code_name(s2s.CALLBACK_ERROR - 7)), 'callback')


@check('public addresses')
def _():
    def public(text):
        if ':' in text:
            raw = struct.pack('=HHI16sI', socket.AF_INET6, 0, 0,
                              socket.inet_pton(socket.AF_INET6, text), 0)
        else:
            raw = struct.pack('=HH4s8x', socket.AF_INET, 0, socket.inet_aton(text))
        return s2s.c.address_public(raw, len(raw))
    equal([public(a) for a in ('9.9.9.9', '2620:fe::9')], [1, 1])
    equal([public(a) for a in ('127.0.0.1', '10.0.0.1', '::1', 'fe80::1',
                               '::ffff:127.0.0.1', '64:ff9b::7f00:1')], [0] * 6)


# ---- Blocking calls --------------------------------------------------------


@check('a blocking connect; accessors agree with the JSON')
def _():
    with peers.says(HELLO) as peer:
        r = s2s.connect(*DOMAINS, host=peer.host, port=peer.port, tls_mode=s2s.TLS_NONE)
    has(r, {'success': True, 'host': '127.0.0.1', 'port': peer.port, 'streamId': 'peer1',
            'from': 'probe.test', 'to': 'prosody.test', 'tls.mode': 'none',
            'features': ['STARTTLS', 'DIALBACK'], 'streams.0.secure': False, 'code': None})
    equal((r.error, r.message, r.stage), (s2s.OK, '', s2s.STAGE_DONE))
    equal(s2s.text(s2s.c.result_stream_id(r.pointer)), 'peer1')
    equal(r.features(), r.json['features'])
    equal(r.findings(), r.json['findings'])
    equal(r.stanzas(), [])
    equal(r.get('streams.0.id'), 'peer1')
    equal(r.get('success'), 'true')
    equal((r.get('nothing.here'), r.get('streams')), (None, None))
    assert r.stage_us(s2s.STAGE_DONE) >= r.stage_us(s2s.STAGE_STREAM) >= 0
    equal((r.stage_us(s2s.STAGE_TLS), r.stage_us(s2s.STAGE_PING)), (-1, -1))
    count = s2s.c.result_finding_count(r.pointer)
    equal(s2s.c.result_finding_severity(r.pointer, count), -1)
    equal([f(r.pointer, count) for f in (
        s2s.c.result_finding_code, s2s.c.result_finding_fault, s2s.c.result_finding_seen,
        s2s.c.result_finding_advice)], [None] * 4)


@check('a blocking ping')
def _():
    transport, _ = in_memory([ANSWER_HELLO, ANSWER_VERIFY])
    with s2s.Context() as context:
        r = context.ping(*DOMAINS, transport=transport, **NO_CONNECTION)
    has(r, {'success': True, 'pingMethod': 'dialback-verify', 'pingAnswer': 'invalid'})
    equal((len(r.stanzas()), r.stanzas()), (1, r.json['stanzas']))
    assert 'db:verify' in r.stanzas()[0]


@check('a result may be unwanted, and outlives its context')
def _():
    transport, _ = in_memory()
    with s2s.Context() as context:
        options = s2s.Options(context=context.pointer, transport=transport, **NO_CONNECTION)
        equal(s2s.c.connect(b'probe.test', b'prosody.test', options, None), s2s.OK)
        r = context.connect(*DOMAINS, transport=transport, **NO_CONNECTION)
    equal(r.get('streamId'), 'peer1')
    s2s.c.result_free(None)
    s2s.c.context_free(None)


@check('wrong arguments are named; unknown structures are refused')
def _():
    r = s2s.connect('a domain', 'prosody.test')
    equal((r.error, r.code), (s2s.EINVALID_ARGUMENT, 'invalid_argument'))
    assert r.message.startswith('from'), r.message
    with s2s.Context() as context:
        r = context.connect(*DOMAINS, setup=s2s.ContextOptions())
    equal(r.error, s2s.EINVALID_ARGUMENT)
    assert 'setup' in r.message, r.message

    class Later(s2s.Sized):
        _fields_ = s2s.Options._fields_ + [('later', ctypes.c_uint64)]

    def call(**members):
        options = ctypes.cast(ctypes.pointer(Later(**members)),
                              ctypes.POINTER(s2s.Options))
        pointer = ctypes.c_void_p(1)
        error = s2s.c.connect(b'x y', b'prosody.test', options, ctypes.byref(pointer))
        kept = s2s.Result(pointer) if pointer else None
        return error, kept is not None
    equal(call(later=0), (s2s.EINVALID_ARGUMENT, True))
    equal(call(later=1), (s2s.EABI, False))


@check('deadline, address filter and log')
def _():
    seen, lines = [], []

    def refuse(_, address, length):
        seen.append(ctypes.string_at(address, length)[4:8])
        return 1

    setup = s2s.ContextOptions(
        address_filter=s2s.ADDRESS_FILTER(refuse), log_level=s2s.LOG_WIRE,
        log=s2s.LOG_FN(lambda _, level, area, line: lines.append((level, area, line))))
    r = s2s.connect(*DOMAINS, setup=setup, host='127.0.0.1')
    equal((r.error, r.code, seen), (s2s.EADDRESS_FORBIDDEN, 'address_forbidden',
                                    [b'\x7f\0\0\1']))
    setup = s2s.ContextOptions(log=setup.log, log_level=s2s.LOG_WIRE)
    with peers.says(HELLO.replace('</stream:features>', '')) as peer:
        r = s2s.connect(*DOMAINS, setup=setup, host=peer.host, port=peer.port)
    assert any(b'<stream:stream' in line for _, _, line in lines), lines
    with peers.silent() as peer:
        r = s2s.connect(*DOMAINS, host=peer.host, port=peer.port, timeout_ms=100)
    has(r, {'code': 'timeout', 'stage': 'stream', 'success': False})
    equal(r.stage, s2s.STAGE_STREAM)


@check('limits of the caller hold')
def _():
    long = HELLO.replace("id='peer1'", f"id='{'1' * 600}'")
    with peers.says(long) as peer:
        there = {'host': peer.host, 'port': peer.port, 'tls_mode': s2s.TLS_NONE}
        equal(s2s.connect(*DOMAINS, **there).code, 'ok')
        setup = s2s.ContextOptions(limits=s2s.Limits(header=512))
        equal(s2s.connect(*DOMAINS, setup=setup, **there).code, 'limit')
        setup = s2s.ContextOptions(limits=s2s.Limits(header=1))
        r = s2s.connect(*DOMAINS, setup=setup, **there)
    equal(r.error, s2s.EINVALID_ARGUMENT)
    assert 'limits.header' in r.message, r.message


# ---- Transports in Python --------------------------------------------------


@check('a transport in memory, without a descriptor, at any chunk size')
def _():
    for chunk in (1, 2, 7, 100, 4096):
        with s2s.Context() as context:
            transport, opened = in_memory([ANSWER_HELLO, ANSWER_VERIFY], chunk=chunk,
                                          wake=context.wakeup)
            r = context.ping(*DOMAINS, transport=transport, **NO_CONNECTION)
        has(r, {'success': True, 'features': ['STARTTLS', 'DIALBACK'],
                'streamId': 'peer1', 'pingAnswer': 'invalid'})
        equal([o.closed for o in opened], [True])
        equal(transport.connections, {})


@check('a transport with sockets of its own gets host and port of the plan')
def _():
    asked = []

    def opener(host, port):
        asked.append((host, port))
        return callbacks.SocketConnection(peer.host, peer.port)
    with peers.says(HELLO) as peer:
        r = s2s.connect(*DOMAINS, host='somewhere.example', port=1234,
                        transport=callbacks.transport(opener), tls_mode=s2s.TLS_NONE)
    has(r, {'success': True, 'host': 'somewhere.example', 'port': 1234, 'streamId': 'peer1'})
    equal(asked, [('somewhere.example', 1234)])


@check('a resolver: its address is connected to; its errors, and silence, are told')
def _():
    asked = set()

    def look_up(name, kind):
        asked.add((name, kind))
        if name == 'refused.example':
            raise callbacks.Refused(s2s.CALLBACK_ERROR - 7)
        if name == 'silent.example':
            return None
        return [socket.inet_aton('127.0.0.1')] if kind == 1 else []
    setup = s2s.ContextOptions(resolver=callbacks.resolver(look_up))
    with peers.says(HELLO) as peer:
        plan = {'setup': setup, 'port': peer.port, 'tls_mode': s2s.TLS_NONE}
        r = s2s.connect(*DOMAINS, host='somewhere.example', **plan)
        has(r, {'success': True, 'host': 'somewhere.example', 'streamId': 'peer1'})
        r = s2s.connect(*DOMAINS, host='refused.example', **plan)
        equal(r.error, s2s.CALLBACK_ERROR - 7)
        r = s2s.connect(*DOMAINS, host='silent.example', **plan)
        equal(r.error, s2s.EDNS)
        has(r, {'error': 'silent.example: no answer'})
    assert {('somewhere.example', 1), ('somewhere.example', 28)} <= asked, asked


@check('a check: a row for each record, and for each service')
def _():
    def look_up(name, kind):
        if (name, kind) == ('_xmpp-server._tcp.prosody.test', 33):
            return [struct.pack('!HHH', 1, 0, port) + b'\x01h\x04test\0'
                    for port in (5269, 5299)]
        return []
    setup = s2s.ContextOptions(resolver=callbacks.resolver(look_up))
    transport, opened = in_memory([ANSWER_HELLO])
    with s2s.Context(resolver=callbacks.resolver(look_up)) as context:
        options = {'transport': transport, 'tls_mode': s2s.TLS_NONE,
                   'flags': s2s.NO_DIALBACK, 'services': ['rooms.', 'else.test']}
        number = context.submit(s2s.OP_CHECK, *DOMAINS, user='check', **options)
        equal(context.run(20000), 1)
        r, which, user = context.next()
        equal((which, user), (number, 'check'))
        has(r, {'success': True, 'dns.plan': 'srv'})
        equal([(row['kind'], row['target']) for row in r.json['rows']],
              [('endpoint', 'h.test')] * 2 +
              [('service', 'rooms.prosody.test'), ('service', 'else.test')])
        equal(sorted(row['port'] for row in r.json['rows']), [5269, 5269, 5269, 5299])
        equal(context.check_domain(*DOMAINS, **options).error, s2s.OK)
    equal({o.closed for o in opened}, {True})
    r = s2s.check_domain(*DOMAINS, setup=setup, services=['x'] * 9)
    equal(r.error, s2s.EINVALID_ARGUMENT)
    assert r.message.startswith('services'), r.message
    r = s2s.connect(*DOMAINS, setup=setup, xml_to='a b')
    equal(r.error, s2s.EINVALID_ARGUMENT)
    assert r.message.startswith('xml_to'), r.message


@check('errors of callbacks: own ones pass, more bytes than asked do not')
def _():
    def refuse(_host, _port):
        raise callbacks.Refused(s2s.CALLBACK_ERROR - 7)
    r = s2s.connect(*DOMAINS, transport=callbacks.transport(refuse), **NO_CONNECTION)
    equal((r.error, r.code), (s2s.CALLBACK_ERROR - 7, 'callback'))
    equal(r.get('error'), 'transport.open returned -1007')

    transport, opened = in_memory()
    too_many = s2s.Transport(
        open=transport.open, write=transport.write, close=transport.close,
        read=s2s.READ_FN(lambda _conn, _buffer, length: length + 1))
    r = s2s.connect(*DOMAINS, transport=too_many, **NO_CONNECTION)
    equal(r.error, s2s.EINTERNAL)
    equal(r.get('error'), 'transport.read returned 4097, which it may not')
    equal([o.closed for o in opened], [True])


@check('errors of callbacks: the message says which, and what it said')
def _():
    transport, _ = in_memory()
    for value, error, text in (
            (s2s.EDNS, s2s.EDNS, 'transport.write: the host name could not be resolved'),
            (-7777, -7777, 'transport.write returned -7777'),
            (-77, s2s.EINTERNAL, 'transport.write returned -77, which it may not'),
            (-1 << 40, s2s.EINTERNAL, f'transport.write returned {-1 << 40}, which it may not'),
            (0, s2s.ECLOSED, 'the peer closed the connection')):
        writes = s2s.Transport(
            open=transport.open, read=transport.read, close=transport.close,
            write=s2s.WRITE_FN(lambda *_, value=value: value))
        r = s2s.connect(*DOMAINS, transport=writes, **NO_CONNECTION)
        equal((r.error, r.get('error')), (error, text))


@check('the end of a transport before the header is "closed"')
def _():
    class Ended(callbacks.MemoryConnection):
        def read(self, length):
            return b''
    r = s2s.connect(*DOMAINS, transport=callbacks.transport(lambda _h, _p: Ended([])),
                    **NO_CONNECTION)
    equal(r.code, 'closed')


@check('a context cannot be driven from inside its own callbacks')
def _():
    inside = []

    def opener(_host, _port):
        p = context.pointer
        options = s2s.Options(context=p, **NO_CONNECTION)
        inside.append((
            s2s.c.context_process(p), s2s.c.context_run(p, 0),
            s2s.c.connect(b'probe.test', b'prosody.test', options, None)))
        return callbacks.MemoryConnection([ANSWER_HELLO])
    with s2s.Context() as context:
        r = context.connect(*DOMAINS, transport=callbacks.transport(opener), **NO_CONNECTION)
    equal((r.error, inside), (s2s.OK, [(s2s.EBUSY,) * 3]))


# ---- Contexts --------------------------------------------------------------


@check('a foreign poll loop needs the descriptor alone')
def _():
    with peers.says(HELLO) as peer, peers.silent() as mute, \
            s2s.Context(**s2s.UNLIMITED) as context:
        equal(context.timeout_ms(), -1)
        for user in range(20):
            context.submit(s2s.OP_CONNECT, *DOMAINS, user=user, host=peer.host,
                           port=peer.port, tls_mode=s2s.TLS_NONE)
        # Nothing but a timer ends this one.
        context.submit(s2s.OP_CONNECT, *DOMAINS, user='mute', host=mute.host,
                       port=mute.port, timeout_ms=200)
        results = drive_by_poll(context, 21)
        equal(context.timeout_ms(), -1)
    equal(results.pop('mute').code, 'timeout')
    equal({r.code for r in results.values()}, {'ok'})


@check('200 probes at once on one context, in one thread')
def _():
    count = 200
    opened = []

    def opener(_host, _port):
        opened.append(callbacks.MemoryConnection(
            [ANSWER_HELLO], wake=context.wakeup, held=True))
        if len(opened) == count:  # nobody is answered before all are open
            for connection in opened:
                connection.release()
        return opened[-1]
    with s2s.Context(max_handshakes=s2s.NO_LIMIT) as context:
        transport = callbacks.transport(opener)
        ids = {context.submit(s2s.OP_CONNECT, *DOMAINS, user=n, transport=transport,
                              **NO_CONNECTION) for n in range(count)}
        equal(len(ids - {0}), count, 'distinct ids')
        results = collect(context, count)
        stats = context.stats()
    equal({r.error for r in results.values()}, {s2s.OK})
    equal([o.closed for o in opened], [True] * count)
    equal((stats.queued, stats.running, stats.held, stats.handshakes), (0, 0, 0, 0))
    assert stats.lag_p50_us <= stats.lag_p99_us <= stats.lag_max_us, stats


@check('max_handshakes holds, who waits is held and counted, and all get their turn')
def _():
    most = []

    def opener(_host, _port):
        most.append(len(transport.connections) + 1)
        return callbacks.MemoryConnection([ANSWER_HELLO], wake=context.wakeup, held=True)
    transport = callbacks.transport(opener)
    with s2s.Context(max_handshakes=3) as context:
        for n in range(10):
            context.submit(s2s.OP_CONNECT, *DOMAINS, user=n, transport=transport,
                           **NO_CONNECTION)
        context.process()
        stats = context.stats()
        equal((stats.queued, stats.running, stats.held, stats.handshakes), (0, 10, 7, 3))
        results = {}
        while len(results) < 10:
            for connection in transport.connections.values():
                connection.release()
            context.run(20000)
            while (taken := context.next()) is not None:
                results[taken[2]] = taken[0]
    equal({r.error for r in results.values()}, {s2s.OK})
    equal((len(most), max(most)), (10, 3))
    assert sum(float(r.get('timings.queue')) > 0 for r in results.values()) >= 7


@check('max_running holds, and the queue moves on')
def _():
    most = []

    def opener(_host, _port):
        most.append(len(transport.connections) + 1)
        return callbacks.MemoryConnection([ANSWER_HELLO], wake=context.wakeup)
    transport = callbacks.transport(opener)
    with s2s.Context(max_running=3) as context:
        for n in range(10):
            context.submit(s2s.OP_CONNECT, *DOMAINS, user=n, transport=transport,
                           **NO_CONNECTION)
        results = collect(context, 10)
    equal({r.error for r in results.values()}, {s2s.OK})
    equal((len(most), max(most)), (10, 3))


@check('cancelling: one of two, and one that is finished')
def _():
    with peers.silent() as mute, peers.says(HELLO) as peer, s2s.Context() as context:
        mute_id = context.submit(s2s.OP_CONNECT, *DOMAINS, user='mute', host=mute.host,
                                 port=mute.port)
        good_id = context.submit(s2s.OP_CONNECT, *DOMAINS, user='good', host=peer.host,
                                 port=peer.port, tls_mode=s2s.TLS_NONE)
        equal(context.run(20000), 1)
        result, number, user = context.next()
        equal((result.error, number, user), (s2s.OK, good_id, 'good'))
        context.cancel(good_id)
        context.cancel(mute_id)
        context.cancel(12345)
        equal(context.run(20000), 1)
        result, number, user = context.next()
        equal((result.error, result.code, number, user),
              (s2s.ECANCELLED, 'cancelled', mute_id, 'mute'))
        equal((context.next(), context.run(0)), (None, 0))


@check('wakeup from another thread ends a wait')
def _():
    with peers.silent() as mute, s2s.Context() as context:
        context.submit(s2s.OP_CONNECT, *DOMAINS, host=mute.host, port=mute.port)
        equal(context.run(0), 0)
        threading.Thread(target=context.wakeup).start()
        equal(context.run(-1), 0)


@check('wakeup from another thread lets a transport without descriptor go on')
def _():
    with s2s.Context() as context:
        transport, opened = in_memory(held=True)
        context.submit(s2s.OP_CONNECT, *DOMAINS, transport=transport, **NO_CONNECTION)
        equal(context.run(0), 0)
        equal(len(opened), 1)

        def go():
            opened[0].held = False
            context.wakeup()
        threading.Thread(target=go).start()
        while context.run(20000) != 1:
            pass
        equal(context.next()[0].error, s2s.OK)


@check('stop from another thread ends a blocking call and the context')
def _():
    with peers.silent() as mute, s2s.Context() as context:
        def stop():
            while not mute.connections:
                pass
            context.stop()
        threading.Thread(target=stop).start()
        r = context.connect(*DOMAINS, host=mute.host, port=mute.port)
        equal(r.error, s2s.ECANCELLED)
        equal(s2s.c.context_run(context.pointer, -1), s2s.ECANCELLED)
        try:
            context.submit(s2s.OP_CONNECT, *DOMAINS)
            error = s2s.OK
        except s2s.Failure as e:
            error = e.error
        equal(error, s2s.EBUSY)


@check('submit: what it refuses, and what comes back as a result')
def _():
    def submit(op=s2s.OP_CONNECT, **options):
        try:
            return context.submit(op, 'probe test', 'prosody.test', **options)
        except s2s.Failure as e:
            return e.error
    with s2s.Context() as context, s2s.Context() as other:
        equal(submit(op=5), s2s.EINVALID_ARGUMENT)
        equal(submit(context=other.pointer), s2s.EINVALID_ARGUMENT)
        number = submit()
        assert number > 0, number
        equal(context.run(0), 1)
        result, taken, _ = context.next()
        equal((result.error, taken), (s2s.EINVALID_ARGUMENT, number))


@check('a context ends with probes running and results not taken')
def _():
    with peers.silent() as mute:
        transport, opened = in_memory()
        with s2s.Context() as context:
            for _ in range(5):
                context.submit(s2s.OP_CONNECT, *DOMAINS, host=mute.host, port=mute.port)
                context.submit(s2s.OP_CONNECT, *DOMAINS, transport=transport,
                               **NO_CONNECTION)
            equal(context.run(20000), 1)
        equal((transport.connections, {o.closed for o in opened}), ({}, {True}))


@check('a small Diffie-Hellman group is a finding')
def _():
    with peers.weak_dh() as peer:
        r = s2s.connect(*DOMAINS, host=peer.host, port=peer.port, tls_mode=s2s.TLS_DIRECT)
    has(r, {'tls.cipher': 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'})
    seen = [f['seen'] for f in r.findings() if f['code'] == 'tls_weak_dh']
    equal(seen, ['1024 bits'])


@check('a CA file that is none is refused')
def _():
    r = s2s.connect(*DOMAINS, host='127.0.0.1',
                    setup=s2s.ContextOptions(ca_file='/nonexistent/ca.pem'))
    equal(r.error, s2s.EINVALID_ARGUMENT)
    assert 'ca_file' in r.message, r.message


@check('without descriptors there is a result that says so')
def _():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        r = s2s.connect(*DOMAINS, host='127.0.0.1')
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    equal((r.error, r.get('code')), (s2s.EINTERNAL, 'internal'))
    assert 'descriptors' in r.message, r.message


@check('every exported function was called')
def _():
    equal(set(s2s.FUNCTIONS) - s2s.c.called, set(), 'not called')


if __name__ == '__main__':
    sys.exit(run())
