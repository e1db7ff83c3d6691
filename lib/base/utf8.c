#include "base/utf8.h"

#include <string.h>

/* What the second byte may be, by lead byte (RFC 3629, 4). */
static int lead(uint8_t b, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (b < 0x80)
        return 1;
    if (b >= 0xc2 && b <= 0xdf)
        return 2;
    if (b >= 0xe0 && b <= 0xef) {
        *low = b == 0xe0 ? 0xa0 : 0x80;
        *high = b == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (b >= 0xf0 && b <= 0xf4) {
        *low = b == 0xf0 ? 0x90 : 0x80;
        *high = b == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return -1;
}

int utf8_decode(const uint8_t *bytes, size_t length, uint32_t *code)
{
    static const uint8_t mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint8_t low;
    uint8_t high;
    int n = lead(bytes[0], &low, &high);
    if (n < 0)
        return -1;
    uint32_t c = bytes[0] & mask[n];
    for (int i = 1; i < n; i++) {
        if ((size_t)i >= length)
            return 0;
        if (bytes[i] < low || bytes[i] > high)
            return -1;
        c = c << 6 | (bytes[i] & 0x3fu);
        low = 0x80;
        high = 0xbf;
    }
    *code = c;
    return n;
}

int utf8_valid(const void *bytes, size_t length)
{
    const uint8_t *p = bytes;
    uint32_t code;
    while (length > 0) {
        int n = utf8_decode(p, length, &code);
        if (n <= 0)
            return 0;
        p += n;
        length -= (size_t)n;
    }
    return 1;
}

int utf8_encode(uint32_t code, uint8_t out[4])
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    int n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (int i = n - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (uint8_t)(first[n] | code);
    return n;
}

size_t utf8_clean_size(size_t length)
{
    return length < SIZE_MAX / 3 ? 3 * length + 1 : SIZE_MAX;
}

size_t utf8_clean(const void *bytes, size_t length, char *out)
{
    const uint8_t *p = bytes;
    size_t used = 0;
    while (length > 0) {
        uint32_t code = 0;
        int n = utf8_decode(p, length, &code);
        if (n <= 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            memcpy(out + used, "\xef\xbf\xbd", 3);
            used += 3;
            n = n <= 0 ? 1 : n;
        } else {
            memcpy(out + used, p, (size_t)n);
            used += (size_t)n;
        }
        p += n;
        length -= (size_t)n;
    }
    out[used] = '\0';
    return used;
}
