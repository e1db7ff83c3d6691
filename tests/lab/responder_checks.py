"""Checks: the responder lies as it is told."""
import socket
import struct
import threading

import responder as r
from dns_client import ask, over_udp
from dns_wire import (A, AD, CNAME, LONGEST, NOERROR, NXDOMAIN, REFUSED, SERVFAIL, SRV, TC,
                      Answer, address, query, srv)
from tap import check, equal

NAME = 'a.test'
GOOD = r.answer((SRV, srv(1, 2, 5269, 'h.a.test')))


def said(action, kind=SRV, **options):
    """What a client gets over UDP, as it is."""
    with r.Responder({(NAME, kind): action}, **options) as dns:
        return over_udp((dns.host, dns.port), query(4711, NAME, kind))


def refused(message, error=(ValueError, IndexError, struct.error, UnicodeError)):
    """The lab's client, which is honest, cannot read it."""
    try:
        Answer(message)
    except error:
        return
    raise AssertionError(message)


@check('responder: answers, errors, and what nobody told it')
def _(_):
    table = {(NAME, SRV): GOOD, 'servfail.test': r.fails(SERVFAIL), 'refused.test':
             r.fails(REFUSED), (NAME, A): r.secure((A, address('127.0.0.1')))}
    with r.Responder(table) as dns:
        answer = ask(dns.address, 'A.Test', SRV)
        equal((answer.rcode, answer.secure, answer.of(SRV)),
              (NOERROR, False, [(1, 2, 5269, 'h.a.test.')]))
        equal(ask(dns.address, NAME, SRV, tcp=True).of(SRV), answer.of(SRV), 'over TCP')
        for name, rcode in (('servfail.test', SERVFAIL), ('refused.test', REFUSED),
                            ('nobody.test', NXDOMAIN)):
            equal(ask(dns.address, name, SRV).rcode, rcode, name)
        assert ask(dns.address, NAME, A).flags & AD
        equal(dns.asked[:2], [('a.test.', SRV, 'udp'), ('a.test.', SRV, 'tcp')])


@check('responder: silent, then not; late, when told; one does not hold up another')
def _(_):
    late = r.Held(GOOD)
    with r.Responder({NAME: [r.silent, GOOD], 'late.test': late}) as dns, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((dns.host, dns.port))
        s.send(query(1, 'late.test', SRV))
        s.send(query(2, NAME, SRV))
        dns.wait(lambda asked: len(asked) == 2)
        equal(ask(dns.address, NAME, SRV).rcode, NOERROR)
        late.release()
        equal(Answer(s.recv(65535)).number, 1, 'the late one')


@check('responder: truncated, with TCP and without')
def _(_):
    assert Answer(said(r.truncated(GOOD))).flags & TC
    with r.Responder({NAME: r.truncated(r.as_many_as_fit)}) as dns:
        answer = ask(dns.address, NAME, SRV)
        assert len(answer.of(SRV)) > 2500 and LONGEST - 40 < len(answer.message) <= LONGEST
    with r.Responder({NAME: r.truncated(GOOD)}, tcp=False) as dns:
        try:
            ask(dns.address, NAME, SRV)
        except ConnectionRefusedError:
            return
        raise AssertionError('it came over TCP')


@check('responder: messages that are not what they should be')
def _(_):
    equal(Answer(said(r.wrong_number(GOOD))).number, 4710)
    equal(Answer(said(r.wrong_question(GOOD))).asked, 'other.test.')
    equal(said(r.raw(b'no DNS')), b'no DNS')
    assert said(r.padded(GOOD)).startswith(said(GOOD))
    assert not Answer(said(r.itself_a_question(GOOD))).flags & 0x8000
    for bad in (r.cut(GOOD, 20), r.cut(GOOD, 11), r.cut(GOOD, 45),
                r.overcounted((SRV, srv(0, 0, 1, 'h.test'))), r.pointer_loop,
                r.target_loop, r.target_beyond, r.endless_target, r.short_data):
        refused(said(bad))
    # These it can read; a stricter one must not.
    for bad in (r.compressed_target, r.long_target, r.long_label):
        equal(len(Answer(said(bad)).of(SRV)), 1)
    message = said(r.alias_loop(NAME, 'b.test', 'c.test'))
    equal(Answer(message).of(CNAME), ['b.test.', 'c.test.', 'a.test.'])


@check('responder: two answers, and one from somebody who was not asked')
def _(_):
    with r.Responder({NAME: r.first(r.wrong_number(GOOD), GOOD), 'twice.test': r.twice(GOOD),
                      'elsewhere.test': r.elsewhere(GOOD)}) as dns, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((dns.host, 0))
        for name, numbers in ((NAME, [8, 9]), ('twice.test', [9, 9])):
            s.sendto(query(9, name, SRV), (dns.host, dns.port))
            equal([Answer(s.recv(65535)).number for _ in numbers], numbers)
        s.sendto(query(9, 'elsewhere.test', SRV), (dns.host, dns.port))
        _, sender = s.recvfrom(65535)
        assert sender != (dns.host, dns.port), sender


@check('responder: it ends, and nothing of it is left')
def _(_):
    before = set(threading.enumerate())
    with r.Responder({None: r.Held(GOOD)}) as dns, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(query(1, NAME, SRV), (dns.host, dns.port))
        dns.wait(lambda asked: len(asked) == 1)
        ours = set(threading.enumerate()) - before
    equal(len(ours), 3, 'threads')
    for thread in ours:
        thread.join(20)
    equal([t for t in ours if t.is_alive()], [], 'threads left')
