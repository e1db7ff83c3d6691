/* An initiator that authenticates, brought to any state behind its features,
 * with a house that notes what it is told. */
#ifndef TESTS_UNIT_XMPP_AUTH_WORLD_H
#define TESTS_UNIT_XMPP_AUTH_WORLD_H

#include "world.h"

#define SECRET       "a-secret-of-ours"
#define OTHER        "other.example" /* more domains of ours */
#define THIRD        "third.example"
#define OTHER_SECRET "another-secret"
#define SASL_NS      "urn:ietf:params:xml:ns:xmpp-sasl"
#define EXTERNAL                                                               \
    "<mechanisms xmlns='" SASL_NS "'><mechanism>EXTERNAL</mechanism>"          \
    "</mechanisms>"
#define BIDI    "<bidi xmlns='urn:xmpp:features:bidi'/>"
#define SM_3    "<sm xmlns='urn:xmpp:sm:3'/>"
#define SUCCESS "<success xmlns='" SASL_NS "'/>"
#define RESULT(from, to, rest)                                                 \
    "<db:result from='" from "' to='" to "' " rest "</db:result>"
#define SM(text) "<" text " xmlns='urn:xmpp:sm:3'/>"
#define STANZA_ERROR(condition)                                                \
    "<error type='cancel'><" condition                                         \
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

#define TOLD_MAX 4096u

struct auth_world {
    struct world w;
    struct initiator_house house;
    struct initiator_also also[2];
    struct domain *others[2];
    char told[2048]; /* by the initiator to its house */
};

static inline void auth_tell(struct auth_world *a, const char *mark,
                             const char *what)
{
    size_t n = strlen(a->told);
    int more = snprintf(a->told + n, sizeof(a->told) - n, "%s%s", mark, what);
    assert_true(more > 0 && n + (size_t)more < sizeof(a->told));
}

static inline void auth_ready(void *user)
{
    auth_tell(user, " ready", "");
}

static inline void auth_stanza(void *user, const tree_node *stanza,
                               struct tokenizer_span verbatim)
{
    assert_true(verbatim.length > 0);
    auth_tell(user, " !", tree_local(stanza));
}

static inline void auth_acked(void *user)
{
    auth_tell(user, " acked", "");
}

static inline void auth_verdict(void *user, const char *from, const char *to,
                                const char *id, enum dialback_answer answer,
                                const char *condition)
{
    static const char *const names[] = {"other", "valid", "invalid", "error"};
    assert_string_equal(from, OURS);
    assert_string_equal(to, THEIRS);
    auth_tell(user, " verdict:", id);
    auth_tell(user, ":", names[answer]);
    if (condition != NULL)
        auth_tell(user, ":", condition);
}

static inline void auth_open(struct auth_world *a, enum initiator_tls tls)
{
    memset(a, 0, sizeof(*a));
    open_world(&a->w, tls, false);
    assert_int_equal(domain_parse(OTHER, &a->others[0]), S2S_OK);
    assert_int_equal(domain_parse(THIRD, &a->others[1]), S2S_OK);
    for (size_t k = 0; k < 2; k++)
        a->also[k] = (struct initiator_also){a->others[k], OTHER_SECRET};
    a->house = (struct initiator_house){
        .user = a,
        .ready = auth_ready,
        .stanza = auth_stanza,
        .acked = auth_acked,
        .verdict = auth_verdict,
    };
    struct initiator_config *c = &a->w.config; /* read as it goes along */
    c->authenticate = c->external = c->dialback = c->bidi = c->acks = true;
    c->secret = SECRET;
    c->also = a->also;
    c->house = &a->house;
}

static inline void auth_close(struct auth_world *a)
{
    close_world(&a->w);
    for (size_t k = 0; k < 2; k++)
        free(a->others[k]);
}

/* The dialback key of a domain of ours for a stream of theirs. */
static inline void auth_key(const char *secret, const char *from,
                            const char *id, char key[CRYPTO_HEX])
{
    assert_int_equal(dialback_key(secret, THEIRS, from, id, key), S2S_OK);
}

/* ---- The places ---- */

enum auth_place {
    AT_SASL,     /* <auth/> is out, dialback is offered too */
    AT_RESTART,  /* after <success/>: the header is due */
    AT_FEATURES, /* and the features */
    AT_KEYED,    /* <db:result/> is out */
    AT_OPEN,     /* by EXTERNAL, with acknowledgements and bidi */
    AT_PLAIN,    /* by dialback, with neither */
    AT_ALSO,     /* the keys of two more domains are out */
    AT_PLACES
};

