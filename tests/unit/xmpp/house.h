/*
 * A house for a responder, and conversations with it: what the peer says, and
 * what it hears. Stream ids of ours are shown as ID.
 */
#ifndef TEST_HOUSE_H
#define TEST_HOUSE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "xml/tree.h"
#include "xmpp/responder.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- Words ---- */

#define XML     "<?xml version='1.0'?>"
#define STREAMS "http://etherx.jabber.org/streams"
/* Our header, with these attributes in the middle. */
#define OURS_FROM(attributes)                                                  \
    XML "<stream:stream xmlns='jabber:server' "                                \
        "xmlns:db='jabber:server:dialback' xmlns:stream='" STREAMS             \
        "' id='ID' " attributes "version='1.0' xml:lang='en'>"
#define OURS_TO(to) OURS_FROM("from='probe.test' to='" to "' ")
#define ERROR_TEXT(c, text)                                                    \
    "<stream:error><" c " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" text  \
    "</stream:error></stream:stream>"
#define ERROR(c) ERROR_TEXT(c, "")
#define SAID(text)                                                             \
    "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>" text    \
    "</text>"
#define END        "</stream:stream>"
#define PEER       "peer.test"
#define NS_S       "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_T       "urn:ietf:params:xml:ns:xmpp-tls"
#define STANZAS    "urn:ietf:params:xml:ns:xmpp-stanzas"
#define STARTTLS   "<starttls xmlns='" NS_T "'/>"
#define PROCEED    "<proceed xmlns='" NS_T "'/>"
#define AUTH(id)   "<auth mechanism='EXTERNAL' xmlns='" NS_S "'>" id "</auth>"
#define SUCCESS    "<success xmlns='" NS_S "'/>"
#define FAILURE(c) "<failure xmlns='" NS_S "'><" c "/></failure>"
#define LOCKED_FEATURES                                                        \
    "<stream:features><starttls xmlns='" NS_T "'><required/></starttls>"       \
    "</stream:features>"
#define DIALBACK                                                               \
    "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
#define BIDI_OFFER "<bidi xmlns='urn:xmpp:features:bidi'/>"
#define MECHANISMS                                                             \
    "<mechanisms xmlns='" NS_S "'><mechanism>EXTERNAL</mechanism></"           \
    "mechanisms>"
#define CLEAR_FEATURES                                                         \
    "<stream:features>" DIALBACK BIDI_OFFER "</stream:features>"
#define TLS_FEATURES                                                           \
    "<stream:features>" MECHANISMS DIALBACK BIDI_OFFER "</stream:features>"
#define AUTH_FEATURES                                                          \
    "<stream:features>" DIALBACK "<sm xmlns='urn:xmpp:sm:3'/>"                 \
    "</stream:features>"
#define ANSWER(kind, to, id, type)                                             \
    "<db:" kind " from='probe.test' to='" to "'" id " type='" type             \
    "'></db:" kind ">"
#define DB_ERROR(kind, from, to, id, type, c)                                  \
    "<db:" kind " from='" from "' to='" to "'" id                              \
    " type='error'><error type='" type "'><" c " xmlns='" STANZAS              \
    "'/></error></db:" kind ">"
#define PONG(to) "<iq from='probe.test' to='" to "' id='p' type='result'/>"

#define HEADER_WITH(attributes)                                                \
    XML "<stream:stream xmlns='jabber:server' "                                \
        "xmlns:db='jabber:server:dialback' xmlns:stream='" STREAMS             \
        "' " attributes ">"
#define THEIRS HEADER_WITH("from='peer.test' to='probe.test' version='1.0'")

#define RESULT(from, to)                                                       \
    "<db:result from='" from "' to='" to "'>their key</db:result>"
#define VERIFY(attributes, key)  "<db:verify " attributes ">" key "</db:verify>"
#define PEER_TO_US               "from='peer.test' to='probe.test' "
#define STANZA(name, attributes) "<" name " " attributes "/>"
#define IQ                       STANZA("iq", PEER_TO_US "type='result' id='1'")

