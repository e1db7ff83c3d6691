"""Sending, listening and streams as far as they go without a server."""
import ctypes
import socket
import tempfile

import peers
import s2sprobe as s2s
from tap import check, equal

OURS, THEIRS = 'probe.test', 'prosody.test'
MESSAGE = f"<message from='{OURS}' to='{THEIRS}'><body>hi</body></message>"
LOOPBACK = {'host': '127.0.0.1', 'tls_mode': s2s.TLS_NONE}


def ours(**options):
    return s2s.Context(identities=[s2s.Identity(domain=OURS)], **options)


def failure(call, *arguments, **options):
    """What a call that gives no result failed with."""
    try:
        call(*arguments, **options)
    except s2s.Failure as e:
        return e.error
    return s2s.OK


def closed(context, stream):
    """Drive the stream to its last event; its result."""
    while (event := stream.next()) is None:
        equal((context.run(20000), context.stream()), (1, stream))
    equal(event, (s2s.EVENT_CLOSED, 0, None, 0))
    equal((stream.next(), context.stream()), (None, None), 'after the end')
    return stream.result()


@check('sending: what is no stanza between the two, and without an identity')
def _():
    stanzas = ['', 'text', '<message', '<ping/>', MESSAGE + MESSAGE,
               MESSAGE.replace(OURS, 'another.test'), MESSAGE.replace(THEIRS, 'another.test'),
               f"<m:message xmlns:m='jabber:server' from='{OURS}' to='{THEIRS}'/>",
               "<message/>", MESSAGE.replace('hi', '<!-- hi -->')]
    with ours() as context:
        for stanza in stanzas:
            r = context.send(OURS, THEIRS, stanza, **LOOPBACK)
            equal((r.error, r.message.split(':')[0]), (s2s.EINVALID_ARGUMENT, 'stanza'), stanza)
        pointer = ctypes.c_void_p()
        options = s2s.Options(context=context.pointer, **LOOPBACK)
        equal(s2s.c.send(OURS.encode(), THEIRS.encode(), None, options,
                         ctypes.byref(pointer)), s2s.EINVALID_ARGUMENT)
        equal(s2s.Result(pointer).error, s2s.EINVALID_ARGUMENT)
    r = s2s.send(OURS, THEIRS, MESSAGE, **LOOPBACK)
    equal((r.code, r.stage), ('policy', s2s.STAGE_NONE))


@check('what needs an identity says so, before any connection')
def _():
    with peers.says('') as peer:
        there = {'host': peer.host, 'port': peer.port}
        for r in (s2s.connect(OURS, THEIRS, flags=s2s.AUTHENTICATE, **there),
                  s2s.ping(OURS, THEIRS, ping_method=s2s.PING_IQ, **there),
                  s2s.send(OURS, THEIRS, MESSAGE, **there)):
            equal((r.code, OURS in r.message), ('policy', True), r.message)
        with ours() as context:
            r = context.connect(OURS, THEIRS, flags=s2s.AUTHENTICATE,
                                also_from=['another.test'], **there)
        equal(r.code, 'policy')
        equal(peer.connections, [], 'connections')


@check('identities that cannot be read are named')
def _():
    with tempfile.NamedTemporaryFile('w') as junk:
        junk.write('no certificate')
        junk.flush()
        for members, named in (
                ({'certificate_file': '/nonexistent', 'key_file': junk.name}, '/nonexistent'),
                ({'certificate_file': junk.name, 'key_file': junk.name}, junk.name),
                ({'pkcs12_file': junk.name}, junk.name)):
            r = s2s.ping(OURS, THEIRS, identity=s2s.Identity(domain=OURS, **members),
                         **LOOPBACK)
            equal((r.error, named in r.message), (s2s.EINVALID_ARGUMENT, True), r.message)
            # A context has no result to say it in.
            equal(failure(s2s.Context, identities=[s2s.Identity(domain=OURS, **members)]),
                  s2s.EINVALID_ARGUMENT, named)


