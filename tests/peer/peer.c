#include "peer.h"

#include <stdlib.h>
#include <string.h>

/* ---- Scripts ---- */

static size_t text_length(const struct peer_step *s)
{
    return s->length != 0 ? s->length : strlen(s->text);
}

/* The token that a text asks for at this place, or NULL. */
static const char *token_at(const struct peer_tokens *t, const char *text,
                            size_t *skip)
{
    *skip = 1;
    if (strncmp(text, "$ID", 3) == 0) {
        *skip = 3;
        return t->id;
    }
    if (strncmp(text, "$KEY", 4) == 0) {
        *skip = 4;
        return t->key;
    }
    return NULL;
}

static size_t expand_once(const struct peer_tokens *t,
                          const struct peer_step *s, char *out, size_t size)
{
    size_t length = text_length(s);
    size_t used = 0;
    size_t skip;
    for (size_t i = 0; i < length; i += skip) {
        const char *token = token_at(t, s->text + i, &skip);
        size_t n = token != NULL ? PEER_TOKEN - 1 : 1;
        if (n > size - used)
            abort();
        memcpy(out + used, token != NULL ? token : s->text + i, n);
        used += n;
    }
    return used;
}

size_t peer_expand(const struct peer_tokens *tokens, const struct peer_step *s,
                   char *out, size_t size)
{
    size_t used = 0;
    for (unsigned n = 0; n < (s->count != 0 ? s->count : 1); n++)
        used += expand_once(tokens, s, out + used, size - used);
    return used;
}

/* Digits yet to be learnt stand in a step's expectation as these. */
#define ID_DIGIT  '\5'
#define KEY_DIGIT '\6'

static void set_tokens(struct peer_tokens *t, char id, char key)
{
    memset(t->id, id, PEER_TOKEN - 1);
    memset(t->key, key, PEER_TOKEN - 1);
    t->id[PEER_TOKEN - 1] = t->key[PEER_TOKEN - 1] = '\0';
}

static void expect_step(struct peer *p, const struct peer_step *s)
{
    struct peer_tokens digits;
    set_tokens(&digits, ID_DIGIT, KEY_DIGIT);
    p->want_length = peer_expand(&digits, s, p->want, sizeof(p->want));
    p->matched = 0;
    p->learnt = 0;
}

static void send_step(struct peer *p, const struct peer_step *s)
{
    p->out_length += peer_expand(&p->tokens, s, p->out + p->out_length,
                                 sizeof(p->out) - p->out_length);
}

