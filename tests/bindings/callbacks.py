"""Transports and TLS in Python, for the library to call.

transport(opener) makes a Transport of opener(host, port), which returns an
object with read(n) -> bytes, b'' at the end or None for "not now", write(data)
-> n or None, fileno() and close(); or raises Refused(error).
"""
import ctypes
import itertools
import re
import socket
import ssl

import s2sprobe as s2s


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error)
        self.error = error


def guarded(function):
    """Refused becomes the value that C sees."""
    def call(*arguments):
        try:
            return function(*arguments)
        except Refused as e:
            return e.error
    return call


def transport(opener):
    connections = {}
    numbers = itertools.count(1)

    def begin(_, host, port, out):
        connection = opener(host.decode(), port)
        number = next(numbers)
        connections[number] = connection
        out[0] = number
        return 0

    def read(number, buffer, length):
        data = connections[number].read(length)
        if data is None:
            return s2s.WANT_READ
        ctypes.memmove(buffer, data, len(data))
        return len(data)

    def write(number, buffer, length):
        n = connections[number].write(ctypes.string_at(buffer, length))
        return s2s.WANT_WRITE if n is None else n

    def close(number):
        connections.pop(number).close()

    made = s2s.Transport(
        open=s2s.TRANSPORT_OPEN(guarded(begin)), read=s2s.READ_FN(guarded(read)),
        write=s2s.WRITE_FN(guarded(write)), close=s2s.CLOSE_FN(close),
        fd=s2s.OF_CONN(lambda number: connections[number].fileno()))
    made.connections = connections
    return made


def broken(error):
    return Refused(s2s.ECONNECT if isinstance(error, ConnectionRefusedError) else s2s.ECLOSED)


class SocketConnection:
    def __init__(self, host, port):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex((host, port))

    def read(self, length):
        try:
            return self.socket.recv(length)
        except BlockingIOError:
            return None
        except OSError as e:
            raise broken(e) from None

    def write(self, data):
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return None
        except OSError as e:
            raise broken(e) from None

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()


class MemoryConnection:
    """A peer in this program. `script` is (pattern, answer) pairs, in order:
    when what came matches, the answer goes out, `chunk` bytes a read. A
    callable answer is given the match. `wake` is called when there is
    something to read; None is no answer before held is False."""

    def __init__(self, script, chunk=1 << 16, wake=lambda: None, held=False):
        self.script, self.chunk, self.wake, self.held = list(script), chunk, wake, held
        self.received = self.answer = ''
        self.closed = False

    def write(self, data):
        self.received += data.decode()
        if self.script:
            match = re.search(self.script[0][0], self.received)
            if match:
                answer = self.script.pop(0)[1]
                self.answer += answer(match) if callable(answer) else answer
                self.received = ''
                self.wake()
        return len(data)

    def read(self, length):
        if self.held or not self.answer:
            return None
        n = min(length, self.chunk)
        data, self.answer = self.answer[:n].encode(), self.answer[n:]
        return data

    def fileno(self):
        return -1

    def release(self):
        self.held = False
        self.wake()

    def close(self):
        assert not self.closed
        self.closed = True


# ---- TLS by Python's ssl module ------------------------------------------


class Session:
    """A TLS client between two memory buffers and the library's transport."""

    def __init__(self, request):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the library judges
        if request.alpn:
            context.set_alpn_protocols([request.alpn.decode()])
        # Copied: the request, which the members of it point into, is not ours.
        self.lower = request.lower
        self.lower_read = s2s.READ_FN(ctypes.cast(request.lower_read, ctypes.c_void_p).value)
        self.lower_write = s2s.WRITE_FN(ctypes.cast(request.lower_write, ctypes.c_void_p).value)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.pending = b''
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname=request.server_name.decode())
        self.kept = []

    def flush(self):
        self.pending += self.outgoing.read()
        while self.pending:
            n = self.lower_write(self.lower, self.pending, len(self.pending))
            if n < 0:
                raise Refused(n)
            self.pending = self.pending[n:]

    def fill(self):
        buffer = ctypes.create_string_buffer(16384)
        n = self.lower_read(self.lower, ctypes.addressof(buffer), len(buffer))
        if n < 0:
            raise Refused(n)
        if n == 0:
            self.incoming.write_eof()
        else:
            self.incoming.write(buffer.raw[:n])

    def attempt(self, action):
        """Do it, moving bytes below until it is done."""
        while True:
            try:
                value = action()
                self.flush()
                return value
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()
            except ssl.SSLZeroReturnError:
                return b''
            except ssl.SSLError:
                raise Refused(s2s.ETLS_HANDSHAKE) from None

    def info(self, out):
        der = self.tls.getpeercert(binary_form=True)
        leaf = (ctypes.c_ubyte * len(der)).from_buffer_copy(der)
        chain = (ctypes.POINTER(ctypes.c_ubyte) * 1)(leaf)
        sizes = (ctypes.c_size_t * 1)(len(der))
        self.kept = [leaf, chain, sizes]
        out.protocol = self.tls.version().replace('TLSv', 'TLS').encode()
        out.cipher = self.tls.cipher()[0].encode()
        alpn = self.tls.selected_alpn_protocol()
        out.alpn = alpn.encode() if alpn else None
        out.chain, out.chain_sizes, out.chain_length = chain, sizes, 1
        return 0


def tls():
    """A Tls of Python's own; .opened counts its sessions."""
    sessions = {}
    numbers = itertools.count(1)

    def begin(_, request, out):
        number = next(numbers)
        sessions[number] = Session(request.contents)
        out[0] = number
        made.opened = number
        return 0

    def handshake(number):
        sessions[number].attempt(sessions[number].tls.do_handshake)
        return 0

    def read(number, buffer, length):
        data = sessions[number].attempt(lambda: sessions[number].tls.read(length))
        ctypes.memmove(buffer, data, len(data))
        return len(data)

    def write(number, buffer, length):
        data = ctypes.string_at(buffer, length)
        return sessions[number].attempt(lambda: sessions[number].tls.write(data))

    made = s2s.Tls(
        open=s2s.TLS_OPEN(guarded(begin)), handshake=s2s.OF_CONN(guarded(handshake)),
        info=s2s.TLS_INFO(lambda number, out: sessions[number].info(out.contents)),
        read=s2s.READ_FN(guarded(read)), write=s2s.WRITE_FN(guarded(write)),
        close=s2s.CLOSE_FN(lambda number: sessions.pop(number) and None))
    made.opened = 0
    made.sessions = sessions
    return made


def resolver(look_up):
    """A Resolver of look_up(name, type), which returns a list of RDATA, or None
    when no server answers."""
    def start(_, query, name, kind):
        records = look_up(name.decode(), kind)
        if records is None:
            return s2s.c.dns_done(query, None)
        buffers = [(ctypes.c_ubyte * len(r)).from_buffer_copy(r) for r in records]
        pointers = [ctypes.cast(b, ctypes.POINTER(ctypes.c_ubyte)) for b in buffers]
        answer = s2s.DnsAnswer()
        answer.records = (ctypes.POINTER(ctypes.c_ubyte) * len(records))(*pointers)
        answer.record_sizes = (ctypes.c_size_t * len(records))(*map(len, records))
        answer.record_count = len(records)
        return s2s.c.dns_done(query, ctypes.byref(answer))
    return s2s.Resolver(start=s2s.RESOLVER_START(guarded(start)),
                        cancel=s2s.RESOLVER_CANCEL(lambda _user, _query: None))
