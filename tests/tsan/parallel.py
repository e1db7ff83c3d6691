#!/usr/bin/env python3
"""Many requests at once to a server built with ThreadSanitizer, which ends it
with an exit status of its own when it sees a race."""
import concurrent.futures
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'shim'))
import shim  # noqa: E402

REQUESTS = 20


def ask(server, port, number):
    """One of four kinds; its status."""
    request = {'host': 'localhost', 'fromDomain': 'example.com', 'port': port}
    kind = number % 4
    if kind == 3:
        return server.post(shim.CONNECT, {**request, 'port': 70000}).status
    path = shim.PING if kind == 1 else shim.CONNECT
    if kind == 2:
        request['useTLS'] = False
    reply = server.post(path, request)
    assert reply.json['success'], reply
    return reply.status


class Parallel(unittest.TestCase):
    def test_requests(self):
        with shim.Server('--demo') as server:  # the exit status must be 0
            port = server.demo_port()
            with concurrent.futures.ThreadPoolExecutor(REQUESTS) as pool:
                asked = [pool.submit(ask, server, port, n)
                         for n in range(3 * REQUESTS)]
                got = [a.result(shim.TIMEOUT) for a in asked]
            self.assertEqual(got, [200, 200, 200, 400] * (3 * REQUESTS // 4))
            self.assertEqual([e for e in server.errors if 'WARNING' in e], [])

    def test_end_with_requests_under_way(self):
        with shim.Peer(shim.silent) as peer, \
                concurrent.futures.ThreadPoolExecutor(REQUESTS) as pool:
            server = shim.Server()
            asked = [pool.submit(server.post, shim.CONNECT, {
                'host': '127.0.0.1', 'toDomain': 'a.example',
                'fromDomain': 'b.example', 'port': peer.port})
                for _ in range(REQUESTS)]
            peer.await_connections(4)  # no more to one host; the others wait
            self.assertEqual(server.stop(), 0, server.errors)
            self.assertEqual({a.result(shim.TIMEOUT).status for a in asked},
                             {503})


if __name__ == '__main__':
    shim.main()
