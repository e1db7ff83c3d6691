/* XMPP domains (RFC 7622, 3.2) and hosts to connect to. */
#ifndef BASE_DOMAIN_H
#define BASE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#define DOMAIN_MAX         254 /* an A-label name with its NUL */
#define DOMAIN_UNICODE_MAX 1024

struct domain {          /* one block; not to be copied by value */
    const char *unicode; /* lower case U-labels: the stream */
    bool deviation; /* holds ß, final sigma or a joiner: IDNA2003 differs */
    bool renamed;   /* `unicode` names another domain */
    char ascii[];   /* lower case A-labels: DNS, SNI */
};

/*
 * Read a domain: U-labels or A-labels, one trailing dot stripped, letters,
 * digits and hyphens only after conversion. Refuses IP literals.
 * S2S_OK, S2S_EINVALID_ARGUMENT or S2S_ENO_MEMORY. To be freed with free().
 */
int domain_parse(const char *text, struct domain **out);

/* The same domain in DNS and certificates, with `unicode` in the stream. As
 * domain_parse(). */
int domain_rename(const struct domain *d, const char *unicode,
                  struct domain **out);

/* What to call it outside of the stream: U-labels, unless it is renamed. */
const char *domain_name(const struct domain *d);

/* Whether `text` names the same domain, compared by A-labels; `unicode` does,
 * too, whatever it is. */
bool domain_equal(const struct domain *d, const char *text);

/* Whether `text` does by A-labels, what the stream says left aside. */
bool domain_same(const struct domain *d, const char *text);

/* Whether `text` is an IPv4 literal or an IPv6 one, bracketed or not. */
bool domain_is_ip(const char *text);

/*
 * Read a host: a domain or an IP literal. `out` (DOMAIN_MAX bytes) gets the
 * A-labels, or the literal without brackets. Errors as domain_parse().
 */
int domain_parse_host(const char *text, char *out);

#endif
