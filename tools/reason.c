#include "reason.h"

#include <stdio.h>
#include <string.h>

void reason_translate(const char *line, char *out, size_t size)
{
    static const struct {
        const char *member, *option;
    } names[] = {{"ca_file", "--ca-file"},
                 {"dns_servers", "--dns-server"},
                 {"identities.0.domain", "--from"},
                 {"identities.0.certificate_file", "--cert"},
                 {"identities.0.key_file", "--key"},
                 {"identities.0.key_password", "--password-file"},
                 {"identities.0.dialback_secret", "--secret-file"},
                 {"identities.0.listen", "--listen"},
                 {"from", "--from"},
                 {"host", "--host"},
                 {"port", "--port"},
                 {"tls_mode", "--tls"},
                 {"services", "--service"},
                 {"xml_to", "--xml-to"},
                 {"stanza", "stanza"},
                 {"to", "domain"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i].member);
        if (strncmp(line, names[i].member, n) != 0 || line[n] != ':')
            continue;
        snprintf(out, size, "%s%s", names[i].option, line + n);
        return;
    }
    snprintf(out, size, "%s", line);
}
