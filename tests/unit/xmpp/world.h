/* An initiator on its own, brought to any state it can be in. */
#ifndef TESTS_UNIT_XMPP_WORLD_H
#define TESTS_UNIT_XMPP_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"
#include "parse.h"
#include "xmpp/initiator.h"

#define OURS   "us.example"
#define THEIRS "them.example"
#define TLS    "urn:ietf:params:xml:ns:xmpp-tls"
#define HEADER                                                                 \
    "<stream:stream xmlns='jabber:server' "                                    \
    "xmlns:stream='http://etherx.jabber.org/streams' "                         \
    "xmlns:db='jabber:server:dialback' from='" THEIRS "' to='" OURS "' "       \
    "id='%s' version='1.0' xml:lang='en'>"
#define FEATURES(inside) "<stream:features>" inside "</stream:features>"
#define STARTTLS         "<starttls xmlns='" TLS "'/>"
#define DIALBACK         "<dialback xmlns='urn:xmpp:features:dialback'/>"

struct world {
    struct domain *from, *to;
    struct options_context options; /* for its limits */
    struct initiator_config config;
    s2s_result *result;
    struct initiator *i;
};

static inline void open_piped(struct world *w, enum initiator_tls tls,
                              bool verify, bool pipeline)
{
    char what[OPTIONS_WHAT];
    assert_int_equal(options_load_context(NULL, &w->options, what), S2S_OK);
    assert_int_equal(domain_parse(OURS, &w->from), S2S_OK);
    assert_int_equal(domain_parse(THEIRS, &w->to), S2S_OK);
    w->config = (struct initiator_config){
        .from = w->from,
        .to = w->to,
        .tls = tls,
        .pipeline = pipeline,
        .verify = verify,
        .verify_id = "7",
        .verify_key = "KEY",
        .limits = &w->options.limits,
        .log = &w->options.log,
    };
    w->result = result_new(verify ? S2S_OP_PING : S2S_OP_CONNECT);
    assert_int_equal(initiator_new(&w->config, w->result, &w->i), S2S_OK);
}

static inline void open_world(struct world *w, enum initiator_tls tls,
                              bool verify)
{
    open_piped(w, tls, verify, false);
}

static inline void close_world(struct world *w)
{
    initiator_free(w->i);
    result_free(w->result);
    options_free_context(&w->options);
    free(w->from);
    free(w->to);
}

static inline void hear(struct world *w, const char *text)
{
    initiator_engine.input(w->i, text, strlen(text));
}

/* What it says next, sent. */
static inline void send_all(struct world *w, char *out, size_t size)
{
    size_t length;
    const uint8_t *bytes = initiator_engine.output(w->i, &length);
    assert_true(length < size);
    if (length > 0)
        memcpy(out, bytes, length);
    out[length] = '\0';
    if (length > 0)
        initiator_engine.sent(w->i, length);
}

static inline void say(struct world *w, const char *begin)
{
    char text[1024];
    assert_int_equal(initiator_engine.wants(w->i), ENGINE_WRITE);
    send_all(w, text, sizeof(text));
    assert_memory_equal(text, begin, strlen(begin));
}

static inline void hear_header(struct world *w, const char *id)
{
    char text[512];
    say(w, "<?xml version='1.0'?><stream:stream ");
    assert_int_equal(initiator_engine.wants(w->i), ENGINE_READ);
    snprintf(text, sizeof(text), HEADER, id);
    hear(w, text);
}

/* ---- The places ---- */

enum place {
    IN_HEADER,          /* nothing has come */
    IN_FEATURES,        /* a header has, STARTTLS is meant to follow */
    IN_FEATURES_CLEAR,  /* no TLS at all */
    IN_PROCEED,         /* STARTTLS was offered */
    IN_PROCEED_UNASKED, /* and was not */
    IN_PIPE_HEADER,     /* <starttls/> went with the header */
    IN_PIPE_FEATURES,
    IN_PIPE_PROCEED,
    IN_PIPE_UNASKED,
    IN_PIPE_VERDICT,
    IN_HEADER_SECURE,
    IN_FEATURES_SECURE,
    IN_FEATURES_PING,    /* the same, and then a ping */
    IN_FEATURES_SUSPECT, /* the same with a bad certificate */
    IN_ASKED,
    IN_ASKED_CLEAR,
    IN_VERDICT, /* the header was bad */
    IN_CLOSING, /* at the end, with an error */
    PLACES
};