@check('listening: a free port, one that is taken, and what is no address')
def _():
    with ours() as context, ours() as other:
        port = context.listen('127.0.0.1:0')
        socket.create_connection(('127.0.0.1', port)).close()
        for address in ('', 'localhost:0', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536',
                        ':5269', '::1:5269', '127.0.0.1:x', '[127.0.0.1]:0'):
            equal(failure(context.listen, address), s2s.EINVALID_ARGUMENT, address)
        equal(failure(other.listen, f'127.0.0.1:{port}'), s2s.EPOLICY, 'taken')
        equal(failure(other.listen, '192.0.2.1:0'), s2s.EPOLICY, 'not an address of ours')
        assert other.listen('127.0.0.1:0') != port
        equal(s2s.c.context_listen(context.pointer, b'127.0.0.1:0', None), s2s.OK)
        equal(s2s.c.context_listen(context.pointer, None, None), s2s.EINVALID_ARGUMENT)
        equal(s2s.c.context_listen(None, b'127.0.0.1:0', None), s2s.EINVALID_ARGUMENT)
    with ours() as context:  # and it is free again
        equal(context.listen(f'127.0.0.1:{port}'), port)


@check('a context that listens where it cannot is not made')
def _():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        address = f'127.0.0.1:{taken.getsockname()[1]}'
        wanted = {'identities': [s2s.Identity(domain=OURS, listen=[address])]}
        equal(failure(s2s.Context, **wanted), s2s.EINVALID_ARGUMENT)
        r = s2s.ping(OURS, THEIRS, setup=s2s.ContextOptions(**wanted), **LOOPBACK)
        equal((r.code, address in r.message), ('invalid_argument', True), r.message)
    with s2s.Context(**wanted):
        socket.create_connection(('127.0.0.1', int(address.split(':')[1]))).close()


@check('a stream that cannot open says why in its last event')
def _():
    with peers.closed_port() as (host, port), peers.says(peers.HTTP) as web, ours() as context:
        for code, options in (
                ('connect', {'host': host, 'port': port}),
                ('not_xmpp', {'host': web.host, 'port': web.port}),
                ('invalid_argument', {'host': 'a host'})):
            stream = s2s.Stream(context, OURS, THEIRS, **options)
            equal(stream.result(), None)
            r = closed(context, stream)
            equal((r.code, r.json['success']), (code, False), r.message)
            equal(failure(stream.send, MESSAGE), s2s.EPOLICY)
            stream.close()  # no effect
            stream.free()
        stream = s2s.Stream(context, 'another.test', THEIRS, host=host, port=port)
        equal(closed(context, stream).code, 'policy')


@check('a stream before it is open: nothing can be sent, closing ends it')
def _():
    with peers.silent() as mute, ours() as context:
        there = {'host': mute.host, 'port': mute.port}
        stream = s2s.Stream(context, OURS, THEIRS, **there)
        equal((context.run(0), context.stream(), stream.next()), (0, None, None))
        equal(failure(stream.send, MESSAGE), s2s.EPOLICY)
        stream.close()
        equal(closed(context, stream).code, 'cancelled')
        stream = s2s.Stream(context, OURS, THEIRS, timeout_ms=100, **there)
        equal(closed(context, stream).code, 'timeout')
        s2s.Stream(context, OURS, THEIRS, **there).free()
        s2s.Stream(context, OURS, THEIRS, **there)  # ends with the context


@check('streams: null pointers, and events of another shape')
def _():
    pointer = ctypes.c_void_p()
    with peers.silent() as mute, ours() as context:
        names = OURS.encode(), THEIRS.encode()
        for arguments in ((None, *names, None, None, ctypes.byref(pointer)),
                          (context.pointer, None, names[1], None, None, ctypes.byref(pointer)),
                          (context.pointer, names[0], None, None, None, ctypes.byref(pointer)),
                          (context.pointer, *names, None, None, None)):
            equal(s2s.c.stream_open(*arguments), s2s.EINVALID_ARGUMENT)
        equal(pointer.value, None)
        stream = s2s.Stream(context, OURS, THEIRS, host=mute.host, port=mute.port)
        equal(s2s.c.stream_send(stream.pointer, None, 3), s2s.EINVALID_ARGUMENT)
        event = s2s.Event()
        event['size'] = 4
        equal(s2s.c.stream_next(stream.pointer, ctypes.byref(event)), s2s.EABI)
    s2s.c.stream_free(None)


@check('a stopped context opens no stream')
def _():
    with ours() as context:
        context.stop()
        equal(failure(s2s.Stream, context, OURS, THEIRS, **LOOPBACK), s2s.EBUSY)
