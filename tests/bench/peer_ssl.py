#!/usr/bin/env python3
"""peer_ssl.py HOST PORT DOMAIN: connect, STARTTLS, print the features: what a
script needs that does this with Python's ssl module alone."""
import socket
import ssl
import sys

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' version='1.0'"
          " xmlns:stream='http://etherx.jabber.org/streams' to='{}' from='probe.test'>")


def until(s, end):
    seen = b''
    while end not in seen:
        more = s.recv(4096)
        if not more:
            sys.exit('closed')
        seen += more
    return seen


def main(host, port, domain):
    header = HEADER.format(domain).encode()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    s = socket.create_connection((host, int(port)))
    s.sendall(header)
    until(s, b'</stream:features>')
    s.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    until(s, b'<proceed')
    s = context.wrap_socket(s, server_hostname=domain)
    s.sendall(header)
    print(until(s, b'</stream:features>').decode())


main(*sys.argv[1:])
