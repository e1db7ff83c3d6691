#include "xmpp/responder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "xmpp/responder_state.h"
#include "xmpp/stream_error.h"
#include "xmpp/stream_header.h"
#include "xmpp/wire.h"

#define OUTPUT_MAX   65536u
#define FAREWELL_MAX 4096u /* room for it beyond that */
/* What may come before anybody is authenticated. */
#define CLEAR_MAX      16384u
#define STRANGER_MAX   65536u
#define STRANGER_NODES 512u /* a tree costs far more than its bytes */

static bool reading(const struct responder *r)
{
    return r->state < TLS;
}

/* ---- Ends ---- */

static void end(struct responder *r)
{
    r->state = CLOSING;
    r->seen->ended = true;
}

/* Errors come below a header of ours, also when the peer's own is what is
 * wrong (RFC 6120, 4.9.1.2). Whom it was for is then unknown (4.9.1.3). */
static int write_header(struct responder *r)
{
    if (r->answered)
        return S2S_OK;
    int e = random_hex(r->id, sizeof(r->id) / 2);
    if (e == S2S_OK)
        e = stream_header_write_response(&r->out, "", NULL, r->id, true);
    r->answered = e == S2S_OK;
    return e;
}

static void say_farewell(struct responder *r, const char *condition,
                         const char *text)
{
    size_t start = r->out.length;
    int e = write_header(r);
    if (e == S2S_OK && condition != NULL)
        e = stream_error_write_condition(&r->out, condition, text);
    if (e == S2S_OK)
        e = buf_add_text(&r->out, "</stream:stream>");
    if (e != S2S_OK) {
        r->out.length = start;
        return;
    }
    wire_sent(r->config->log, (const char *)r->out.data + start,
              r->out.length - start, false);
    if (condition != NULL)
        snprintf(r->seen->our_error, sizeof(r->seen->our_error), "%s",
                 condition);
}

void responder_close(struct responder *r, const char *condition,
                     const char *text)
{
    if (r->state == CLOSING)
        return;
    bool begun = r->answered || (condition != NULL && r->seen->heard);
    bool clear = r->state != TLS;
    end(r);
    r->out.limit = OUTPUT_MAX + FAREWELL_MAX;
    if (!clear)
        r->out.length = 0; /* <proceed/> promises what does not come */
    else if (begun)
        say_farewell(r, condition, text);
}

void responder_refuse(struct responder *r, const char *condition)
{
    r->seen->refused++;
    if (condition != NULL)
        responder_close(r, condition, NULL);
}

bool responder_queue(struct responder *r, size_t start, int e)
{
    if (e != S2S_OK) {
        r->out.length = start;
        responder_close(r,
                        e == S2S_ELIMIT ? "resource-constraint"
                                        : "internal-server-error",
                        NULL);
        return false;
    }
    wire_sent(r->config->log, (const char *)r->out.data + start,
              r->out.length - start, false);
    return true;
}

/* ---- Bytes ---- */

static void on_xml_error(struct responder *r, int error)
{
    const char *condition = stream_error_condition(error);
    if (error == S2S_ENOT_XMPP)
        end(r); /* whatever speaks there would not understand */
    else if (condition != NULL)
        responder_close(r, condition, tokenizer_error_text(r->tokenizer));
    else
        responder_close(r, "internal-server-error", NULL);
}

static void on_event(struct responder *r, int event)
{
    if (event < 0)
        on_xml_error(r, event);
    else if (event == TOKENIZER_HEADER)
        responder_on_header(r);
    else if (event == TOKENIZER_ELEMENT)
        responder_on_element(r);
    else if (event == TOKENIZER_FOOTER)
        responder_close(r, NULL, NULL);
}

/* How many of `length` bytes may be read now. */
static size_t allowance(const struct responder *r, size_t length)
{
    uint64_t most = r->secured ? STRANGER_MAX : CLEAR_MAX;
    uint64_t left = r->received < most ? most - r->received : 0;
    return r->authenticated || length < left ? length : (size_t)left;
}

static size_t feed(struct responder *r, const uint8_t *bytes, size_t length)
{
    size_t part = allowance(r, length);
    size_t used = 0;
    if (part == 0) {
        responder_close(r, "policy-violation",
                        "too many bytes before authentication");
        return 0;
    }
    int event = tokenizer_feed(r->tokenizer, bytes, part, &used);
    r->received += used;
    on_event(r, event);
    return used;
}

