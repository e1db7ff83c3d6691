#include "net/tls_alpn.h"

#define EXTENSION      16u
#define VERSION_SIZE   2u
#define RANDOM_SIZE    32u
#define CIPHER_SIZE    2u
#define COMPRESSION    1u
#define NUMBER_SIZE    2u
#define SESSION_PREFIX 1u
#define NAME_PREFIX    1u

struct bytes { /* not yet read */
    const uint8_t *data;
    size_t left;
};

static bool skip(struct bytes *b, size_t count)
{
    if (count > b->left)
        return false;
    b->data += count;
    b->left -= count;
    return true;
}

static bool take_number(struct bytes *b, size_t size, size_t *number)
{
    const uint8_t *at = b->data;
    size_t n = 0;
    if (!skip(b, size))
        return false;
    while (size-- > 0)
        n = n << 8 | *at++;
    *number = n;
    return true;
}

/* What a length in `prefix` bytes announces. */
static bool take_vector(struct bytes *b, size_t prefix, struct bytes *contents)
{
    size_t length;
    if (!take_number(b, prefix, &length))
        return false;
    *contents = (struct bytes){b->data, length};
    return skip(b, length);
}

/* A server's list has one name. */
static bool read_name(struct bytes data, struct tls_alpn *alpn)
{
    struct bytes list, name;
    if (!take_vector(&data, NUMBER_SIZE, &list) ||
        !take_vector(&list, NAME_PREFIX, &name) || name.left == 0)
        return false;
    *alpn = (struct tls_alpn){name.data, name.left};
    return true;
}

static bool find(struct bytes message, struct tls_alpn *alpn)
{
    struct bytes extensions, data;
    size_t type;
    if (!take_vector(&message, NUMBER_SIZE, &extensions))
        return false;
    while (take_number(&extensions, NUMBER_SIZE, &type) &&
           take_vector(&extensions, NUMBER_SIZE, &data))
        if (type == EXTENSION)
            return read_name(data, alpn);
    return false;
}

bool tls_alpn_in_hello(const void *body, size_t length, struct tls_alpn *alpn)
{
    struct bytes b = {body, length};
    struct bytes session;
    return skip(&b, VERSION_SIZE + RANDOM_SIZE) &&
           take_vector(&b, SESSION_PREFIX, &session) &&
           skip(&b, CIPHER_SIZE + COMPRESSION) && find(b, alpn);
}

bool tls_alpn_in_extensions(const void *body, size_t length,
                            struct tls_alpn *alpn)
{
    return find((struct bytes){body, length}, alpn);
}
