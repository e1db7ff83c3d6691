#include "corpus.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define STANZA_MAX 131072u

const char *const corpus_names[CORPUS_COUNT] = {
    "message-200", "disco-2K",    "items-60K",
    "base64-60K",  "cyrillic-2K", "chinese-2K",
};

static const char header[] =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"
    " xmlns:stream='http://etherx.jabber.org/streams'"
    " xmlns:db='jabber:server:dialback' from='peer.test' to='probe.test'"
    " id='a1' version='1.0'>";

struct text {
    char *at;
    size_t length;
};

static void add(struct text *t, const char *piece)
{
    size_t n = strlen(piece);
    bench_must(t->length + n < STANZA_MAX, "a stanza is too long");
    memcpy(t->at + t->length, piece, n + 1);
    t->length += n;
}

static void add_number(struct text *t, unsigned n)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%u", n);
    add(t, digits);
}

static void make_message(struct text *t)
{
    add(t, "<message from='room@muc.peer.test/somebody' type='groupchat'"
           " to='user@probe.test/desk' id='0b7e5d1c-52'>"
           "<body>The build is green again, have a look when you can.</body>"
           "<origin-id xmlns='urn:xmpp:sid:0' id='0b7e'/></message>");
}

static void make_disco(struct text *t)
{
    add(t, "<iq from='peer.test' to='probe.test' id='d1' type='result'>"
           "<query xmlns='http://jabber.org/protocol/disco#info'>"
           "<identity category='server' type='im' name='A server'/>");
    for (unsigned i = 0; i < 44; i++) {
        add(t, "<feature var='urn:xmpp:feature:name:");
        add_number(t, i);
        add(t, "'/>");
    }
    add(t, "</query></iq>");
}

static void make_items(struct text *t)
{
    add(t, "<iq from='muc.peer.test' to='user@probe.test/desk' id='i1'"
           " type='result'>"
           "<query xmlns='http://jabber.org/protocol/disco#items'>");
    for (unsigned i = 0; i < 790; i++) {
        add(t, "<item jid='room-");
        add_number(t, 1000 + i);
        add(t, "@muc.peer.test' name='Tea &amp; talk, table ");
        add_number(t, 1000 + i);
        add(t, "'/>");
    }
    add(t, "</query></iq>");
}

static void make_base64(struct text *t)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    char piece[2] = "";
    uint32_t state = 1;
    add(t, "<iq from='user@peer.test' to='probe.test' id='v1' type='result'>"
           "<data xmlns='urn:xmpp:avatar:data'>");
    for (unsigned i = 0; i < 60000; i++) {
        state = state * 1664525u + 1013904223u;
        piece[0] = digits[state >> 26];
        add(t, piece);
    }
    add(t, "</data></iq>");
}

static void make_spoken(struct text *t, const char *sentence)
{
    add(t, "<message from='user@peer.test/desk' to='other@probe.test'"
           " type='chat' id='m1'><body>");
    while (t->length < 2000)
        add(t, sentence);
    add(t, "</body></message>");
}

static void make_cyrillic(struct text *t)
{
    make_spoken(t, "Сборка снова зелёная, посмотри, когда будет время. ");
}

static void make_chinese(struct text *t)
{
    make_spoken(t, "构建又变绿了，有空的时候请看一下。");
}

void corpus_make(struct corpus *c, size_t which, size_t length)
{
    static void (*const makers[CORPUS_COUNT])(struct text *) = {
        make_message, make_disco,    make_items,
        make_base64,  make_cyrillic, make_chinese,
    };
    struct text t = {malloc(STANZA_MAX), 0};
    bench_must(t.at != NULL, "no memory");
    makers[which](&t);
    *c = (struct corpus){.header_length = sizeof(header) - 1,
                         .stanza = t.at,
                         .stanza_length = t.length,
                         .count = length / t.length + 1};
    c->length = c->header_length + c->count * c->stanza_length;
    c->stream = malloc(c->length);
    bench_must(c->stream != NULL, "no memory");
    memcpy(c->stream, header, c->header_length);
    for (size_t i = 0; i < c->count; i++)
        memcpy(c->stream + c->header_length + i * c->stanza_length, c->stanza,
               c->stanza_length);
}

void corpus_free(struct corpus *c)
{
    free(c->stream);
    free(c->stanza);
}