static const struct {
    const char *name;
    enum initiator_tls tls;
    bool verify, pipeline;
    const char *id;       /* of the first header; NULL: none came */
    const char *features; /* that came, in the clear */
    bool secured;
    const char *secure_id, *secure_features;
    int verdict;
} places[PLACES] = {
    [IN_HEADER] = {.name = "header", .tls = INITIATOR_STARTTLS},
    [IN_FEATURES] = {.name = "features", .tls = INITIATOR_STARTTLS, .id = "1"},
    [IN_FEATURES_CLEAR] = {.name = "features, clear",
                           .tls = INITIATOR_CLEAR,
                           .id = "1"},
    [IN_PROCEED] = {.name = "proceed",
                    .tls = INITIATOR_STARTTLS,
                    .id = "1",
                    .features = FEATURES(STARTTLS)},
    [IN_PROCEED_UNASKED] = {.name = "proceed, not offered",
                            .tls = INITIATOR_STARTTLS,
                            .id = "1",
                            .features = FEATURES("")},
    [IN_PIPE_HEADER] = {.name = "header, pipelined",
                        .tls = INITIATOR_STARTTLS,
                        .pipeline = true},
    [IN_PIPE_FEATURES] = {.name = "features, pipelined",
                          .tls = INITIATOR_STARTTLS,
                          .pipeline = true,
                          .id = "1"},
    [IN_PIPE_PROCEED] = {.name = "proceed, pipelined",
                         .tls = INITIATOR_STARTTLS,
                         .pipeline = true,
                         .id = "1",
                         .features = FEATURES(STARTTLS)},
    [IN_PIPE_UNASKED] = {.name = "proceed, pipelined, not offered",
                         .tls = INITIATOR_STARTTLS,
                         .pipeline = true,
                         .id = "1",
                         .features = FEATURES("")},
    [IN_PIPE_VERDICT] = {.name = "verdict, pipelined",
                         .tls = INITIATOR_STARTTLS,
                         .pipeline = true,
                         .id = ""},
    [IN_HEADER_SECURE] = {.name = "header, secure",
                          .tls = INITIATOR_DIRECT,
                          .secured = true},
    [IN_FEATURES_SECURE] = {.name = "features, secure",
                            .tls = INITIATOR_DIRECT,
                            .secured = true,
                            .secure_id = "2"},
    [IN_FEATURES_PING] = {.name = "features, ping",
                          .tls = INITIATOR_DIRECT,
                          .verify = true,
                          .secured = true,
                          .secure_id = "2"},
    [IN_FEATURES_SUSPECT] = {.name = "features, suspect",
                             .tls = INITIATOR_DIRECT,
                             .verify = true,
                             .secured = true,
                             .secure_id = "2",
                             .verdict = S2S_ECERT_NAME},
    [IN_ASKED] = {.name = "asked",
                  .tls = INITIATOR_DIRECT,
                  .verify = true,
                  .secured = true,
                  .secure_id = "2",
                  .secure_features = FEATURES(DIALBACK)},
    [IN_ASKED_CLEAR] = {.name = "asked, clear",
                        .tls = INITIATOR_CLEAR,
                        .verify = true,
                        .id = "1",
                        .features = FEATURES("")},
    [IN_VERDICT] = {.name = "verdict", .tls = INITIATOR_STARTTLS, .id = ""},
    [IN_CLOSING] = {.name = "closing", .tls = INITIATOR_STARTTLS, .id = "1"},
};

static inline void go_to(struct world *w, enum place place)
{
    char text[1024];
    open_piped(w, places[place].tls, places[place].verify,
               places[place].pipeline);
    if (places[place].id != NULL)
        hear_header(w, places[place].id);
    if (places[place].features != NULL)
        hear(w, places[place].features);
    if (places[place].secured) {
        assert_int_equal(initiator_engine.wants(w->i), ENGINE_TLS);
        initiator_secured(w->i, places[place].verdict, "suspect", false);
    }
    if (places[place].secure_id != NULL)
        hear_header(w, places[place].secure_id);
    if (places[place].secure_features != NULL)
        hear(w, places[place].secure_features);
    if (place == IN_CLOSING)
        initiator_fail(w->i, S2S_ETIMEOUT, "late");
    send_all(w, text, sizeof(text)); /* starttls, verify, end tag */
    assert_int_equal(initiator_engine.wants(w->i),
                     place == IN_CLOSING ? ENGINE_DONE : ENGINE_READ);
}

#endif
