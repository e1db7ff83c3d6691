"""Asks one question of one server."""
import random
import socket
import struct

from dns_wire import AD, CD, RD, TC, Answer, query

SECONDS = 20  # that nothing needs


def receive(stream, count):
    data = b''
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise OSError('the server ended')
        data += more
    return data


def over_tcp(server, message):
    with socket.create_connection(server, SECONDS) as s:
        s.sendall(struct.pack('!H', len(message)) + message)
        return receive(s, struct.unpack('!H', receive(s, 2))[0])


def over_udp(server, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(SECONDS)
        s.connect(server)
        s.send(message)
        return s.recv(65535)


def ask(server, what, kind, checking=True, do=False, flags=RD | AD, tcp=False):
    """The answer of a server ('address:port'). What is truncated is asked again
    over TCP. checking=False: even what does not validate."""
    host, port = server.rsplit(':', 1)
    message = query(random.randrange(65536), what, kind, flags | (0 if checking else CD), do)
    where = (host, int(port))
    answer = Answer((over_tcp if tcp else over_udp)(where, message))
    if answer.flags & TC and not tcp:
        answer = Answer(over_tcp(where, message))
    if answer.message[:2] != message[:2]:
        raise OSError('the answer is to another question')
    return answer
