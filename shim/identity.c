#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_MAX 1024 /* bytes in a file, its newline included */

/* ---- The text ----------------------------------------------------------- */

/* One "name=value". */
static bool parse_pair(char *pair, struct identity *identity)
{
    s2s_identity *given = &identity->given;
    const struct {
        const char *name;
        const char **value;
    } members[] = {{"domain", &given->domain},
                   {"cert", &given->certificate_file},
                   {"key", &given->key_file},
                   {"pkcs12", &given->pkcs12_file},
                   {"password-file", &identity->password_file},
                   {"secret-file", &identity->secret_file}};
    char *equals = strchr(pair, '=');
    if (equals == NULL || equals[1] == '\0')
        return false;
    *equals = '\0';
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(pair, members[i].name) != 0)
            continue;
        if (*members[i].value != NULL)
            return false;
        *members[i].value = equals + 1;
        return true;
    }
    return false;
}

bool identity_parse(char *text, struct identity *out)
{
    struct identity identity = {.given = {.size = sizeof(s2s_identity)}};
    for (char *pair = strsep(&text, ","); pair != NULL;
         pair = strsep(&text, ","))
        if (!parse_pair(pair, &identity))
            return false;
    if (identity.given.domain == NULL)
        return false;
    *out = identity;
    return true;
}

/* ---- The secrets -------------------------------------------------------- */

/* The number of bytes; SECRET_MAX + 1 when there are more than fit, -1 when
 * they cannot be read. */
static ssize_t read_bytes(const char *path, char out[SECRET_MAX + 1])
{
    size_t used = 0;
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -1;
    while (n > 0 && used <= SECRET_MAX) {
        n = read(fd, out + used, SECRET_MAX + 1 - used);
        if (n > 0)
            used += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    close(fd);
    return n < 0 ? -1 : (ssize_t)used;
}

/* The one line in a file; NULL with the reason. */
static char *take_line(char *bytes, ssize_t length, const char **reason)
{
    *reason = "cannot read";
    if (length < 0)
        return NULL;
    *reason = "not one line of at most 1023 bytes in";
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length == 0 || length >= SECRET_MAX ||
        memchr(bytes, '\n', (size_t)length) != NULL ||
        memchr(bytes, '\0', (size_t)length) != NULL)
        return NULL;
    *reason = "no memory for";
    return strndup(bytes, (size_t)length);
}

static bool load(const char *path, const char *name, char **out,
                 const struct identity *identity, char *error, size_t size)
{
    char bytes[SECRET_MAX + 1];
    const char *reason;
    if (path == NULL)
        return true;
    *out = take_line(bytes, read_bytes(path, bytes), &reason);
    explicit_bzero(bytes, sizeof(bytes));
    if (*out == NULL)
        snprintf(error, size, "--identity domain=%s: %s: %s %s",
                 identity->given.domain, name, reason, path);
    return *out != NULL;
}

bool identity_load(struct identity *i, char *error, size_t error_size)
{
    bool ok =
        load(i->password_file, "password-file", &i->password, i, error,
             error_size) &&
        load(i->secret_file, "secret-file", &i->secret, i, error, error_size);
    i->given.key_password = i->password;
    i->given.dialback_secret = i->secret;
    return ok;
}

static void forget(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void identity_forget(struct identity *identity)
{
    identity->given.key_password = NULL;
    identity->given.dialback_secret = NULL;
    forget(&identity->password);
    forget(&identity->secret);
}
