"""A DNS server that says what it is told, lies above all.

    with Responder({
            ('_xmpp-server._tcp.a.test', SRV): answer((SRV, srv(0, 0, 5269, 'h.a.test'))),
            'b.test': fails(SERVFAIL),         # of any type
            None: silent}) as dns:             # everything else; without: NXDOMAIN
        ...  # dns.address is its 'address:port'; dns.asked has (name, type, 'udp' or 'tcp')

An action is a function of a Question that returns a message, some, or None. A list of
actions is played in order, once for each question; the last one is played again.
"""
import contextlib
import socket
import struct
import threading

from dns_client import receive
from dns_wire import (AA, AD, CNAME, LONGEST, NOERROR, NXDOMAIN, QR, RA, RD, SRV, TC, name,
                      read_name, record, srv)

POINTER = b'\xc0\x0c'  # to the question's name
ANY_FLAGS = QR | AA | RA


class Question:
    def __init__(self, message, way):
        self.message, self.way = message, way
        self.number, self.flags = struct.unpack_from('!HH', message)
        self.name, end = read_name(message, 12)
        self.kind, = struct.unpack_from('!H', message, end)
        self.text = message[12:end + 4]

    def reply(self, records=(), rcode=NOERROR, flags=0, count=None, extra=b''):
        """Records are octets, or (type, data) of the name that is asked for, or
        (owner, type, data)."""
        parts = []
        for r in records:
            if not isinstance(r, bytes):
                r = record(*(r if len(r) == 3 else (POINTER, *r)))
            parts.append(r)
        head = struct.pack('!6H', self.number, ANY_FLAGS | self.flags & RD | flags | rcode, 1,
                           len(parts) if count is None else count, 0, 0)
        return head + self.text + b''.join(parts) + extra


class Elsewhere(bytes):
    """A message to be sent from a port that nobody asked."""


# ---- Actions: what is true, late, or not said ------------------------------------------


def answer(*records, rcode=NOERROR, flags=0):
    return lambda question: question.reply(records, rcode, flags)


def fails(rcode):
    return answer(rcode=rcode)


def silent(_):
    return None


class Held:
    """An action that waits until it is told to go on."""

    def __init__(self, action):
        self.action, self.go = action, threading.Event()

    def __call__(self, question):
        self.go.wait()
        return self.action(question)

    def release(self):
        self.go.set()


def truncated(action):
    """Over UDP nothing but that there is more. For no answer over TCP either:
    Responder(..., tcp=False)."""
    def act(question):
        return question.reply(flags=TC) if question.way == 'udp' else action(question)
    return act


def twice(action):
    return lambda question: [action(question)] * 2


def first(lie, action):
    """A lie, and the answer right after it."""
    return lambda question: [lie(question), action(question)]


# ---- Actions: what is wrong --------------------------------------------------------


def raw(message):
    return lambda question: message


def wrong_number(action):
    def act(question):
        message = action(question)
        return struct.pack('!H', question.number ^ 1) + message[2:]
    return act


def wrong_question(action, other='other.test'):
    """The answer to something else, with the right number."""
    def act(question):
        new = Question(question.message[:12] + name(other) + question.text[-4:], question.way)
        return action(new)
    return act


def elsewhere(action):
    return lambda question: Elsewhere(action(question))


def cut(action, length):
    return lambda question: action(question)[:length]


def padded(action, octets=b'\xff' * 9):
    return lambda question: action(question) + octets


def overcounted(*records, count=65535):
    """It says that there are more records than there are."""
    return lambda question: question.reply(records, count=count)


def itself_a_question(action):
    """Without the bit that makes it an answer."""
    def act(question):
        message = action(question)
        return message[:2] + bytes([message[2] & 0x7F]) + message[3:]
    return act


def secure(*records):
    """It says that it has validated this. Whether to believe it is for who asks."""
    return answer(*records, flags=AD)


def alias_loop(*names):
    """Each is an alias of the next, and the last of the first."""
    ring = [record(name(n), CNAME, name(names[(i + 1) % len(names)]))
            for i, n in enumerate(names)]
    return answer(*ring)


def pointer_loop(question):
    """The owner of a record is a pointer to itself."""
    at = 12 + len(question.text)
    return question.reply([record(struct.pack('!H', 0xC000 | at), SRV, srv(0, 0, 1, 'h.test'))])


def target_loop(question):
    """The target of an SRV record is a pointer to itself."""
    at = 12 + len(question.text) + len(POINTER) + 10 + 6
    return question.reply([(SRV, srv(0, 0, 5269, struct.pack('!H', 0xC000 | at)))])


