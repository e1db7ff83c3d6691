/*
 * The two engines in memory, what they ask, and the bytes between them. TLS
 * stands when both want it.
 */
#ifndef TESTS_UNIT_XMPP_ENGINES_H
#define TESTS_UNIT_XMPP_ENGINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "xmpp/initiator.h"
#include "xmpp/responder.h"
#include "xmpp/stanza.h"

#define SECRET "s3cr3tf0rd14lb4ck"
#define FAR    SIZE_MAX

/* ---- A conversation ---- */

struct setting {
    const char *name;
    enum initiator_tls tls;
    bool external, dialback, bidi, acks;
    bool untrusted;     /* our certificate, to the responder */
    bool wrong_key;     /* the authoritative server says so */
    int error;          /* how the initiator ends */
    const char *method; /* by which it got in */
    bool pong;          /* its ping is answered on the stream */
    bool pipeline;
};

struct world {
    const struct setting *setting;
    struct initiator_config ours;
    struct responder_config theirs;
    struct initiator_house our_house;
    struct responder_house their_house;
    struct inbound seen;
    s2s_result *result;
    struct initiator *i;
    struct responder *r;
    unsigned ready, pongs, asked, stanzas;
    size_t moved; /* bytes in both directions */
    size_t cut;   /* nothing moves beyond these */
    size_t piece; /* at most so many at a time */
    bool scarce;  /* memory may run out */
};

static struct domain *a_test, *b_test;
static s2s_limits limits;
static struct log no_log;

/* Only memory may be missing, and only then. */
static inline bool works(const struct world *w, int e)
{
    assert_true(e == S2S_OK || (w->scarce && e == S2S_ENO_MEMORY));
    return e == S2S_OK;
}

static inline void on_ready(void *user)
{
    struct world *w = user;
    struct buf b;
    w->ready++;
    buf_init(&b, 1024);
    if (works(w, stanza_write_ping(&b, "a.test", "b.test", "p1")) &&
        !works(w, initiator_send(w->i, b.data, b.length, true)))
        initiator_fail(w->i, S2S_ENO_MEMORY, "no memory");
    buf_free(&b);
}

static inline void on_pong(void *user, const tree_node *n,
                           struct tokenizer_span v)
{
    struct world *w = user;
    const char *condition;
    (void)v;
    if (stanza_read_answer(n, a_test, b_test, "p1", &condition) ==
        STANZA_RESULT)
        w->pongs++;
    initiator_finish(w->i);
}

static inline void on_acked(void *user)
{
    struct world *w = user;
    if (!w->setting->pong)
        initiator_finish(w->i);
}

static inline const struct domain *serves(void *user, const char *to)
{
    (void)user;
    return domain_equal(b_test, to) ? b_test : NULL;
}

static inline bool trusts(void *user, const struct domain *from,
                          const char **why)
{
    const struct world *w = user;
    *why = "it is not";
    return !w->setting->untrusted && domain_equal(a_test, from->ascii);
}

static inline enum dialback_answer verify(void *user,
                                          const struct dialback_request *q)
{
    (void)user;
    (void)q;
    return DIALBACK_INVALID;
}

/* What the authoritative server of a.test would say. */
static inline int ask(void *user, const struct domain *from,
                      const struct domain *to, const char *id, const char *key)
{
    struct world *w = user;
    char expected[CRYPTO_HEX];
    w->asked++;
    if (!works(w, dialback_key(SECRET, to->ascii, from->ascii, id, expected)))
        return S2S_ENO_MEMORY;
    assert_true(dialback_key_equal(expected, key));
    responder_verdict(w->r, from, to, id,
                      w->setting->wrong_key ? DIALBACK_INVALID : DIALBACK_VALID,
                      NULL);
    return S2S_OK;
}

static inline void on_stanza(void *user, const struct domain *from,
                             const struct domain *to, const tree_node *n,
                             struct tokenizer_span v)
{
    struct world *w = user;
    struct buf b;
    (void)v;
    w->stanzas++;
    buf_init(&b, 1024);
    if (works(w, stanza_write_answer(&b, n)) &&
        responder_can_send(w->r, to, from))
        (void)works(w, responder_send(w->r, to, from, b.data, b.length));
    buf_free(&b);
}