/* Instead of words of the peer. */
#define SECURED "@secured" /* TLS stands */
#define VALID   "@valid"   /* what was asked last */
#define INVALID "@invalid"
#define FAILED  "@failed"
#define CLOSED  "@closed" /* the peer ends the connection */

struct line {
    const char *say, *hear;
};

/* ---- The house ---- */

struct setting {
    bool direct, no_tls, require_tls, no_request, untrusted;
    int ask_error;
    uint32_t stanzas; /* elements of a stranger; 0: many */
};

struct question {
    struct domain *from;
    const struct domain *to;
    char id[64], key[128];
};

struct house {
    struct setting setting;
    struct responder_house calls;
    struct responder_config config;
    s2s_limits limits;
    struct log log;
    struct domain *domains[2]; /* ours */
    struct inbound seen;
    struct responder *r;
    struct question asked;
    unsigned asks, stanzas, verifies, proofs;
    char last[1024]; /* stanza */
    char id[40];     /* of our last header */
    char *heard;
    size_t heard_length;
};

static inline void must(bool condition, const char *what)
{
    if (condition)
        return;
    (void)fprintf(stderr, "house: %s\n", what);
    abort();
}

static inline const struct domain *house_serves(void *user, const char *to)
{
    struct house *h = user;
    for (size_t i = 0; i < COUNT(h->domains); i++)
        if (domain_equal(h->domains[i], to))
            return h->domains[i];
    return NULL;
}

static inline bool house_trusts(void *user, const struct domain *from,
                                const char **why)
{
    struct house *h = user;
    h->proofs++;
    must(h->seen.tls && from != NULL, "trusts before TLS");
    if (h->setting.untrusted)
        *why = "the certificate is for somebody else";
    return !h->setting.untrusted;
}

/* One key of ours is out: "key", on stream "id7" of peer.test. */
static inline enum dialback_answer house_verify(
    void *user, const struct dialback_request *q)
{
    struct house *h = user;
    h->verifies++;
    if (q->to == NULL || house_serves(h, q->to) == NULL)
        return DIALBACK_ERROR;
    return q->from != NULL && strstr(q->from, ".test") != NULL &&
                   q->id != NULL && strcmp(q->id, "id7") == 0 &&
                   q->key != NULL && strcmp(q->key, "key") == 0
               ? DIALBACK_VALID
               : DIALBACK_INVALID;
}

static inline int house_ask(void *user, const struct domain *from,
                            const struct domain *to, const char *id,
                            const char *key)
{
    struct house *h = user;
    h->asks++;
    free(h->asked.from);
    h->asked.from = NULL;
    must(domain_parse(from->ascii, &h->asked.from) == S2S_OK, "no memory");
    h->asked.to = to;
    (void)snprintf(h->asked.id, sizeof(h->asked.id), "%s", id);
    (void)snprintf(h->asked.key, sizeof(h->asked.key), "%s", key);
    return h->setting.ask_error;
}

/* Pings are answered where they can be. */
static inline void house_stanza(void *user, const struct domain *from,
                                const struct domain *to,
                                const tree_node *stanza,
                                struct tokenizer_span verbatim)
{
    static const char pong[] = PONG(PEER);
    struct house *h = user;
    const char *type = tree_attribute(stanza, "type");
    h->stanzas++;
    (void)snprintf(h->last, sizeof(h->last), "%s %s %.*s", from->ascii,
                   to->ascii, (int)verbatim.length, verbatim.text);
    if (type != NULL && strcmp(type, "get") == 0 &&
        responder_can_send(h->r, to, from))
        must(responder_send(h->r, to, from, pong, sizeof(pong) - 1) == S2S_OK,
             "cannot send");
}

