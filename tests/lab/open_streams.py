"""Checks: stanzas that are sent, and streams that stay open."""
import re

import s2sprobe as s2s
from federation import LONG, codes, identity, speaking_for
from servers import DOMAIN, THREE
from tap import check, equal, has

DISCO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"


def asking(ours, theirs, number, inside=DISCO):
    return f"<iq type='get' id='{number}' from='{ours}' to='{theirs}'>{inside}</iq>"


def is_answer(stanza, number, kind='result'):
    tag = re.match('<iq [^>]*>', stanza)
    return bool(tag) and all(re.search(f'''\\b{n}=['"]{v}['"]''', tag[0])
                             for n, v in (('id', number), ('type', kind)))


def take(context, stream, *wanted):
    """Events until each test in `wanted` has met one; the rest must be acks."""
    wanted, events = list(wanted), []
    while wanted:
        equal((context.run(LONG), context.stream()), (1, stream), f'waiting; had {events}')
        while (event := stream.next()) is not None:
            events.append(event)
            met = [test for test in wanted if test(event)]
            assert met or event[0] == s2s.EVENT_ACKED, (event, stream.result() and
                                                        stream.result().raw)
            wanted = [test for test in wanted if test not in met[:1]]
    return events


def opened(event):
    return event == (s2s.EVENT_OPEN, 0, None, 0)


def closed(event):
    return event == (s2s.EVENT_CLOSED, 0, None, 0)


def stanza(test, via):
    return lambda event: event[:2] == (s2s.EVENT_STANZA, via) and bool(test(event[2]))


def acked(count):
    return lambda event: event == (s2s.EVENT_ACKED, 0, None, count)


# ---- One stanza ----------------------------------------------------------------


def one(server):
    domain = DOMAIN[server]

    @check(f'{server}: one request sent, its answer kept')
    def _(lab):
        ours = f'send-{server}.probe.test'
        with speaking_for(lab, ours) as context:
            r = context.send(ours, domain, asking(ours, domain, 'd1'), timeout_ms=LONG)
            equal(len(r.stanzas()), 1, 'stanzas')
            assert is_answer(r.stanzas()[0], 'd1') and '<identity ' in r.stanzas()[0], r.raw
            has(r, {'success': True, 'stage': 'done', 'stanzas': r.stanzas(),
                    'pingMethod': None})
            # An error answers too.
            r = context.send(ours, domain, asking(ours, domain, 'd2', "<q xmlns='urn:none'/>"),
                             timeout_ms=LONG)
            equal((r.error, len(r.stanzas())), (s2s.OK, 1))
            assert is_answer(r.stanzas()[0], 'd2', 'error'), r.raw


for name in THREE:
    one(name)


@check('what needs no answer is kept until the deadline, which is no error')
def _(lab):
    ours = 'wait.probe.test'
    message = f"<message from='{ours}' to='nobody@ejabberd.test' id='m1'><body>hi</body></message>"
    with speaking_for(lab, ours) as context:
        r = context.send(ours, 'ejabberd.test', message, timeout_ms=2000)
    equal((r.error, r.code, len(r.stanzas())), (s2s.OK, 'ok', 1))
    assert '<service-unavailable' in r.stanzas()[0], r.raw


# ---- Many ----------------------------------------------------------------------


