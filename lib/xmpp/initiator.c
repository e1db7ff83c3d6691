#include "xmpp/initiator.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmpp/initiator_state.h"

#define OUTPUT_MAX 16384u

/* ---- Bytes ---- */

static void on_xml_error(struct initiator *i, int error)
{
    char text[256];
    if (error == S2S_ENOT_XMPP) {
        /* Nothing of what it sent is repeated. */
        initiator_fail(i, error, error_text(error));
        return;
    }
    if (error == S2S_ELIMIT)
        result_find(i->result, FINDING_OWN_LIMIT,
                    tokenizer_error_text(i->tokenizer));
    snprintf(text, sizeof(text), "%s: %s at byte %" PRIu64, error_text(error),
             tokenizer_error_text(i->tokenizer),
             tokenizer_error_offset(i->tokenizer));
    initiator_fail(i, error, text);
}

static void on_event(struct initiator *i, int event)
{
    if (event < 0)
        on_xml_error(i, event);
    else if (event == TOKENIZER_HEADER)
        initiator_on_header(i);
    else if (event == TOKENIZER_ELEMENT)
        initiator_on_element(i);
    else if (event == TOKENIZER_FOOTER)
        initiator_on_footer(i);
}

static bool reading(const struct initiator *i)
{
    return i->state < CLOSING && i->state != TLS;
}

/* How many of the next bytes the limit still lets in. */
static size_t admitted(const struct initiator *i, size_t length)
{
    if (i->state == READY && i->config->endless)
        return length;
    uint64_t limit = i->config->limits->probe;
    uint64_t left = i->received < limit ? limit - i->received : 0;
    return length < left ? length : (size_t)left;
}

static void input(void *self, const void *bytes, size_t length)
{
    struct initiator *i = self;
    const uint8_t *p = bytes;
    size_t usable = admitted(i, length);
    size_t done = 0;
    i->received += usable;
    while (done < usable && reading(i)) {
        size_t used = 0;
        int event =
            tokenizer_feed(i->tokenizer, p + done, usable - done, &used);
        done += used;
        on_event(i, event);
    }
    if (i->state == TLS && done < length) {
        result_find(i->result, FINDING_TLS_INJECTION, NULL);
        initiator_fail(i, S2S_ETLS_INJECTION, error_text(S2S_ETLS_INJECTION));
    } else if (usable < length && reading(i)) {
        result_find(i->result, FINDING_OWN_LIMIT, "bytes");
        initiator_fail(i, S2S_ELIMIT, "too many bytes");
    }
    if (reading(i) && tokenizer_at_rest(i->tokenizer))
        tokenizer_compact(i->tokenizer);
}

static void ended(void *self)
{
    struct initiator *i = self;
    if (i->received == 0)
        initiator_fail_closed(
            i, S2S_ECLOSED, "the peer closed the connection without an answer");
    else
        initiator_fail_closed(i, S2S_ECLOSED, error_text(S2S_ECLOSED));
}

static bool may_pipeline(const struct initiator *i)
{
    return i->config->pipeline && i->config->tls == INITIATOR_STARTTLS &&
           !i->secured && i->state == HEADER;
}

int initiator_restart(struct initiator *i)
{
    const struct tokenizer_limits limits =
        tokenizer_limits_of(i->config->limits);
    tokenizer_free(i->tokenizer);
    tree_clear(i->tree);
    i->features = (struct features){.starttls = false};
    i->stream = NULL;
    struct tokenizer_sink sink = tree_sink(i->tree);
    i->tokenizer = tokenizer_new(&sink, &limits);
    i->state = HEADER;
    if (i->tokenizer == NULL)
        return S2S_ENO_MEMORY;
    initiator_send_header(i);
    i->pipelined = may_pipeline(i) && initiator_send_starttls(i);
    return S2S_OK;
}

void initiator_secured(struct initiator *i, int verdict, const char *why,
                       bool accept)
{
    if (i->config->tls == INITIATOR_STARTTLS && !i->features.starttls)
        result_find(i->result,
                    i->stream->features.received
                        ? FINDING_STARTTLS_NOT_ADVERTISED
                        : FINDING_PIPELINED,
                    NULL);
    i->certificate = accept ? S2S_OK : verdict;
    i->certificate_text = why;
    i->verified = verdict == S2S_OK;
    i->secured = true;
    i->stage = S2S_STAGE_FEATURES;
    int e = initiator_restart(i);
    if (e != S2S_OK)
        initiator_fail(i, e, error_text(e));
}

/* ---- Life ---- */

int initiator_new(const struct initiator_config *config, s2s_result *result,
                  struct initiator **out)
{
    struct initiator *i = calloc(1, sizeof(*i));
    if (i == NULL)
        return S2S_ENO_MEMORY;
    i->config = config;
    i->result = result;
    buf_init(&i->out, OUTPUT_MAX);
    i->stage = S2S_STAGE_STREAM;
    i->tree = tree_new();
    int e = i->tree != NULL ? S2S_OK : S2S_ENO_MEMORY;
    if (e == S2S_OK && config->tls == INITIATOR_DIRECT) {
        i->state = TLS;
        i->stage = S2S_STAGE_TLS;
    } else if (e == S2S_OK) {
        e = initiator_restart(i);
    }
    if (e != S2S_OK) {
        initiator_free(i);
        return e;
    }
    *out = i;
    return S2S_OK;
}

void initiator_free(struct initiator *i)
{
    if (i == NULL)
        return;
    initiator_drop_questions(i);
    tokenizer_free(i->tokenizer);
    tree_free(i->tree);
    buf_free(&i->out);
    free(i);
}

int initiator_stage(const struct initiator *i)
{
    return i->stage;
}

void initiator_enter(struct initiator *i, int stage)
{
    i->stage = stage;
}

bool initiator_waits_for_dialback(const struct initiator *i)
{
    return i->keyed && i->result->auth.dialback == NULL;
}

bool initiator_heard_secured(const struct initiator *i)
{
    return i->secured && i->stream != NULL;
}

bool initiator_heard(const struct initiator *i)
{
    return i->stream != NULL || i->secured;
}

bool initiator_has_header(const struct initiator *i)
{
    return i->stream != NULL;
}

const char *initiator_stream_id(const struct initiator *i)
{
    return i->stream != NULL ? i->stream->id : NULL;
}

/* ---- The engine ---- */

static unsigned wants(const void *self)
{
    const struct initiator *i = self;
    if (i->state == DONE || (i->state == CLOSING && i->out.length == 0))
        return ENGINE_DONE;
    if (i->state == CLOSING)
        return ENGINE_WRITE | ENGINE_LAST;
    if (i->out.length > 0)
        return ENGINE_WRITE;
    return i->state == TLS ? ENGINE_TLS : ENGINE_READ;
}

static const uint8_t *output(const void *self, size_t *length)
{
    const struct initiator *i = self;
    *length = i->out.length;
    return i->out.data;
}

static void sent(void *self, size_t length)
{
    struct initiator *i = self;
    buf_consume(&i->out, length);
    if (i->out.length > 0)
        return;
    i->header_sent = true;
    i->result->pipelined = i->result->pipelined || i->pipelined;
    buf_free(&i->out);
    if (i->finishing && i->state < CLOSING)
        initiator_succeed(i);
}

const struct engine initiator_engine = {
    .wants = wants,
    .output = output,
    .sent = sent,
    .input = input,
    .ended = ended,
};