static inline void house_open(struct house *h, const struct setting *s)
{
    *h = (struct house){.setting = *s};
    must(domain_parse("probe.test", &h->domains[0]) == S2S_OK &&
             domain_parse("alt.test", &h->domains[1]) == S2S_OK,
         "no memory");
    h->calls = (struct responder_house){
        h, house_serves, house_trusts, house_verify, house_ask, house_stanza};
    h->limits = (s2s_limits){.size = sizeof(h->limits),
                             .header = 8192,
                             .element = 65536,
                             .element_authenticated = 524288,
                             .depth = 64,
                             .nodes = 16384,
                             .attributes = 64,
                             .bindings = 64,
                             .name = 1024,
                             .stanzas = s->stanzas > 0 ? s->stanzas : 100};
    h->config =
        (struct responder_config){.house = &h->calls,
                                  .limits = &h->limits,
                                  .log = &h->log,
                                  .direct = s->direct,
                                  .offer_tls = !s->no_tls,
                                  .require_tls = s->require_tls,
                                  .request_certificate = !s->no_request};
    must(responder_new(&h->config, &h->seen, &h->r) == S2S_OK, "no memory");
}

static inline void house_close(struct house *h)
{
    responder_free(h->r);
    free(h->asked.from);
    free(h->domains[0]);
    free(h->domains[1]);
    free(h->heard);
}

/* ---- Talking ---- */

static inline unsigned house_wants(const struct house *h)
{
    return responder_engine.wants(h->r);
}

/* Take what it says, in halves. */
static inline void house_listen(struct house *h)
{
    while (house_wants(h) & ENGINE_WRITE) {
        size_t length = 0;
        const uint8_t *bytes = responder_engine.output(h->r, &length);
        size_t part = (length + 1) / 2;
        h->heard = realloc(h->heard, h->heard_length + part + 1);
        must(h->heard != NULL, "no memory");
        memcpy(h->heard + h->heard_length, bytes, part);
        h->heard_length += part;
        h->heard[h->heard_length] = '\0';
        responder_engine.sent(h->r, part);
    }
}

static inline void house_verdict(struct house *h, const char *what)
{
    static const struct {
        const char *word, *condition;
        enum dialback_answer answer;
    } rows[] = {
        {VALID, NULL, DIALBACK_VALID},
        {INVALID, NULL, DIALBACK_INVALID},
        {FAILED, "remote-server-timeout", DIALBACK_ERROR},
    };
    for (size_t i = 0; i < COUNT(rows) && h->asked.from != NULL; i++)
        if (strcmp(what, rows[i].word) == 0)
            responder_verdict(h->r, h->asked.from, h->asked.to, h->asked.id,
                              rows[i].answer, rows[i].condition);
}

/* Say something, the first `cut` bytes apart from the rest, which is said in
 * pieces of `piece` bytes. */
static inline void house_say(struct house *h, const char *text, size_t cut,
                             size_t piece)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t n = at < cut ? cut - at : piece;
        n = n < length - at ? n : length - at;
        /* A copy of the exact size, so that a sanitizer sees an over-read. */
        char *exact = malloc(n);
        must(exact != NULL, "no memory");
        memcpy(exact, text + at, n);
        responder_engine.input(h->r, exact, n);
        free(exact);
        house_listen(h);
        at += n;
    }
}

static inline void house_event(struct house *h, const char *what)
{
    if (strcmp(what, SECURED) == 0)
        responder_secured(h->r);
    else if (strcmp(what, CLOSED) == 0)
        responder_engine.ended(h->r);
    else
        house_verdict(h, what);
}

static inline void house_do(struct house *h, const char *what, size_t cut,
                            size_t piece)
{
    if (what[0] == '@')
        house_event(h, what);
    else
        house_say(h, what, cut, piece);
    house_listen(h);
}

/* What was heard since the last time, with ids of streams shown as ID. */
static inline char *house_heard(struct house *h)
{
    static const char head[] = "<stream:stream ";
    char *all = h->heard != NULL ? h->heard : strdup("");
    must(all != NULL, "no memory");
    for (char *at = strstr(all, head); at != NULL; at = strstr(at + 1, head)) {
        char *id = strstr(at, " id='");
        must(id != NULL && strspn(id + 5, "0123456789abcdef") == 32 &&
                 id[37] == '\'',
             "no id of 128 bits");
        must(strncmp(h->id, id + 5, 32) != 0, "an id twice");
        memcpy(h->id, id + 5, 32);
        memcpy(id + 5, "ID", 2);
        memmove(id + 7, id + 37, strlen(id + 37) + 1);
    }
    h->heard = NULL;
    h->heard_length = 0;
    return all;
}

#endif