def many(server, flags, via, acks):
    domain = DOMAIN[server]
    name = f'{server}{" without bidi" * (server == "prosody" and flags != 0)}'

    @check(f'{name}: a stream that stays open')
    def _(lab):
        ours = f'open-{server}-{flags}.probe.test'
        here = f"from='user@{ours}/1' to='nobody@{domain}'"
        with speaking_for(lab, ours) as context:
            stream = s2s.Stream(context, ours, domain, flags=flags, timeout_ms=LONG)
            take(context, stream, opened)
            for wrong in ('<message/>', asking('prosody.test', domain, 'x'), '</stream:stream>'):
                try:
                    stream.send(wrong)
                    raise AssertionError(wrong)
                except s2s.Failure as e:
                    equal(e.error, s2s.EINVALID_ARGUMENT)
            # Three at once, and another when all have been answered.
            stream.send(f"<message {here} id='m1'><body>é &lt;</body></message>")
            stream.send(asking(ours, domain, 'd1'))
            stream.send(f"<presence {here} type='unavailable'/>")
            answers = [stanza(lambda s: re.match('<message [^>]*error', s), via),
                       stanza(lambda s: is_answer(s, 'd1') and '<identity ' in s, via)]
            if server == 'jabberd2':  # it answers even this
                answers.append(stanza(lambda s: re.match('<presence [^>]*error', s), via))
            take(context, stream, *answers, *[acked(3)] * acks)
            stream.send(asking(ours, domain, 'd2'))
            take(context, stream, stanza(lambda s: is_answer(s, 'd2'), via), *[acked(4)] * acks)
            stream.close()
            take(context, stream, closed)
            r = stream.result()
            has(r, {'success': True, 'stage': 'done', 'auth.bidi': via == s2s.VIA_STREAM})
            equal([f for f in r.json['findings'] if f['severity'] == 'error'], [], 'findings')
            if acks:
                has(r, {'acks.sent': 4, 'acks.acked': 4})
            stream.free()


many('prosody', 0, s2s.VIA_STREAM, True)
many('prosody', s2s.NO_BIDI, s2s.VIA_INBOUND, True)
many('ejabberd', 0, s2s.VIA_INBOUND, False)
many('jabberd2', 0, s2s.VIA_INBOUND, False)


@check('closing at once sends what is queued')
def _(lab):
    ours = 'hasty.probe.test'
    with speaking_for(lab, ours) as context:
        stream = s2s.Stream(context, ours, 'prosody.test', timeout_ms=LONG)
        take(context, stream, opened)
        for n in range(50):
            stream.send(f"<message from='{ours}' to='nobody@prosody.test' id='m{n}'/>")
        stream.close()
        events = []
        while not events or not closed(events[-1]):
            equal(context.run(LONG), 1)
            while (event := stream.next()) is not None:
                events.append(event)
        has(stream.result(), {'success': True, 'acks.sent': 50})
        stream.free()


@check('a server that ends the stream: closed, and why')
def _(lab):
    ours = 'bad.probe.test'
    with speaking_for(lab, ours) as context:
        stream = s2s.Stream(context, ours, 'ejabberd.test', timeout_ms=LONG)
        take(context, stream, opened)
        big = f"<body>{'x' * 600000}</body>"  # of 524288 that are allowed
        stream.send(f"<message from='{ours}' to='nobody@ejabberd.test'>{big}</message>")
        take(context, stream, closed)
        has(stream.result(), {'success': False, 'code': 'stream_error',
                              'streamError.condition': 'policy-violation'})
        stream.free()


# ---- More than one domain of ours ------------------------------------------------


def also(server, flags=s2s.NO_BIDI, via=s2s.VIA_INBOUND):
    domain = DOMAIN[server]
    with_bidi = '' if flags else ' with bidi'

    @check(f'{server}: two domains of ours on one stream{with_bidi}')
    def _(lab):
        ours, other = f'first-{server}-{flags}.probe.test', 'alt.test'
        identities = [identity(lab, ours), identity(lab, other, other)]
        with speaking_for(lab, *identities) as context:
            stream = s2s.Stream(context, ours, domain, also_from=[other], flags=flags,
                                timeout_ms=LONG)
            take(context, stream, opened)
            stream.send(asking(ours, domain, 'a1'))
            stream.send(asking(other, domain, 'a2'))
            take(context, stream,
                 stanza(lambda s: is_answer(s, 'a1') and ours in s, via),
                 stanza(lambda s: is_answer(s, 'a2') and other in s, via))
            stream.close()
            take(context, stream, closed)
            has(stream.result(), {'alsoFrom': [{'domain': other, 'answer': 'valid'}]})
            assert not codes(stream.result()) & {'dialback_error', 'dialback_invalid'}
            stream.free()


# Prosody answers the second domain on its stream to the first, where a stanza
# to another than that is refused; on our own stream it may come.
also('prosody', 0, s2s.VIA_STREAM)
also('ejabberd')
also('jabberd2')
