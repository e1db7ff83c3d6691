#include "batch_shard.h"

#include <idn2.h>
#include <string.h>

#define NAME_MAX_BYTES 1024

uint32_t batch_crc(uint32_t crc, const char *bytes, size_t length)
{
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

/* Without one dot at the end, ASCII in lower case. */
static size_t plain(const char *domain, char out[NAME_MAX_BYTES])
{
    size_t n = strnlen(domain, NAME_MAX_BYTES - 1);
    for (size_t i = 0; i < n; i++)
        out[i] = domain[i] >= 'A' && domain[i] <= 'Z'
                     ? (char)(domain[i] - 'A' + 'a')
                     : domain[i];
    if (n > 0 && out[n - 1] == '.')
        n--;
    out[n] = '\0';
    return n;
}

uint32_t batch_domain_crc(const char *domain)
{
    char name[NAME_MAX_BYTES];
    char *ascii = NULL;
    size_t n = plain(domain, name);
    if (idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) !=
        IDN2_OK)
        return batch_crc(0, name, n);
    char labels[NAME_MAX_BYTES];
    n = plain(ascii, labels);
    uint32_t crc = batch_crc(0, labels, n);
    idn2_free(ascii);
    return crc;
}
