#include "xmpp/features.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmpp/names.h"

#define LABEL_MAX    64
#define RANK_UNKNOWN 100

enum kind {
    PLAIN,
    STARTTLS,
    MECHANISMS, /* one label a mechanism */
    METHODS,    /* one label a compression method */
    DIALBACK,
    BIDI,
    LIMITS,
    CAPS,
    SASL2,
    SM2,
    SM3,
    CLIENT /* only a client port offers it */
};

/* In the fixed order of the union; the row's place is the rank. */
static const struct row {
    const char *ns, *local, *label;
    enum kind kind;
} rows[] = {
    {NS_TLS, "starttls", "STARTTLS", STARTTLS},
    {NS_SASL, "mechanisms", "SASL-", MECHANISMS},
    {NS_DIALBACK_OFFER, "dialback", "DIALBACK", DIALBACK},
    {NS_BIDI_OFFER, "bidi", "BIDI", BIDI},
    {"urn:xmpp:sm:3", "sm", "SM-3", SM3},
    {"urn:xmpp:sm:2", "sm", "SM-2", SM2},
    {NS_LIMITS, "limits", "LIMITS", LIMITS},
    {NS_CAPS, "c", "CAPS", CAPS},
    {NS_COMPRESS, "compression", "COMPRESS-", METHODS},
    {"urn:xmpp:sasl-cb:0", "sasl-channel-binding", "SASL-CB", PLAIN},
    {NS_SASL2, "authentication", "SASL2", SASL2},
    {"urn:ietf:params:xml:ns:xmpp-bind", "bind", "BIND", CLIENT},
    {"urn:ietf:params:xml:ns:xmpp-session", "session", "SESSION", CLIENT},
    {"http://jabber.org/features/iq-register", "register", "REGISTER", CLIENT},
    {"http://jabber.org/features/iq-auth", "auth", "IQ-AUTH", CLIENT},
    {"urn:xmpp:features:rosterver", "ver", "ROSTERVER", CLIENT},
    {"urn:xmpp:features:pre-approval", "sub", "PREAPPROVAL", CLIENT},
    {"urn:xmpp:csi:0", "csi", "CSI", CLIENT},
    {"http://jabber.org/features/amp", "amp", "AMP", PLAIN},
    {"http://www.xmpp.org/extensions/xep-0198.html#ns", "ack", "ACK", PLAIN},
};

struct reader {
    s2s_result *result;
    struct result_features *list;
    struct features *out;
};

static const struct row *find(const tree_node *n)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (tree_is(n, rows[i].ns, rows[i].local))
            return &rows[i];
    return NULL;
}

static struct result_feature *add(struct reader *r, const tree_node *n,
                                  const char *label, int rank)
{
    struct result_feature *f = result_add_feature(r->result, r->list);
    if (f == NULL)
        return NULL;
    f->rank = rank;
    f->label = result_text(r->result, label);
    f->required = tree_first(n, NULL, "required") != NULL;
    f->optional = tree_first(n, NULL, "optional") != NULL;
    return f;
}

/* A whole number of at most 18 digits, or -1. */
static int64_t number(const tree_node *parent, const char *local)
{
    const tree_node *n = tree_first(parent, NULL, local);
    const char *text = n != NULL ? tree_text(n) : NULL;
    if (text == NULL)
        return -1;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return -1;
    return strtoll(text, NULL, 10);
}

/* prefix + text in upper case; what is no token becomes "INVALID". */
static void make_label(char out[LABEL_MAX], const char *prefix,
                       const char *text)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = text != NULL ? strlen(text) : 0;
    if (length == 0 || length > 40 || strspn(text, token) != length)
        text = "INVALID";
    snprintf(out, LABEL_MAX, "%s%s", prefix, text);
    for (char *p = out; *p != '\0'; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
}

/* One label for each child `local` of `n`. Returns how many there are. */
static size_t add_each(struct reader *r, const tree_node *n, const char *local,
                       const char *prefix, int rank)
{
    size_t count = 0;
    for (const tree_node *c = tree_first(n, NULL, local); c != NULL;
         c = tree_next(c, NULL, local)) {
        char label[LABEL_MAX];
        make_label(label, prefix, tree_text(c));
        r->out->external =
            r->out->external || strcmp(label, "SASL-EXTERNAL") == 0;
        add(r, n, label, rank);
        count++;
    }
    return count;
}

