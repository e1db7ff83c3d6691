#include "options_value.h"

#include <string.h>

#include <s2sprobe.h>

#include "number.h"

bool options_choose(const struct options_word *words, const char *text,
                    uint32_t *out)
{
    for (; words->word != NULL; words++) {
        if (strcmp(words->word, text) != 0)
            continue;
        *out = words->value;
        return true;
    }
    return false;
}

bool options_tls_mode(const char *text, uint32_t *out)
{
    static const struct options_word words[] = {{"auto", S2S_TLS_AUTO},
                                                {"starttls", S2S_TLS_STARTTLS},
                                                {"direct", S2S_TLS_DIRECT},
                                                {"none", S2S_TLS_NONE},
                                                {NULL, 0}};
    return options_choose(words, text, out);
}

bool options_ping_method(const char *text, uint32_t *out)
{
    static const struct options_word words[] = {
        {"auto", S2S_PING_AUTO},
        {"iq", S2S_PING_IQ},
        {"dialback-verify", S2S_PING_DIALBACK_VERIFY},
        {NULL, 0}};
    return options_choose(words, text, out);
}

bool options_color(const char *text, enum color *out)
{
    static const struct options_word words[] = {{"auto", COLOR_AUTO},
                                                {"always", COLOR_ALWAYS},
                                                {"never", COLOR_NEVER},
                                                {NULL, 0}};
    uint32_t value;
    if (!options_choose(words, text, &value))
        return false;
    *out = (enum color)value;
    return true;
}

bool options_seconds(const char *text, uint32_t *ms)
{
    uint64_t value;
    if (!number_thousandths(text, OPTIONS_TIME_MAX_MS / 1000, &value) ||
        value == 0 || value > OPTIONS_TIME_MAX_MS)
        return false;
    *ms = (uint32_t)value;
    return true;
}

bool options_append(const char **list, size_t most, const char *value)
{
    size_t n = 0;
    while (list[n] != NULL)
        n++;
    if (n == most || value[0] == '\0')
        return false;
    list[n] = value;
    return true;
}
