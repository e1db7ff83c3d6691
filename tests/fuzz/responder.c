/*
 * The incoming stream: the same bytes whole and in pieces get the same
 * answers, which are well-formed, and nobody is authenticated who was not.
 * The first byte of the input is the configuration, the second says how it is
 * cut; control characters that XML does not have are events.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/xmpp/house.h"

enum event {
    EVENT_SECURED = 1,
    EVENT_VALID,
    EVENT_INVALID,
    EVENT_FAILED,
    EVENT_CLOSED,
    EVENT_CLOSE,
    EVENT_SEND,
    EVENTS
};

struct outcome {
    char *heard;
    struct inbound seen;
    unsigned wants, asks, stanzas, verifies;
    bool authenticated;
    char last[1024];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stranger has no way in: the certificate or a verdict opens it. */
static void check(struct house *h, bool admitted)
{
    bool proved = h->seen.tls && !h->setting.untrusted &&
                  !h->setting.no_request && h->proofs > 0;
    bool in = responder_authenticated(h->r);
    must(!in || proved || admitted, "somebody is in");
    must(in == (h->seen.auth != INBOUND_NOBODY), "in, and nobody");
    must(in || h->stanzas == 0, "a stranger's stanza");
    must(h->stanzas == h->seen.stanzas, "stanzas are counted");
    must(h->verifies == h->seen.verifies, "verifies are counted");
    must(in || h->verifies <= 10, "verifies are bounded");
    must(h->asks <= 16, "questions are bounded");
    must(h->heard_length <= 1u << 24, "what is said is bounded");
}

static void send_one(struct house *h)
{
    static const char stanza[] = "<message/>";
    struct domain *peer = NULL;
    must(domain_parse(PEER, &peer) == S2S_OK, "no memory");
    bool can = responder_can_send(h->r, h->domains[0], peer);
    int e = responder_send(h->r, h->domains[0], peer, stanza, 10);
    must(can ? e != S2S_EPOLICY : e == S2S_EPOLICY, "sent, and may not");
    free(peer);
}

static void happen(struct house *h, enum event event)
{
    static const char *const words[EVENTS] = {
        [EVENT_SECURED] = SECURED, [EVENT_VALID] = VALID,
        [EVENT_INVALID] = INVALID, [EVENT_FAILED] = FAILED,
        [EVENT_CLOSED] = CLOSED,
    };
    if (event == EVENT_CLOSE)
        responder_close(h->r, "reset", "a text");
    else if (event == EVENT_SEND)
        send_one(h);
    else
        house_do(h, words[event], 0, 0);
    house_listen(h);
}

static size_t next_event(const uint8_t *data, size_t size)
{
    size_t n = 0;
    while (n < size && (data[n] == 0 || data[n] >= EVENTS))
        n++;
    return n;
}

static struct outcome run(const struct setting *setting, const uint8_t *data,
                          size_t size, size_t piece)
{
    struct house h;
    bool admitted = false;
    house_open(&h, setting);
    while (size > 0) {
        size_t n = next_event(data, size);
        for (size_t at = 0; at < n; at += piece < n - at ? piece : n - at)
            responder_engine.input(h.r, data + at,
                                   piece < n - at ? piece : n - at);
        house_listen(&h);
        check(&h, admitted);
        if (n < size) {
            admitted |= data[n] == EVENT_VALID;
            happen(&h, (enum event)data[n]);
            n++;
        }
        data += n;
        size -= n;
    }
    struct outcome o = {.seen = h.seen,
                        .wants = house_wants(&h),
                        .asks = h.asks,
                        .stanzas = h.stanzas,
                        .verifies = h.verifies,
                        .authenticated = responder_authenticated(h.r)};
    memcpy(o.last, h.last, sizeof(o.last));
    o.heard = house_heard(&h);
    house_close(&h);
    return o;
}

static void compare(const struct outcome *a, const struct outcome *b)
{
    must(strcmp(a->heard, b->heard) == 0, "other answers");
    must(memcmp(&a->seen, &b->seen, sizeof(a->seen)) == 0, "other facts");
    must(strcmp(a->last, b->last) == 0 && a->wants == b->wants &&
             a->asks == b->asks && a->stanzas == b->stanzas &&
             a->verifies == b->verifies && a->authenticated == b->authenticated,
         "another outcome");
}

static int ignore_start(void *user, const struct tokenizer_element *e)
{
    (void)user;
    (void)e;
    return 0;
}

static int ignore_text(void *user, const char *text, size_t length)
{
    (void)user;
    (void)text;
    (void)length;
    return 0;
}

static int ignore_end(void *user)
{
    (void)user;
    return 0;
}

/* One stream of ours, as a peer of our own kind reads it. */
static void check_stream(const char *text, size_t length)
{
    static const struct tokenizer_limits limits = {
        .header = 1u << 20,
        .element = 1u << 20,
        .depth = 64,
        .nodes = 64,
        .attributes = 64,
        .bindings = 64,
        .name = 1024,
    };
    const struct tokenizer_sink sink = {NULL, ignore_start, ignore_text,
                                        ignore_end};
    struct tokenizer *t = tokenizer_new(&sink, &limits);
    must(t != NULL, "no memory");
    int event = TOKENIZER_MORE;
    for (size_t at = 0, used = 0; at < length; at += used) {
        must(event != TOKENIZER_FOOTER, "words behind the end");
        event = tokenizer_feed(t, text + at, length - at, &used);
        must(event >= 0, "bad XML of ours");
    }
    must(length == 0 || event != TOKENIZER_MORE, "a unit is cut");
    tokenizer_free(t);
}

static void check_streams(const char *heard)
{
    static const char head[] = XML "<stream:stream ";
    must(heard[0] == '\0' || strncmp(heard, head, sizeof(head) - 1) == 0,
         "no header");
    while (heard[0] != '\0') {
        const char *next = strstr(heard + 1, head);
        size_t length = next != NULL ? (size_t)(next - heard) : strlen(heard);
        check_stream(heard, length);
        heard += length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const struct setting setting = {.direct = data[0] & 1,
                                    .no_tls = data[0] & 2,
                                    .require_tls = data[0] & 4,
                                    .no_request = data[0] & 8,
                                    .untrusted = data[0] & 16,
                                    .ask_error =
                                        data[0] & 32 ? S2S_ELIMIT : S2S_OK,
                                    .stanzas = data[0] & 64 ? 3 : 0};
    struct outcome whole = run(&setting, data + 2, size - 2, SIZE_MAX);
    struct outcome cut = run(&setting, data + 2, size - 2, 1u + data[1] % 16u);
    compare(&whole, &cut);
    check_streams(whole.heard);
    free(whole.heard);
    free(cut.heard);
    return 0;
}