static void add_unknown(struct reader *r, const tree_node *n)
{
    char label[LABEL_MAX];
    char name[512];
    /* Names may be longer than what is kept of them; result_untrusted()
     * below mends a character that the cut splits. */
    int n1 = snprintf(label, sizeof(label), "X-%s", tree_local(n));
    int n2 = snprintf(name, sizeof(name), "{%s}%s", tree_ns(n), tree_local(n));
    struct result_feature *f = add(r, n, "", RANK_UNKNOWN);
    if (f == NULL || n1 < 0 || n2 < 0)
        return;
    f->label = result_untrusted(r->result, label, strlen(label));
    f->name = result_untrusted(r->result, name, strlen(name));
}

static void add_plain(struct reader *r, const tree_node *n,
                      const struct row *row, int rank)
{
    struct result_feature *f = add(r, n, row->label, rank);
    if (f == NULL)
        return;
    f->errors = row->kind == DIALBACK && tree_first(n, NULL, "errors") != NULL;
    if (row->kind == LIMITS || row->kind == BIDI) {
        const tree_node *limits =
            row->kind == BIDI ? tree_first(n, NS_LIMITS, "limits") : n;
        f->max_bytes = limits != NULL ? number(limits, "max-bytes") : -1;
        f->idle_seconds = limits != NULL ? number(limits, "idle-seconds") : -1;
    }
    if (row->kind == CAPS) {
        f->node = result_text(r->result, tree_attribute(n, "node"));
        f->hash = result_text(r->result, tree_attribute(n, "hash"));
        f->ver = result_text(r->result, tree_attribute(n, "ver"));
    }
    if (row->kind == STARTTLS)
        r->out->starttls_required = f->required;
}

static void read_one(struct reader *r, const tree_node *n)
{
    const struct row *row = find(n);
    if (row == NULL) {
        add_unknown(r, n);
        return;
    }
    int rank = (int)(row - rows);
    r->out->starttls = r->out->starttls || row->kind == STARTTLS;
    r->out->dialback = r->out->dialback || row->kind == DIALBACK;
    r->out->bidi = r->out->bidi || row->kind == BIDI;
    r->out->sm2 = r->out->sm2 || row->kind == SM2;
    r->out->sm3 = r->out->sm3 || row->kind == SM3;
    r->out->client = r->out->client || row->kind == CLIENT;
    if (row->kind == MECHANISMS) {
        if (add_each(r, n, "mechanism", row->label, rank) == 0)
            r->list->sasl_empty = true;
    } else if (row->kind == METHODS) {
        add_each(r, n, "method", row->label, rank);
    } else {
        add_plain(r, n, row, rank);
        if (row->kind == SASL2)
            add_each(r, n, "mechanism", "SASL2-", rank);
    }
}

void features_read(const tree_node *element, s2s_result *result,
                   struct result_features *list, struct features *out)
{
    struct reader r = {result, list, out};
    *out = (struct features){.starttls = false};
    list->received = true;
    for (const tree_node *n = tree_first(element, NULL, NULL); n != NULL;
         n = tree_next(n, NULL, NULL))
        read_one(&r, n);
}

int features_write(struct buf *out, const struct features_offer *offer)
{
    const struct {
        bool given;
        const char *text;
    } parts[] = {
        {true, "<stream:features>"},
        {offer->starttls, "<starttls xmlns='" NS_TLS "'>"},
        {offer->starttls && offer->starttls_required, "<required/>"},
        {offer->starttls, "</starttls>"},
        {offer->external, "<mechanisms xmlns='" NS_SASL
                          "'><mechanism>EXTERNAL</mechanism></mechanisms>"},
        {offer->dialback,
         "<dialback xmlns='" NS_DIALBACK_OFFER "'><errors/></dialback>"},
        {offer->bidi, "<bidi xmlns='" NS_BIDI_OFFER "'/>"},
        {offer->sm, "<sm xmlns='" NS_SM_3 "'/>"},
        {true, "</stream:features>"},
    };
    size_t start = out->length;
    int e = S2S_OK;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && e == S2S_OK; i++)
        if (parts[i].given)
            e = buf_add_text(out, parts[i].text);
    if (e != S2S_OK)
        out->length = start;
    return e;
}