static void input(void *self, const void *bytes, size_t length)
{
    struct responder *r = self;
    const uint8_t *p = bytes;
    size_t done = 0;
    r->seen->heard = r->seen->heard || length > 0;
    while (done < length && reading(r))
        done += feed(r, p + done, length - done);
    if (r->state == TLS && done < length) {
        snprintf(r->seen->tls_error, sizeof(r->seen->tls_error),
                 "bytes in the clear behind <starttls/>");
        responder_close(r, NULL, NULL);
    }
    if (reading(r) && tokenizer_at_rest(r->tokenizer))
        tokenizer_compact(r->tokenizer);
}

static void ended(void *self)
{
    responder_close(self, NULL, NULL);
}

static unsigned wants(const void *self)
{
    const struct responder *r = self;
    if (r->state == CLOSING)
        return r->out.length > 0 ? ENGINE_WRITE | ENGINE_LAST : ENGINE_DONE;
    if (r->out.length > 0)
        return ENGINE_WRITE;
    return r->state == TLS ? ENGINE_TLS : ENGINE_READ;
}

static const uint8_t *output(const void *self, size_t *length)
{
    const struct responder *r = self;
    *length = r->out.length;
    return r->out.data;
}

static void sent(void *self, size_t length)
{
    struct responder *r = self;
    buf_consume(&r->out, length);
    if (r->out.length == 0)
        buf_free(&r->out);
}

const struct engine responder_engine = {wants, output, sent, input, ended};

/* ---- Life ---- */

static int begin(struct responder *r)
{
    const s2s_limits *l = r->config->limits;
    struct tokenizer_limits limits = tokenizer_limits_of(l);
    if (r->authenticated)
        limits.element = l->element_authenticated;
    else if (limits.nodes > STRANGER_NODES)
        limits.nodes = STRANGER_NODES;
    struct tokenizer_sink sink = tree_sink(r->tree);
    tokenizer_free(r->tokenizer);
    tree_clear(r->tree);
    r->tokenizer = tokenizer_new(&sink, &limits);
    r->state = HEADER;
    r->answered = false;
    return r->tokenizer != NULL ? S2S_OK : S2S_ENO_MEMORY;
}

void responder_restart(struct responder *r)
{
    if (begin(r) != S2S_OK)
        responder_close(r, "internal-server-error", NULL);
}

/* What came in the clear is forgotten (RFC 6120, 5.4.3.3), but for what it
 * has cost us. */
void responder_secured(struct responder *r)
{
    if (r->state != TLS)
        return;
    r->seen->tls = true;
    r->secured = true;
    r->bidi = false;
    r->local = NULL;
    free(r->from);
    r->from = NULL;
    responder_drop_pairs(r);
    responder_restart(r);
}

int responder_new(const struct responder_config *config, struct inbound *seen,
                  struct responder **out)
{
    struct responder *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return S2S_ENO_MEMORY;
    r->config = config;
    r->seen = seen;
    buf_init(&r->out, OUTPUT_MAX);
    r->tree = tree_new();
    int e = r->tree != NULL ? begin(r) : S2S_ENO_MEMORY;
    if (e != S2S_OK) {
        responder_free(r);
        return e;
    }
    if (config->direct) {
        r->state = TLS;
        seen->direct = true;
        seen->tls_tried = true;
    }
    *out = r;
    return S2S_OK;
}

void responder_free(struct responder *r)
{
    if (r == NULL)
        return;
    responder_drop_pairs(r);
    free(r->from);
    tokenizer_free(r->tokenizer);
    tree_free(r->tree);
    buf_free(&r->out);
    free(r);
}

const struct domain *responder_local(const struct responder *r)
{
    return r->local;
}

bool responder_refers(const struct responder *r, const struct domain *domain)
{
    bool refers = r->local == domain;
    for (size_t i = 0; !refers && i < r->pair_count; i++)
        refers = r->pairs[i].to == domain;
    return refers;
}

/* ---- Sending ---- */

bool responder_authenticated(const struct responder *r)
{
    return r->authenticated;
}

bool responder_can_send(const struct responder *r, const struct domain *from,
                        const struct domain *to)
{
    if (r->state != AUTHENTICATED || !r->bidi)
        return false;
    for (size_t i = 0; i < r->pair_count; i++)
        if (r->pairs[i].authenticated &&
            domain_equal(r->pairs[i].from, to->ascii) &&
            domain_equal(r->pairs[i].to, from->ascii))
            return true;
    return false;
}

int responder_send(struct responder *r, const struct domain *from,
                   const struct domain *to, const void *bytes, size_t length)
{
    if (!responder_can_send(r, from, to))
        return S2S_EPOLICY;
    int e = buf_add(&r->out, bytes, length);
    if (e != S2S_OK)
        return e;
    wire_sent(r->config->log, bytes, length, true);
    if (r->sm.on)
        r->sm.sent++;
    return S2S_OK;
}
