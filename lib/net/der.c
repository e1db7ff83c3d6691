#include "net/der.h"

#define LENGTH_BYTES_MAX 4u
#define VERSION          0xa0 /* [0] EXPLICIT, absent in version 1 */

static uint8_t take(struct der *d)
{
    d->left--;
    return *d->data++;
}

static bool read_length(struct der *d, size_t *length)
{
    if (d->left == 0)
        return false;
    uint8_t first = take(d);
    if (first < 0x80) {
        *length = first;
        return true;
    }
    unsigned count = first & 0x7fu;
    if (count == 0 || count > LENGTH_BYTES_MAX || count > d->left)
        return false;
    size_t n = 0;
    while (count-- > 0)
        n = n << 8 | take(d);
    *length = n;
    return true;
}

bool der_next(struct der *d, uint8_t *tag, struct der *contents)
{
    struct der rest = *d;
    size_t length;
    if (rest.left == 0)
        return false;
    uint8_t t = take(&rest);
    if ((t & 0x1f) == 0x1f || !read_length(&rest, &length) ||
        length > rest.left)
        return false;
    *tag = t;
    *contents = (struct der){rest.data, length};
    *d = (struct der){rest.data + length, rest.left - length};
    return true;
}

bool der_expect(struct der *d, uint8_t tag, struct der *contents)
{
    struct der rest = *d;
    struct der found;
    uint8_t t;
    if (!der_next(&rest, &t, &found) || t != tag)
        return false;
    *d = rest;
    *contents = found;
    return true;
}

/* GnuTLS passes over the INTEGER only, whatever the length around it says: both
 * must end at the same place, or we would go on elsewhere. */
static bool skip_version(struct der *d)
{
    struct der outer, version;
    return d->left == 0 || d->data[0] != VERSION ||
           (der_expect(d, VERSION, &outer) &&
            der_expect(&outer, DER_INTEGER, &version) && outer.left == 0);
}

bool der_certificate_key(const void *certificate, size_t length,
                         struct der *key)
{
    struct der d = {certificate, length};
    struct der outer, tbs, field;
    uint8_t tag;
    if (!der_expect(&d, DER_SEQUENCE, &outer) ||
        !der_expect(&outer, DER_SEQUENCE, &tbs) || !skip_version(&tbs))
        return false;
    /* serialNumber, signature, issuer, validity, subject */
    for (int i = 0; i < 5; i++)
        if (!der_next(&tbs, &tag, &field))
            return false;
    struct der whole = tbs;
    if (!der_expect(&tbs, DER_SEQUENCE, &field))
        return false;
    *key = (struct der){whole.data, whole.left - tbs.left};
    return true;
}

size_t der_certificate_key_size(const void *certificate, size_t length)
{
    struct der key, contents;
    return der_certificate_key(certificate, length, &key) &&
                   der_expect(&key, DER_SEQUENCE, &contents)
               ? contents.left
               : 0;
}
