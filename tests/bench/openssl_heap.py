#!/usr/bin/env python3
"""openssl_heap.py PORT COUNT: the heap in KiB that an idle TLS session of OpenSSL
holds, as Python's ssl module sets it up, after a stream header and features:
what mallinfo2() tells. Python's own objects are not in it."""
import ctypes
import socket
import ssl
import sys

FIELDS = 'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'
HEADER = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:server'"
          b" xmlns:stream='http://etherx.jabber.org/streams' to='peer.test'"
          b" from='probe.test' version='1.0'>")


class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS.split()]


libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Mallinfo2


def heap():
    m = libc.mallinfo2()
    return m.uordblks + m.hblkhd


def session(context, port):
    s = context.wrap_socket(socket.create_connection(('127.0.0.1', port)),
                            server_hostname='peer.test')
    s.sendall(HEADER)
    seen = b''
    while b'</stream:features>' not in seen:
        seen += s.recv(4096)
    return s


def main(port, count):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    held = [session(context, port)]
    begin = heap()
    held += [session(context, port) for _ in range(count)]
    print(f'{(heap() - begin) / count / 1024:.2f}')


main(*map(int, sys.argv[1:]))
