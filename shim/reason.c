#include "reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct name {
    const char *member, *ours;
};

/* The text behind "MEMBER: ", and in *ours what we call it; NULL when it is no
 * member of the table. */
static const char *behind(const struct name *names, size_t count,
                          const char *text, const char **ours)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(names[i].member);
        if (strncmp(text, names[i].member, n) != 0 ||
            strncmp(text + n, ": ", 2) != 0)
            continue;
        *ours = names[i].ours;
        return text + n + 2;
    }
    return NULL;
}

/* "identities.N.": the number, and what follows in *rest. */
static bool of_identity(const struct options *o, const char *line,
                        const struct identity **identity, const char **rest)
{
    static const char start[] = "identities.";
    char *end;
    if (strncmp(line, start, sizeof(start) - 1) != 0)
        return false;
    unsigned long n = strtoul(line + sizeof(start) - 1, &end, 10);
    if (*end != '.' || n >= o->identity_count)
        return false;
    *identity = &o->identities[n];
    *rest = end + 1;
    return true;
}

void reason_translate(const struct options *o, const char *line, char *out,
                      size_t size)
{
    static const struct name options[] = {{"ca_file", "--ca-file"},
                                          {"dns_servers", "--dns-server"},
                                          {"identities", "--identity"}};
    static const struct name settings[] = {
        {"domain", "domain"},      {"certificate_file", "cert"},
        {"key_file", "key"},       {"key_password", "password-file"},
        {"pkcs12_file", "pkcs12"}, {"dialback_secret", "secret-file"},
    };
    const struct identity *identity;
    const char *ours, *rest, *text;
    if (of_identity(o, line, &identity, &rest)) {
        text = behind(settings, COUNT(settings), rest, &ours);
        if (text != NULL) {
            snprintf(out, size, "--identity domain=%s: %s: %s",
                     identity->given.domain, ours, text);
            return;
        }
    }
    text = behind(options, COUNT(options), line, &ours);
    if (text != NULL)
        snprintf(out, size, "%s: %s", ours, text);
    else
        snprintf(out, size, "%s", line);
}
