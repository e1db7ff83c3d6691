#include "probe/pump.h"

#define BUFFER     4096u
#define LAST_WORDS 16 /* buffers of them */

static bool waits(ptrdiff_t n)
{
    return n == S2S_WANT_READ || n == S2S_WANT_WRITE;
}

/* A peer that says why and closes at once makes us fail to send first. */
static void hear_last_words(const struct pump *p)
{
    uint8_t buffer[BUFFER];
    for (int k = 0; k < LAST_WORDS; k++) {
        ptrdiff_t n = link_read(p->link, buffer, sizeof(buffer));
        if (n <= 0)
            return;
        p->engine->input(p->stream, buffer, (size_t)n);
    }
}

static enum pump_step write_step(const struct pump *p, bool last)
{
    size_t length;
    const uint8_t *bytes = p->engine->output(p->stream, &length);
    bool possible = p->connected || !last;
    /* A half-made TLS session can carry nothing. */
    if (p->link->tls_begun && !p->link->secure)
        possible = false;
    ptrdiff_t n = possible ? link_write(p->link, bytes, length) : S2S_ECLOSED;
    if (n > 0) {
        p->engine->sent(p->stream, (size_t)n);
        return PUMP_ON;
    }
    if (last)
        return PUMP_END;
    if (waits(n))
        return PUMP_WAIT;
    if (n == S2S_ECLOSED)
        hear_last_words(p);
    p->hooks->failed(p->user, (int)n);
    return PUMP_ON;
}

static enum pump_step read_step(const struct pump *p)
{
    uint8_t buffer[BUFFER];
    ptrdiff_t n = link_read(p->link, buffer, sizeof(buffer));
    if (waits(n))
        return PUMP_WAIT;
    if (n > 0) {
        p->engine->input(p->stream, buffer, (size_t)n);
    } else if (n == 0 || n == S2S_ECLOSED) {
        if (n == 0)
            p->hooks->ended(p->user);
        p->engine->ended(p->stream);
    } else {
        p->hooks->failed(p->user, (int)n);
    }
    return PUMP_ON;
}

static enum pump_step tls_step(const struct pump *p)
{
    if (!p->link->tls_begun) {
        int e = p->hooks->begin_tls(p->user);
        if (e != S2S_OK) {
            p->hooks->tls_failed(p->user, e);
            return PUMP_ON;
        }
    }
    if (p->link->secure) {
        p->hooks->secured(p->user);
        return PUMP_ON;
    }
    int e = link_handshake(p->link);
    if (waits(e))
        return PUMP_WAIT;
    if (e != S2S_OK)
        p->hooks->tls_failed(p->user, e);
    /* One more rung for what follows, so that the stage is seen. */
    return PUMP_ON;
}

enum pump_step pump_once(const struct pump *p)
{
    unsigned wants = p->engine->wants(p->stream);
    if ((wants & ENGINE_DONE) != 0)
        return PUMP_END;
    if ((wants & ENGINE_WRITE) != 0)
        return write_step(p, (wants & ENGINE_LAST) != 0);
    if ((wants & ENGINE_TLS) != 0)
        return tls_step(p);
    return read_step(p);
}
