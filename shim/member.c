#include "member.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

bool member_absent(const json_t *value)
{
    return value == NULL ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static bool host_character(unsigned char c)
{
    return c > ' ' && c != 0x7f && strchr("/@?#%", c) == NULL;
}

bool member_host_ok(const char *text)
{
    for (; *text != '\0'; text++)
        if (!host_character((unsigned char)*text))
            return false;
    return true;
}

bool member_is_ip(const char *host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t n = strlen(host);
    bool brackets = n >= 2 && host[0] == '[' && host[n - 1] == ']';
    if (brackets) {
        host++;
        n -= 2;
    }
    if (n >= sizeof(text))
        return false;
    memcpy(text, host, n);
    text[n] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1 ||
           (!brackets && inet_pton(AF_INET, text, &address) == 1);
}

bool member_has_port(const char *host)
{
    const char *colon = strrchr(host, ':');
    return colon != NULL &&
           (strchr(host, ':') == colon || (colon > host && colon[-1] == ']'));
}

bool member_whole_number(const json_t *value, uint32_t min, uint32_t max,
                         uint32_t *out)
{
    if (!json_is_number(value))
        return false;
    double n = json_number_value(value);
    if (!(n >= (double)min && n <= (double)max))
        return false;
    *out = (uint32_t)n;
    return (double)*out >= n;
}

bool member_word(const struct member_word *words, const json_t *value,
                 uint32_t *out)
{
    const char *text = json_string_value(value);
    for (; text != NULL && words->word != NULL; words++) {
        if (strcmp(words->word, text) == 0) {
            *out = words->value;
            return true;
        }
    }
    return false;
}