/* Take all steps that need nothing from the library. */
static void advance(struct peer *p)
{
    for (;; p->step++) {
        switch (p->step->act) {
        case PEER_SEND:
            send_step(p, p->step);
            break;
        case PEER_WAIT:
            p->now += INT64_C(1000) * p->step->count;
            break;
        case PEER_END:
            p->ended = true;
            break;
        case PEER_RESET:
            p->reset = true;
            break;
        case PEER_EXPECT:
            expect_step(p, p->step);
            return;
        default:
            return;
        }
    }
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool matches(struct peer *p, char c)
{
    char want = p->want[p->matched];
    if (want != ID_DIGIT && want != KEY_DIGIT)
        return want == c;
    char *token = want == ID_DIGIT ? p->tokens.id : p->tokens.key;
    token[p->learnt++ % (PEER_TOKEN - 1)] = c;
    return is_hex(c);
}

static void to_tail(struct peer *p, const char *bytes, size_t length)
{
    if (length > sizeof(p->tail) - p->tail_length)
        abort();
    memcpy(p->tail + p->tail_length, bytes, length);
    p->tail_length += length;
}

static void take_byte(struct peer *p, char c)
{
    if (p->secure && c == PEER_NOTIFY) {
        p->notified++;
        return;
    }
    if (!p->broken && p->step->act == PEER_EXPECT) {
        if (matches(p, c)) {
            if (++p->matched == p->want_length) {
                p->step++;
                advance(p);
            }
            return;
        }
        p->broken = true; /* what was matched of the step belongs to the tail */
        to_tail(p, p->want, p->matched);
    }
    to_tail(p, &c, 1);
}

/* ---- The transport ---- */

bool peer_faulty(struct peer *p, enum peer_fault which)
{
    return p->fault == which && (!p->fault_late || p->calls++ > 0);
}

static bool hesitates(struct peer *p)
{
    return p->manner.hesitant && ++p->hesitation % 2 != 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int transport_open(void *user, const char *host, uint16_t port,
                          void **conn)
{
    struct peer *p = user;
    const struct peer_step *script = p->opened < 2 ? p->scripts[p->opened] : 0;
    if (p->fault == PEER_OPEN)
        return (int)p->fault_value;
    if (host[0] == '\0' || port == 0 || p->open)
        p->misused = true;
    if (script == NULL)
        return S2S_ECONNECT;
    if (script->act == PEER_REFUSE)
        return -(int)script->count;
    p->open = true;
    p->opened++;
    p->moved++;
    p->step = script;
    p->out_length = p->out_given = 0;
    p->ended = p->reset = p->broken = false;
    p->tail_length = 0;
    p->secure = false;
    advance(p);
    *conn = p;
    return S2S_OK;
}

/* Bytes that may be read before something has to happen. */
static size_t readable(const struct peer *p, size_t length)
{
    size_t n = smaller(length, p->out_length - p->out_given);
    if (p->manner.read_max != 0)
        n = smaller(n, p->manner.read_max);
    if (p->manner.cut != PEER_NO_CUT)
        n = smaller(n, p->manner.cut_at - p->given);
    if (p->manner.split > p->given)
        n = smaller(n, p->manner.split - p->given);
    return n;
}

static ptrdiff_t at_rest(struct peer *p)
{
    bool cut = p->manner.cut_at == p->given;
    if (cut && p->manner.cut == PEER_CUT_RESET)
        return S2S_ECLOSED;
    if (cut && p->manner.cut == PEER_CUT_END)
        return 0;
    if (p->out_given < p->out_length)
        return S2S_WANT_READ;
    return p->reset ? S2S_ECLOSED : p->ended ? 0 : S2S_WANT_READ;
}

static bool splits(struct peer *p)
{
    if (p->manner.split == 0 || p->split_done || p->manner.split != p->given)
        return false;
    p->split_done = true;
    p->moved++;
    return true;
}

static ptrdiff_t transport_read(void *conn, void *buffer, size_t length)
{
    struct peer *p = conn;
    if (!p->open || length == 0)
        p->misused = true;
    if (peer_faulty(p, PEER_READ))
        return p->fault_value > 0 ? (ptrdiff_t)length + 1 : p->fault_value;
    if (splits(p) || hesitates(p))
        return S2S_WANT_READ;
    size_t n = readable(p, length);
    if (n == 0)
        return at_rest(p);
    memcpy(buffer, p->out + p->out_given, n);
    p->out_given += n;
    p->given += n;
    p->moved++;
    return (ptrdiff_t)n;
}

static bool is_reset(const struct peer *p)
{
    return (p->reset && p->out_given == p->out_length) ||
           (p->manner.cut == PEER_CUT_RESET && p->manner.cut_at == p->given);
}

static ptrdiff_t transport_write(void *conn, const void *buffer, size_t length)
{
    struct peer *p = conn;
    const char *bytes = buffer;
    if (!p->open || length == 0)
        p->misused = true;
    if (peer_faulty(p, PEER_WRITE))
        return p->fault_value > 0 ? (ptrdiff_t)length + 1 : p->fault_value;
    if (is_reset(p))
        return S2S_ECLOSED;
    if (hesitates(p))
        return S2S_WANT_WRITE;
    if (p->manner.write_max != 0)
        length = smaller(length, p->manner.write_max);
    for (size_t i = 0; i < length; i++)
        take_byte(p, bytes[i]);
    p->moved++;
    return (ptrdiff_t)length;
}

static void transport_close(void *conn)
{
    struct peer *p = conn;
    if (!p->open || p->session_open)
        p->misused = true;
    p->open = false;
    p->closed++;
}

s2s_transport peer_transport(struct peer *p)
{
    return (s2s_transport){
        .size = sizeof(s2s_transport),
        .user = p,
        .open = transport_open,
        .read = transport_read,
        .write = transport_write,
        .close = transport_close,
    };
}

void peer_rewind(struct peer *p)
{
    p->opened = p->closed = p->notified = 0;
    p->sessions = p->session_closes = 0;
    p->misused = p->broken = p->split_done = false;
    p->given = 0;
    p->hesitation = p->calls = 0;
    p->out_length = p->out_given = p->tail_length = 0;
    set_tokens(&p->tokens, '0', '0');
}

int64_t peer_clock(void *peer)
{
    const struct peer *p = peer;
    return p->now;
}
