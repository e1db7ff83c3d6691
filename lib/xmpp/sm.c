#include "xmpp/sm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "xmpp/names.h"

static const char *const spaces[] = {[SM_2] = NS_SM_2, [SM_3] = NS_SM_3};

/* `head` is an element up to its namespace, `tail` what comes behind. */
static int write_unit(struct buf *out, enum sm_version version,
                      const char *head, const char *tail)
{
    char text[96];
    if (version == SM_NONE)
        return S2S_EINTERNAL;
    snprintf(text, sizeof(text), "<%s xmlns='%s'%s/>", head, spaces[version],
             tail);
    return buf_add_text(out, text);
}

/* Both sides count from here on (XEP-0198, 4). */
static int begin(struct sm *s, struct buf *out, enum sm_version version,
                 bool on)
{
    int e = write_unit(out, version, on ? "enabled" : "enable", "");
    if (e == S2S_OK)
        *s = (struct sm){.version = version, .on = on};
    return e;
}

int sm_write_enable(struct sm *s, struct buf *out, enum sm_version version)
{
    return begin(s, out, version, false);
}

int sm_write_enabled(struct sm *s, struct buf *out, enum sm_version version)
{
    return begin(s, out, version, true);
}

int sm_write_request(const struct sm *s, struct buf *out)
{
    return write_unit(out, s->version, "r", "");
}

int sm_write_answer(const struct sm *s, struct buf *out)
{
    char h[24];
    snprintf(h, sizeof(h), " h='%" PRIu32 "'", s->received);
    return write_unit(out, s->version, "a", h);
}

enum sm_version sm_requested(const tree_node *n)
{
    for (enum sm_version v = SM_2; v <= SM_3; v++)
        if (tree_is(n, spaces[v], "enable"))
            return v;
    return SM_NONE;
}

/* Digits alone, up to 2^32 - 1. */
static bool read_count(const char *text, uint32_t *out)
{
    uint64_t count = 0;
    if (text == NULL || text[0] == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        count = 10 * count + (uint64_t)(*text - '0');
        if (count > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)count;
    return true;
}

static enum sm_event on_enabled(struct sm *s, const tree_node *n)
{
    (void)n;
    s->on = true;
    s->received = 0;
    return SM_ENABLED;
}

static enum sm_event on_failed(struct sm *s, const tree_node *n)
{
    (void)n;
    *s = (struct sm){.version = SM_NONE};
    return SM_FAILED;
}

static enum sm_event on_asked(struct sm *s, const tree_node *n)
{
    (void)s;
    (void)n;
    return SM_ASKED;
}

/* A step backwards is, modulo 2^32, one beyond what was sent. */
static enum sm_event on_acked(struct sm *s, const tree_node *n)
{
    uint32_t h;
    if (!read_count(tree_attribute(n, "h"), &h) ||
        (uint32_t)(h - s->acked) > sm_pending(s))
        return SM_BROKEN;
    s->acked = h;
    return SM_ACKED;
}

/* What may come before and after <enabled/>. */
static const struct row {
    bool on;
    const char *local;
    enum sm_event (*apply)(struct sm *, const tree_node *);
} rows[] = {
    {false, "enabled", on_enabled},
    {false, "failed", on_failed},
    {true, "r", on_asked},
    {true, "a", on_acked},
};

enum sm_event sm_read(struct sm *s, const tree_node *n)
{
    if (sm_requested(n) != SM_NONE)
        return SM_ENABLE;
    if (s->version == SM_NONE)
        return SM_OTHER;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].on == s->on &&
            tree_is(n, spaces[s->version], rows[i].local))
            return rows[i].apply(s, n);
    return SM_OTHER;
}

uint32_t sm_pending(const struct sm *s)
{
    return s->sent - s->acked;
}