static const char *const auth_names[AT_PLACES] = {
    [AT_SASL] = "sasl",   [AT_RESTART] = "restart", [AT_FEATURES] = "features",
    [AT_KEYED] = "keyed", [AT_OPEN] = "open",       [AT_PLAIN] = "plain",
    [AT_ALSO] = "also",
};

static inline void auth_drain(struct auth_world *a)
{
    char text[TOLD_MAX];
    send_all(&a->w, text, sizeof(text));
}

static inline void auth_go_to(struct auth_world *a, enum auth_place place)
{
    bool sasl = place != AT_KEYED && place != AT_PLAIN;
    auth_open(a, INITIATOR_DIRECT);
    a->w.config.external = sasl;
    if (place == AT_PLAIN)
        a->w.config.bidi = a->w.config.acks = false;
    if (place == AT_ALSO)
        a->w.config.also_count = 2;
    initiator_secured(a->w.i, S2S_OK, "", false);
    hear_header(&a->w, "first");
    hear(&a->w, FEATURES(EXTERNAL DIALBACK BIDI SM_3));
    auth_drain(a);
    if (place == AT_PLAIN)
        hear(&a->w, RESULT(THEIRS, OURS, "type='valid'>"));
    if (sasl && place != AT_SASL)
        hear(&a->w, SUCCESS);
    if (sasl && place > AT_RESTART)
        hear_header(&a->w, "second");
    if (place == AT_OPEN || place == AT_ALSO)
        hear(&a->w, FEATURES(DIALBACK SM_3));
    auth_drain(a);
    if (place == AT_OPEN)
        hear(&a->w, "<enabled xmlns='urn:xmpp:sm:3'/>");
    assert_string_equal(a->told,
                        place == AT_OPEN || place == AT_PLAIN ? " ready" : "");
    a->told[0] = '\0';
    assert_int_equal(initiator_engine.wants(a->w.i), ENGINE_READ);
}

/* ---- What came of it ---- */

/* What each thing that it says begins with, in one word. */
static inline const char *auth_word(const char *at)
{
    static const struct {
        const char *begin, *word;
    } rows[] = {
        {"<?xml ", " header"},   {"<auth ", " auth"},
        {"<db:result ", " key"}, {"<db:verify ", " verify"},
        {"<bidi ", " bidi"},     {"<enable ", " enable"},
        {"<abort ", " abort"},   {"<r ", " r"},
        {"<a ", " a"},           {"<iq ", " iq"},
    };
    size_t length = strcspn(at, ">");
    if (memmem(at, length, " type='error'", 13) != NULL)
        return " refusal";
    for (size_t k = 0; k < COUNT(rows); k++)
        if (strncmp(at, rows[k].begin, strlen(rows[k].begin)) == 0)
            return rows[k].word;
    return "";
}

/* The error or "read" or "ok"; what it says, but no farewell; what its house
 * was told; the codes of new findings. */
static inline void auth_describe(struct auth_world *a, size_t known, char *out,
                                 size_t size)
{
    char said[TOLD_MAX];
    const s2s_result *r = a->w.result;
    send_all(&a->w, said, sizeof(said));
    unsigned wants = initiator_engine.wants(a->w.i);
    assert_true(wants == ENGINE_DONE || wants == ENGINE_READ);
    assert_true(wants == ENGINE_DONE || r->error == S2S_OK);
    size_t used =
        (size_t)snprintf(out, size, "%s",
                         r->error != S2S_OK     ? error_code_name(r->error)
                         : wants == ENGINE_DONE ? "ok"
                                                : "read");
    for (const char *at = said; (at = strchr(at, '<')) != NULL; at++)
        if (r->error == S2S_OK)
            used +=
                (size_t)snprintf(out + used, size - used, "%s", auth_word(at));
    used += (size_t)snprintf(out + used, size - used, "%s", a->told);
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next)
        if (known > 0)
            known--;
        else
            used += (size_t)snprintf(out + used, size - used, " +%s",
                                     finding_info(f->id)->code);
    assert_true(used < size);
}

/* NULL: ignored, and said so. */
static inline void expect(struct auth_world *a, size_t known, const char *where,
                          const char *name, const char *wanted)
{
    char is[256];
    auth_describe(a, known, is, sizeof(is));
    if (wanted == NULL)
        wanted = "read +unknown_element";
    if (strcmp(is, wanted) != 0)
        fail_msg("%s, %s: %s, not %s", where, name, is, wanted);
}

static inline void same(const char *is, const char *wanted)
{
    assert_true((is == NULL) == (wanted == NULL));
    if (wanted != NULL)
        assert_string_equal(is, wanted);
}

#endif