def target_beyond(question):
    """A pointer to after the end."""
    return question.reply([(SRV, srv(0, 0, 5269, b'\xff\xff'))])


compressed_target = answer((SRV, srv(0, 0, 5269, b'\x01h' + POINTER)))  # RFC 2782 forbids it
long_target = answer((SRV, srv(0, 0, 5269, b''.join(
    b'\x3f' + b'x' * 63 for _ in range(5)) + b'\0')))  # 321 octets; 255 are allowed
long_label = answer((SRV, srv(0, 0, 5269, b'\x40' + b'x' * 64 + b'\0')))  # 0x40 is no length
endless_target = answer((SRV, srv(0, 0, 5269, b'\x05short')))
short_data = answer((SRV, b'\0\0\0'))
no_data = answer((SRV, b''))


def longer_data(question):
    """The length of the data is beyond the end."""
    message = question.reply([(SRV, srv(0, 0, 5269, 'h.test'))])
    at = 12 + len(question.text) + len(POINTER) + 8
    return message[:at] + b'\xff\xff' + message[at + 2:]


def as_many_as_fit(question):
    """SRV records, as many as a message over TCP has room for (some 2,700); over
    UDP, that there are more."""
    if question.way == 'udp':
        return question.reply(flags=TC)
    records, room = [], LONGEST - 12 - len(question.text)
    while True:
        one = record(POINTER, SRV, srv(len(records) // 9, 0, 5269,
                                       b'\x04%04x' % len(records) + POINTER))
        room -= len(one)
        if room < 0:
            return question.reply(records)
        records.append(one)


# ---- The server ------------------------------------------------------------------------


class Responder:
    """One thread takes what comes, each question has one of its own."""

    def __init__(self, table, address='127.0.0.1', tcp=True):
        self.table = {self.key(k): v for k, v in table.items()}
        self.played, self.asked = {}, []
        self.changed = threading.Condition()
        self.tcp = socket.socket()
        self.tcp.bind((address, 0))
        self.host, self.port = self.tcp.getsockname()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.host, self.port))
        self.other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.other.bind((self.host, 0))
        self.address = f'{self.host}:{self.port}'
        if tcp:
            self.tcp.listen()
            threading.Thread(target=self.serve_tcp, daemon=True).start()
        threading.Thread(target=self.serve_udp, daemon=True).start()

    @staticmethod
    def key(key):
        if key is None:
            return None
        asked, kind = key if isinstance(key, tuple) else (key, None)
        return asked.lower().rstrip('.') + '.', kind

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for action in self.actions():
            if isinstance(action, Held):
                action.release()
        for s in (self.tcp, self.udp):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
            s.close()
        self.other.close()

    def actions(self):
        for action in self.table.values():
            yield from action if isinstance(action, list) else [action]

    def wait(self, condition):
        """Until the condition is true of what was asked."""
        with self.changed:
            while not condition(self.asked):
                if not self.changed.wait(60):
                    raise AssertionError(f'asked so far: {self.asked}')

    def action(self, question):
        """Notes the question, and finds what to do."""
        with self.changed:
            self.asked.append((question.name, question.kind, question.way))
            self.changed.notify_all()
            for key in ((question.name, question.kind), (question.name, None), None):
                if key in self.table:
                    break
            else:
                return fails(NXDOMAIN)
            found = self.table[key]
            if isinstance(found, list):
                n = self.played.get(key, 0)
                self.played[key] = n + 1
                found = found[min(n, len(found) - 1)]
            return found

    def messages(self, text, way):
        question = Question(text, way)
        said = self.action(question)(question)
        if said is None:
            return []
        return [said] if isinstance(said, bytes) else said

    def serve_udp(self):
        with contextlib.suppress(OSError):  # closed meanwhile
            while True:
                text, client = self.udp.recvfrom(65535)
                if client is None:  # shut down
                    return
                threading.Thread(target=self.one, args=[text, client], daemon=True).start()

    def one(self, text, client):
        with contextlib.suppress(OSError):
            for message in self.messages(text, 'udp'):
                sender = self.other if isinstance(message, Elsewhere) else self.udp
                sender.sendto(message, client)

    def serve_tcp(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.stream, args=[self.tcp.accept()[0]],
                                 daemon=True).start()

    def stream(self, connection):
        with contextlib.suppress(OSError), connection:
            while True:
                text = receive(connection, struct.unpack('!H', receive(connection, 2))[0])
                for message in self.messages(text, 'tcp'):
                    connection.sendall(struct.pack('!H', len(message)) + message)