static inline void set_up(struct world *w, const struct setting *s)
{
    *w = (struct world){.setting = s, .cut = FAR, .piece = FAR};
    w->our_house = (struct initiator_house){
        .user = w, .ready = on_ready, .stanza = on_pong, .acked = on_acked};
    w->their_house = (struct responder_house){.user = w,
                                              .serves = serves,
                                              .trusts = trusts,
                                              .verify = verify,
                                              .ask = ask,
                                              .stanza = on_stanza};
    w->ours = (struct initiator_config){
        .from = a_test,
        .to = b_test,
        .tls = s->tls,
        .pipeline = s->pipeline,
        .authenticate = true,
        .external = s->external,
        .dialback = s->dialback,
        .unverified = s->tls == INITIATOR_CLEAR,
        .bidi = s->bidi,
        .acks = s->acks,
        .secret = SECRET,
        .house = &w->our_house,
        .limits = &limits,
        .log = &no_log,
    };
    w->theirs = (struct responder_config){
        .house = &w->their_house,
        .limits = &limits,
        .log = &no_log,
        .direct = s->tls == INITIATOR_DIRECT,
        .offer_tls = s->tls != INITIATOR_CLEAR,
        .require_tls = s->tls != INITIATOR_CLEAR,
        .request_certificate = true,
    };
    w->result = result_new(S2S_OP_PING);
    assert_non_null(w->result);
    assert_int_equal(initiator_new(&w->ours, w->result, &w->i), S2S_OK);
    assert_int_equal(responder_new(&w->theirs, &w->seen, &w->r), S2S_OK);
}

static inline void tear_down(struct world *w)
{
    initiator_free(w->i);
    responder_free(w->r);
    result_free(w->result);
}

/* ---- Moving bytes ---- */

/* One piece from one side to the other; false: there was none. */
static inline bool move(struct world *w, const struct engine *from,
                        void *source, const struct engine *to, void *target)
{
    size_t length;
    char piece[4096];
    if ((from->wants(source) & ENGINE_WRITE) == 0)
        return false;
    const uint8_t *bytes = from->output(source, &length);
    if (length > w->piece)
        length = w->piece;
    if (length > sizeof(piece))
        length = sizeof(piece);
    if (length > w->cut - w->moved)
        length = w->cut - w->moved;
    if (length == 0)
        return false;
    memcpy(piece, bytes, length);
    from->sent(source, length);
    w->moved += length;
    to->input(target, piece, length);
    return true;
}

static inline bool both_want_tls(const struct world *w)
{
    return (initiator_engine.wants(w->i) & ENGINE_TLS) != 0 &&
           (responder_engine.wants(w->r) & ENGINE_TLS) != 0;
}

static inline void talk(struct world *w)
{
    for (bool on = true; on;) {
        on = move(w, &initiator_engine, w->i, &responder_engine, w->r);
        on = move(w, &responder_engine, w->r, &initiator_engine, w->i) || on;
        if (both_want_tls(w)) {
            initiator_secured(w->i, S2S_OK, "", false);
            responder_secured(w->r);
            on = true;
        }
    }
}

/* ---- Cases ---- */

static const struct setting settings[] = {
    {"STARTTLS, EXTERNAL, bidi", INITIATOR_STARTTLS, true, true, true, true,
     false, false, S2S_OK, "external", true, false},
    {"STARTTLS, EXTERNAL", INITIATOR_STARTTLS, true, true, false, true, false,
     false, S2S_OK, "external", false, false},
    {"direct TLS, EXTERNAL, bidi", INITIATOR_DIRECT, true, true, true, false,
     false, false, S2S_OK, "external", true, false},
    {"STARTTLS, dialback, bidi", INITIATOR_STARTTLS, false, true, true, true,
     false, false, S2S_OK, "dialback", true, false},
    {"direct TLS, dialback, bidi", INITIATOR_DIRECT, false, true, true, false,
     false, false, S2S_OK, "dialback", true, false},
    {"in the clear, dialback, bidi", INITIATOR_CLEAR, false, true, true, false,
     false, false, S2S_OK, "dialback", true, false},
    {"not trusted, so dialback", INITIATOR_STARTTLS, true, true, true, false,
     true, false, S2S_OK, "dialback", true, false},
    {"not trusted, no dialback", INITIATOR_STARTTLS, true, false, true, false,
     true, false, S2S_EAUTH_FAILED, NULL, false, false},
    {"a wrong key", INITIATOR_STARTTLS, false, true, true, false, false, true,
     S2S_EDIALBACK_FAILED, NULL, false, false},
    {"pipelined", INITIATOR_STARTTLS, true, true, true, true, false, false,
     S2S_OK, "external", true, true},
};

static inline int engines_begin(void **state)
{
    struct options_context o;
    char what[OPTIONS_WHAT];
    (void)state;
    if (domain_parse("a.test", &a_test) != S2S_OK ||
        domain_parse("b.test", &b_test) != S2S_OK ||
        options_load_context(NULL, &o, what) != S2S_OK)
        return -1;
    limits = o.limits;
    options_free_context(&o);
    return 0;
}

static inline int engines_end(void **state)
{
    (void)state;
    free(a_test);
    free(b_test);
    return 0;
}

#endif
