"""Part of a server, so that it says what a test wants."""
import hashlib
import re
import socket

COMPONENT_PORT = 5347


class Component:
    """Part of a server, behind a socket (XEP-0114): what it says, the server
    sends, and what comes for it has arrived at the server."""

    def __init__(self, lab, server):
        self.domain = 'tool.' + lab.servers[server].domain
        self.socket = socket.create_connection((lab.address(server), COMPONENT_PORT), 20)
        self.text = ''
        self.send("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                  "xmlns:stream='http://etherx.jabber.org/streams' "
                  f"to='{self.domain}'>")
        number = self.until(r'''<stream:stream[^>]* id=['"]([^'"]+)''')[1]
        proof = hashlib.sha1((number + 'secret').encode()).hexdigest()
        self.send(f'<handshake>{proof}</handshake>')
        self.until(r'<handshake[^>]*>')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode())

    def until(self, pattern):
        """Read until this has come; its match."""
        while not (found := re.search(pattern, self.text, re.S)):
            more = self.socket.recv(4096)
            assert more, f'the server ended after {self.text!r}'
            self.text += more.decode()
        return found
