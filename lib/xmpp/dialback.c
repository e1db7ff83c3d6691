#include "xmpp/dialback.h"

#include <string.h>

#include "base/error.h"
#include "xml/write.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"

#define KEY (CRYPTO_HEX - 1) /* characters of a key */

/* ---- Answers by name ---- */

static const char *const types[] = {
    [DIALBACK_OTHER] = NULL,
    [DIALBACK_VALID] = "valid",
    [DIALBACK_INVALID] = "invalid",
    [DIALBACK_ERROR] = "error",
};

const char *dialback_answer_name(enum dialback_answer answer)
{
    return types[answer];
}

enum dialback_answer dialback_answer_named(const char *name)
{
    if (name != NULL)
        for (unsigned a = DIALBACK_VALID; a <= DIALBACK_ERROR; a++)
            if (strcmp(types[a], name) == 0)
                return (enum dialback_answer)a;
    return DIALBACK_OTHER;
}

/* ---- Keys ---- */

static int add_message(struct buf *b, const char *receiving,
                       const char *originating, const char *id)
{
    const char *const parts[] = {receiving, " ", originating, " ", id, NULL};
    return buf_add_texts(b, parts);
}

int dialback_key(const char *secret, const char *receiving,
                 const char *originating, const char *id, char out[CRYPTO_HEX])
{
    char hashed[CRYPTO_HEX];
    struct buf message;
    buf_init(&message, SIZE_MAX); /* its parts are bounded */
    int e = crypto_sha256(secret, strlen(secret), hashed);
    if (e == S2S_OK)
        e = add_message(&message, receiving, originating, id);
    if (e == S2S_OK)
        e = crypto_hmac_sha256(hashed, KEY, message.data, message.length, out);
    explicit_bzero(hashed, sizeof(hashed));
    buf_free(&message);
    return e;
}

bool dialback_key_equal(const char ours[CRYPTO_HEX], const char *theirs)
{
    return theirs != NULL && strnlen(theirs, CRYPTO_HEX) == KEY &&
           crypto_equal(ours, theirs, KEY);
}

/* ---- Writing ---- */

static int write_start(struct buf *out, enum dialback_kind kind,
                       const char *from, const char *to, const char *id,
                       const char *type)
{
    int e = buf_add_text(out,
                         kind == DIALBACK_VERIFY ? "<db:verify" : "<db:result");
    if (e == S2S_OK)
        e = write_attribute(out, "from", from);
    if (e == S2S_OK)
        e = write_attribute(out, "to", to);
    if (e == S2S_OK && kind == DIALBACK_VERIFY)
        e = write_attribute(out, "id", id);
    if (e == S2S_OK)
        e = write_attribute(out, "type", type);
    return e == S2S_OK ? buf_add_text(out, ">") : e;
}

/* The end of what began at `start`, or what a failure `e` leaves of it. */
static int write_end(struct buf *out, enum dialback_kind kind, size_t start,
                     int e)
{
    if (e == S2S_OK)
        e = buf_add_text(out, kind == DIALBACK_VERIFY ? "</db:verify>"
                                                      : "</db:result>");
    if (e != S2S_OK) {
        if (out->data != NULL) /* may hold a part of the key */
            explicit_bzero(out->data + start, out->length - start);
        out->length = start;
    }
    return e;
}

static int write_request(struct buf *out, enum dialback_kind kind,
                         const char *from, const char *to, const char *id,
                         const char *key)
{
    size_t start = out->length;
    int e = write_start(out, kind, from, to, id, NULL);
    if (e == S2S_OK)
        e = write_text(out, key);
    return write_end(out, kind, start, e);
}

int dialback_write_result(struct buf *out, const char *from, const char *to,
                          const char *key)
{
    return write_request(out, DIALBACK_RESULT, from, to, NULL, key);
}

int dialback_write_verify(struct buf *out, const char *from, const char *to,
                          const char *id, const char *key)
{
    return write_request(out, DIALBACK_VERIFY, from, to, id, key);
}

int dialback_write_answer(struct buf *out, enum dialback_kind kind,
                          const char *from, const char *to, const char *id,
                          enum dialback_answer answer, const char *condition)
{
    size_t start = out->length;
    if (answer == DIALBACK_OTHER)
        return S2S_EINTERNAL;
    int e = write_start(out, kind, from, to, id, types[answer]);
    if (e == S2S_OK && answer == DIALBACK_ERROR)
        e = stanza_write_error(out, condition);
    return write_end(out, kind, start, e);
}

/* ---- Reading ---- */

static bool is_kind(const tree_node *n, enum dialback_kind kind)
{
    return tree_is(n, NS_DIALBACK,
                   kind == DIALBACK_VERIFY ? "verify" : "result");
}

bool dialback_read_request(const tree_node *element,
                           struct dialback_request *out)
{
    bool verify = is_kind(element, DIALBACK_VERIFY);
    if ((!verify && !is_kind(element, DIALBACK_RESULT)) ||
        tree_attribute(element, "type") != NULL)
        return false;
    *out = (struct dialback_request){
        .kind = verify ? DIALBACK_VERIFY : DIALBACK_RESULT,
        .from = tree_attribute(element, "from"),
        .to = tree_attribute(element, "to"),
        .id = tree_attribute(element, "id"),
        .key = tree_text(element),
    };
    return true;
}

enum dialback_answer dialback_read_answer(const tree_node *element,
                                          enum dialback_kind kind,
                                          const char *from, const char *to,
                                          const char *id,
                                          const char **condition)
{
    *condition = NULL;
    if (!is_kind(element, kind) || !tree_has(element, "from", to) ||
        !tree_has(element, "to", from) ||
        (kind == DIALBACK_VERIFY && !tree_has(element, "id", id)))
        return DIALBACK_OTHER;
    enum dialback_answer a =
        dialback_answer_named(tree_attribute(element, "type"));
    if (a == DIALBACK_ERROR)
        *condition = stanza_error_condition(element);
    return a;
}
