#include "base/domain.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define LABEL_MAX 63

/* Letters, digits, hyphens; labels of 1..63; 253 in all. libidn2 lets names
 * that are ASCII already pass unchecked. */
static bool is_ldh(const char *s)
{
    size_t label = 0;
    size_t total = strlen(s);
    if (total == 0 || total >= DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < total; i++) {
        char c = s[i];
        if (c == '.') {
            if (label == 0 || s[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (c != '-' || label == 0))
            return false;
        if (++label > LABEL_MAX)
            return false;
    }
    return label > 0 && s[total - 1] != '-';
}

/* The last label of a domain is never all digits, nor a hexadecimal number:
 * such a text is one of the many spellings of an IPv4 address. */
static bool ends_in_number(const char *s)
{
    const char *last = strrchr(s, '.');
    last = last != NULL ? last + 1 : s;
    if (last[0] == '0' && last[1] == 'x')
        return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
    return last[strspn(last, "0123456789")] == '\0';
}

static int idn_error(int rc)
{
    return rc == IDN2_MALLOC ? S2S_ENO_MEMORY : S2S_EINVALID_ARGUMENT;
}

static bool ascii_lower(char *s)
{
    bool ascii = true;
    for (; *s != '\0'; s++) {
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
        ascii = ascii && (unsigned char)*s < 0x80;
    }
    return ascii;
}

/* Take over libidn2's string; it is freed. */
static int take(char *from, char *to, size_t size)
{
    size_t length = strlen(from);
    int e = length < size ? S2S_OK : S2S_EINVALID_ARGUMENT;
    if (e == S2S_OK)
        memcpy(to, from, length + 1);
    idn2_free(from);
    return e;
}

static int to_ascii(const char *text, char *out)
{
    char *ascii = NULL;
    int rc =
        idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK)
        return idn_error(rc);
    int e = take(ascii, out, DOMAIN_MAX);
    if (e != S2S_OK)
        return e;
    ascii_lower(out);
    return is_ldh(out) && !ends_in_number(out) ? S2S_OK : S2S_EINVALID_ARGUMENT;
}

static bool has_deviation(const char *unicode)
{
    static const char *const characters[] = {"\xc3\x9f", "\xcf\x82",
                                             "\xe2\x80\x8c", "\xe2\x80\x8d"};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
        if (strstr(unicode, characters[i]) != NULL)
            return true;
    return false;
}

/* Copy without one trailing dot (RFC 7622, 3.2). */
static bool strip_dot(const char *text, char *out, size_t size)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length >= size)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

static int make(const char *ascii, const char *unicode, struct domain **out)
{
    size_t first = strlen(ascii) + 1;
    size_t second = strlen(unicode) + 1;
    struct domain *d = malloc(sizeof(*d) + first + second);
    if (d == NULL)
        return S2S_ENO_MEMORY;
    memcpy(d->ascii, ascii, first);
    memcpy(d->ascii + first, unicode, second);
    d->unicode = d->ascii + first;
    d->deviation = has_deviation(unicode);
    d->renamed = false;
    *out = d;
    return S2S_OK;
}

/* The A-labels. `plain`: nothing else is needed for the U-labels. */
static int read_labels(const char *text, char ascii[DOMAIN_MAX], bool *plain)
{
    char input[DOMAIN_UNICODE_MAX];
    if (!strip_dot(text, input, sizeof(input)))
        return S2S_EINVALID_ARGUMENT;
    *plain = ascii_lower(input) && strstr(input, "xn--") == NULL;
    if (!*plain)
        return to_ascii(input, ascii);
    if (!is_ldh(input) || ends_in_number(input))
        return S2S_EINVALID_ARGUMENT;
    memcpy(ascii, input, strlen(input) + 1);
    return S2S_OK;
}

int domain_parse(const char *text, struct domain **out)
{
    char ascii[DOMAIN_MAX];
    bool plain;
    int e = read_labels(text, ascii, &plain);
    if (e != S2S_OK)
        return e;
    if (plain)
        return make(ascii, ascii, out);
    char *unicode = NULL;
    int rc = idn2_to_unicode_8z8z(ascii, &unicode, IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK)
        return idn_error(rc);
    e = strlen(unicode) < DOMAIN_UNICODE_MAX ? make(ascii, unicode, out)
                                             : S2S_EINVALID_ARGUMENT;
    idn2_free(unicode);
    return e;
}

int domain_rename(const struct domain *d, const char *unicode,
                  struct domain **out)
{
    if (strlen(unicode) >= DOMAIN_UNICODE_MAX)
        return S2S_EINVALID_ARGUMENT;
    int e = make(d->ascii, unicode, out);
    if (e != S2S_OK)
        return e;
    (*out)->deviation = d->deviation;
    (*out)->renamed = !domain_same(d, unicode);
    return S2S_OK;
}

const char *domain_name(const struct domain *d)
{
    return d->renamed ? d->ascii : d->unicode;
}

/* Takes no memory of ours: there is no answer for want of it. */
bool domain_same(const struct domain *d, const char *text)
{
    char ascii[DOMAIN_MAX];
    bool plain;
    if (strcmp(d->ascii, text) == 0)
        return true;
    return read_labels(text, ascii, &plain) == S2S_OK &&
           strcmp(d->ascii, ascii) == 0;
}

bool domain_equal(const struct domain *d, const char *text)
{
    return strcmp(d->unicode, text) == 0 || domain_same(d, text);
}

/* A literal without its brackets, or false. */
static bool parse_ip(const char *text, char *out, size_t size)
{
    unsigned char address[16];
    size_t length = strlen(text);
    bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
    if (brackets) {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= size || length >= INET6_ADDRSTRLEN)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    if (inet_pton(AF_INET6, out, address) == 1)
        return true;
    return !brackets && inet_pton(AF_INET, out, address) == 1;
}

bool domain_is_ip(const char *text)
{
    char literal[DOMAIN_MAX];
    return parse_ip(text, literal, sizeof(literal));
}

int domain_parse_host(const char *text, char *out)
{
    char literal[DOMAIN_MAX];
    struct domain *d;
    if (text == NULL)
        return S2S_EINVALID_ARGUMENT;
    if (parse_ip(text, literal, sizeof(literal))) {
        memcpy(out, literal, strlen(literal) + 1);
        return S2S_OK;
    }
    int e = domain_parse(text, &d);
    if (e != S2S_OK)
        return e;
    memcpy(out, d->ascii, strlen(d->ascii) + 1);
    free(d);
    return S2S_OK;
}
