"""Small XMPP servers for the domains of the DNS world, at all its hosts; and hosts
that are dead.

Each says what a server says to one that only looks: a stream, STARTTLS or direct
TLS with the domain's certificate, features, and that a dialback key is not valid.
Some are not as they should be, which depends on the domain and the host.
`came` has who came, in order: (address, port, 'direct' or 'starttls', domain).
"""
import contextlib
import datetime
import os
import re
import select
import socket
import ssl
import threading

import dns_world
from server import LabError, Server

STREAMS = 'http://etherx.jabber.org/streams'
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='" + STREAMS +
          "' xmlns:db='jabber:server:dialback' id='world' from='{0}' to='{1}' version='1.0'>")
STARTTLS = ("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/>"
            '</starttls></stream:features>')
DIALBACK = ("<stream:features><dialback xmlns='urn:xmpp:features:dialback'/>"
            '</stream:features>')
EXTERNAL = ("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
            "<mechanism>EXTERNAL</mechanism></mechanisms>"
            "<bidi xmlns='urn:xmpp:features:bidi'/></stream:features>")
REFUSAL = "<db:{0} from='{1}' to='{2}' id='{3}' type='invalid'/>"
PORTS = (5269, 5270)
STREAM_ERROR = ("<stream:error><{} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                '</stream:stream>')
ALERT = b'\x15\x03\x03\x00\x02\x02\x46'  # of TLS: protocol_version
LATE = datetime.timedelta(hours=1)


class Text:
    """What comes on a socket, up to a pattern."""

    def __init__(self, connection):
        self.connection, self.text = connection, ''

    def until(self, pattern):
        while not (found := re.search(pattern, self.text, re.S)):
            more = self.connection.recv(4096)
            if not more:
                raise OSError('ended')
            self.text += more.decode('utf-8', 'replace')
        self.text = self.text[found.end():]
        return found[0]


def attribute(tag, name):
    found = re.search(rf'''\s{name}=['"]([^'"]*)''', tag)
    return found[1] if found else ''


def label(domain):
    """The first one, which says what the domain is about."""
    return domain.split('.')[0]


class World(Server):
    def __init__(self, lab, name, address, domain):
        super().__init__(lab, name, address, domain)
        self.listeners, self.came, self.contexts = [], [], {}
        self.changed = threading.Condition()
        self.closing, self.thread = socket.socketpair(), None

    def begin(self):
        for name in ('world', *dns_world.CERTIFICATES.values(), *dns_world.DIFFERENT.values()):
            self.contexts[name] = self.new_context(name)
        self.contexts['tls12'] = self.new_context('world')
        self.contexts['tls12'].maximum_version = ssl.TLSVersion.TLSv1_2
        for address in dns_world.ADDRESSES:
            for port in PORTS:
                try:
                    self.listeners.append(socket.create_server((address, port)))
                except OSError as e:
                    raise LabError(f'{address} port {port}: {e}') from e
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def new_context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair = os.path.join(self.lab.ca_dir, name)
        context.load_cert_chain(pair + '.pem', pair + '.key')
        context.load_verify_locations(self.lab.ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(['xmpp-server'])
        context.sni_callback = self.named
        return context

    def ready(self):
        return True

    def stop(self):
        self.closing[0].close()
        if self.thread:
            self.thread.join()  # the kernel keeps what it waits for
        for s in (*self.listeners, self.closing[1]):
            s.close()

    def accept(self):
        while True:
            for s in select.select([self.closing[1], *self.listeners], [], [])[0]:
                if s is self.closing[1]:
                    return
                with contextlib.suppress(OSError):  # it is gone already
                    threading.Thread(target=self.one, args=s.accept(), daemon=True).start()

    def one(self, connection, _):
        with contextlib.suppress(OSError), connection:
            kind = 'direct' if connection.recv(1, socket.MSG_PEEK) == b'\x16' else 'starttls'
            where = connection.getsockname()
            if self.wrong_way(connection, where[0], kind):
                return
            if kind == 'direct':
                with self.contexts['world'].wrap_socket(connection, server_side=True) as tls:
                    self.secured(tls, where, kind)
                return
            stream = Text(connection)
            tag = self.opened(stream, where, kind)
            if (label(tag[0]), where[0]) == ('unknown-at-one', dns_world.SECOND):
                connection.sendall((HEADER.format(*tag) +
                                    STREAM_ERROR.format('host-unknown')).encode())
                return
            connection.sendall((HEADER.format(*tag) + STARTTLS).encode())
            stream.until('<starttls')
            connection.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            context = self.context(tag[0], where[0])
            with context.wrap_socket(connection, server_side=True) as tls:
                self.secured(tls)

    @staticmethod
    def wrong_way(connection, address, kind):
        """A host that knows one way to TLS only was asked for the other."""
        if address == dns_world.CLEAR and kind == 'direct':
            connection.sendall((HEADER.format('', '') +
                                STREAM_ERROR.format('not-well-formed')).encode())
        elif address == dns_world.SEALED and kind == 'starttls':
            connection.sendall(ALERT)
        else:
            return False
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass  # closing before would reset what was said
        return True

    def secured(self, tls, where=None, kind=None):
        stream = Text(tls)
        tag = self.opened(stream, where, kind)
        features = DIALBACK
        if label(tag[0]) == 'late-clock':
            features = EXTERNAL
        elif (label(tag[0]), tls.getsockname()[0]) == ('features-differ', dns_world.SECOND):
            features = '<stream:features/>'
        tls.sendall((HEADER.format(*tag) + features).encode())
        if features is EXTERNAL and stream.until('<auth|(?=<db:)'):
            tls.sendall(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
            self.late(tls, stream)
            return
        while True:
            tag = stream.until('<db:(verify|result)[^>]*>')
            tls.sendall(REFUSAL.format(tag[4:10], *(attribute(tag, n) for n in (
                'to', 'from', 'id'))).encode())

    def late(self, tls, stream):
        """Answers, on the same stream (XEP-0288), a ping and what the time is."""
        tls.sendall((HEADER.format(*self.opened(stream, None, None)) +
                     '<stream:features/>').encode())
        while True:
            tag = stream.until('<iq [^>]*>')
            clock = datetime.datetime.now(datetime.timezone.utc) - LATE
            about = ("<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo>"
                     f'<utc>{clock:%Y-%m-%dT%H:%M:%SZ}</utc></time>')
            if stream.until('<(ping|time)').endswith('ping'):
                about = ''
            to, sender, number = (attribute(tag, n) for n in ('to', 'from', 'id'))
            tls.sendall(f"<iq type='result' id='{number}' from='{to}' to='{sender}'>{about}"
                        '</iq>'.encode())

    def opened(self, stream, where, kind):
        """The domains of a stream's header: ours, theirs. The first of a connection
        is noted."""
        tag = stream.until('<stream:stream[^>]*>')
        if where:
            with self.changed:
                self.came.append((*where, kind, attribute(tag, 'to')))
                self.changed.notify_all()
        return attribute(tag, 'to'), attribute(tag, 'from')

    def context(self, domain, address=None):
        name = label(domain)
        if name == 'tls12':
            return self.contexts[name]
        other = dns_world.DIFFERENT.get((name, address))
        return self.contexts[other or dns_world.CERTIFICATES.get(name, 'world')]

    def named(self, connection, name, _):
        if name:
            connection.context = self.context(name, connection.getsockname()[0])


class Dead:
    """Addresses of ours that drop who comes: the kernel answers nobody for whom
    there is no room, and one connection of our own takes all the room there is."""

    def __init__(self, *places):
        self.places, self.sockets = places, []

    def __enter__(self):
        try:
            for place in self.places:
                family = socket.AF_INET6 if ':' in place[0] else socket.AF_INET
                listener = socket.create_server(place, family=family, backlog=0)
                self.sockets += [listener, socket.create_connection(place)]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()


def dead_hosts():
    return Dead((dns_world.DEAD, 5269), (dns_world.DEAD_V6, 5269))
