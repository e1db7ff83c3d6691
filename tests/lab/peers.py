"""Small peers that no real server would be. Each is a context manager that
listens on a free port of 127.0.0.1 and talks from threads of its own."""
import contextlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading

MARKER = 'do-not-repeat-me'
HTTP = ('HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n'
        f'X-Marker: {MARKER}\r\nConnection: close\r\n\r\n{MARKER}\r\n')
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
          "xmlns:db='jabber:server:dialback' "
          "xmlns:stream='http://etherx.jabber.org/streams' "
          "id='peer1' from='prosody.test' to='probe.test' xml:lang='en'{}>")
STREAM_ERROR = ("<stream:error>{}</stream:error></stream:stream>")
CONDITION = "<{0} xmlns='urn:ietf:params:xml:ns:xmpp-streams'{1}"


class Peer:
    """Calls talk(connection) for each connection, then closes it."""

    def __init__(self, talk, address=('127.0.0.1', 0)):
        self.talk = talk
        self.socket = socket.create_server(address)
        self.host, self.port = self.socket.getsockname()
        self.connections = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                connection, _ = self.socket.accept()
                self.connections.append(connection)
                threading.Thread(target=self.one, args=[connection], daemon=True).start()

    def one(self, connection):
        with contextlib.suppress(OSError), connection:
            self.talk(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in [self.socket, *self.connections]:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


def drain(connection):
    while connection.recv(4096):
        pass


def says(answer):
    """Answers the first bytes, then waits for the end."""
    def talk(connection):
        if connection.recv(4096):
            connection.sendall(answer.encode())
            connection.shutdown(socket.SHUT_WR)
            drain(connection)
    return Peer(talk)


def http():
    return says(HTTP)


def silent():
    return Peer(drain)


def redirecting(target):
    return says(HEADER.format(" version='1.0'") + STREAM_ERROR.format(
        CONDITION.format('see-other-host', f'>{target}</see-other-host>')))


def before_xmpp_1():
    return says(HEADER.format(''))


def tls_only(certificate, prepare=lambda context: None):
    """TLS from the first byte, and another protocol inside."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    prepare(context)

    def talk(connection):
        with contextlib.suppress(ssl.SSLError), \
                context.wrap_socket(connection, server_side=True) as secured:
            secured.sendall(f'* OK {MARKER} ready\r\n'.encode())
            drain(secured)
    return Peer(talk)


@contextlib.contextmanager
def weak_dh():
    """The same with TLS 1.2, DHE and a group of 1024 bits."""
    def prepare(context):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers('DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0')
        context.load_dh_params(f'{at}/dh.pem')

    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], check=True, capture_output=True)

    with tempfile.TemporaryDirectory() as at:
        openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=peer',
                '-keyout', f'{at}/key.pem', '-out', f'{at}/certificate.pem')
        openssl('dhparam', '-dsaparam', '-out', f'{at}/dh.pem', '1024')
        with open(f'{at}/both.pem', 'w', encoding='ascii') as both:
            for name in 'key', 'certificate':
                with open(f'{at}/{name}.pem', encoding='ascii') as one:
                    both.write(one.read())
        with tls_only(f'{at}/both.pem', prepare) as peer:
            yield peer


@contextlib.contextmanager
def closed_port():
    """A port where nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        yield s.getsockname()


# ---- A plain dialogue, to know what a server says without the library -------

def features_of(stream, domain):
    """The features' tags and attributes, as sent after a stream header."""
    stream.sendall(f"<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
                   "xmlns:db='jabber:server:dialback' "
                   "xmlns:stream='http://etherx.jabber.org/streams' "
                   f"from='probe.test' to='{domain}' version='1.0'>".encode())
    text = receive(stream, r'</stream:features>|<stream:features/>')
    inside = text.split('<stream:features', 1)[1]
    return {tag for tag in re.findall(r'<([\w:-]+)', inside) if tag != 'stream:features'}


def receive(stream, pattern):
    text = ''
    while not re.search(pattern, text):
        more = stream.recv(4096)
        if not more:
            raise OSError(f'ended after {text!r}')
        text += more.decode()
    return text


def dialogue(address, domain, ca):
    """The names of the features in the clear, and inside TLS."""
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    with socket.create_connection((address, 5269), 10) as s:
        clear = features_of(s, domain)
        s.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        receive(s, '<proceed [^>]*>')
        with context.wrap_socket(s, server_hostname=domain) as t:
            return clear, features_of(t, domain)
