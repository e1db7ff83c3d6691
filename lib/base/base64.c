#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* 1 to 3 bytes as 4 characters. */
static void encode(const uint8_t *in, size_t length, uint8_t out[4])
{
    uint32_t bits = (uint32_t)in[0] << 16;
    if (length > 1)
        bits |= (uint32_t)in[1] << 8;
    if (length > 2)
        bits |= in[2];
    for (size_t i = 0; i < 4; i++) {
        char c = digits[bits >> (18 - 6 * i) & 63];
        out[i] = (uint8_t)(i <= length ? c : '=');
    }
}

int base64_write(struct buf *out, const void *bytes, size_t length)
{
    const uint8_t *in = bytes;
    size_t groups = length / 3 + (length % 3 != 0);
    if (groups > SIZE_MAX / 4)
        return S2S_ELIMIT;
    int e = buf_reserve(out, 4 * groups);
    if (e != S2S_OK)
        return e;
    for (size_t at = 0; at < length; at += 3) {
        size_t left = length - at;
        encode(in + at, left < 3 ? left : 3, out->data + out->length);
        out->length += 4;
    }
    return S2S_OK;
}

/* The six bits of a character; 64 and more for others, '=' included. */
static uint32_t value(char c)
{
    const char *digit = c != '\0' ? strchr(digits, c) : NULL;
    return digit != NULL ? (uint32_t)(digit - digits) : 64;
}

/* The number of '=' at the end, when they are where they may be: 0 to 2. */
static size_t padding(const char *text, size_t length)
{
    if (length == 0 || text[length - 1] != '=')
        return 0;
    return text[length - 2] == '=' ? 2 : 1;
}

static bool is_strict(const char *text, size_t length)
{
    if (length % 4 != 0)
        return false;
    size_t pad = padding(text, length);
    for (size_t i = 0; i < length - pad; i++)
        if (value(text[i]) > 63)
            return false;
    uint32_t loose = pad == 0 ? 0 : pad == 1 ? 3 : 15;
    return pad == 0 || (value(text[length - pad - 1]) & loose) == 0;
}

/* 4 characters as 3 bytes, or fewer where they are padded. */
static void decode(const char *in, size_t bytes, uint8_t *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++)
        bits = bits << 6 | (in[i] != '=' ? value(in[i]) : 0);
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
}

int base64_read(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    if (!is_strict(text, length))
        return S2S_EPROTOCOL;
    size_t left = length / 4 * 3 - padding(text, length);
    int e = buf_reserve(out, left);
    if (e != S2S_OK)
        return e;
    for (; left > 0; text += 4) {
        size_t bytes = left < 3 ? left : 3;
        decode(text, bytes, out->data + out->length);
        out->length += bytes;
        left -= bytes;
    }
    return S2S_OK;
}
