#include "identity.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complain.h"
#include "file.h"

#define SECRET_MAX 1024 /* bytes in a file, its newline included */

/* The one line in a file; NULL after a complaint. */
static char *load_line(const char *path)
{
    char bytes[SECRET_MAX + 1];
    size_t length;
    char *line = NULL;
    if (!file_read(path, bytes, sizeof(bytes), &length))
        return NULL;
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length == 0 || length >= SECRET_MAX ||
        memchr(bytes, '\n', length) != NULL ||
        memchr(bytes, '\0', length) != NULL)
        complain("not one line of at most 1023 bytes", path);
    else if ((line = strndup(bytes, length)) == NULL)
        complain("out of memory", NULL);
    explicit_bzero(bytes, sizeof(bytes));
    return line;
}

static bool load(const char *path, char **out)
{
    if (path == NULL)
        return true;
    *out = load_line(path);
    return *out != NULL;
}

bool identity_load(const struct options *o, struct identity *out)
{
    *out = (struct identity){.given = {.size = sizeof(s2s_identity)}};
    if (!load(o->password_file, &out->password) ||
        !load(o->secret_file, &out->secret))
        return false;
    out->given.domain = o->from;
    out->given.certificate_file = o->certificate;
    out->given.key_file = o->key;
    out->given.key_password = out->password;
    out->given.dialback_secret = out->secret;
    out->given.listen = o->listen[0] != NULL ? o->listen : NULL;
    return true;
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
    forget(&identity->password);
    forget(&identity->secret);
}

static bool is_domain(const char *name)
{
    return strchr(name, '.') != NULL && name[0] != '.' &&
           strncmp(name, "localhost.", 10) != 0;
}

/* As `hostname -f`: the system may know more than the bare name. */
bool identity_own_name(char *out, size_t size)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_CANONNAME};
    struct addrinfo *list;
    if (gethostname(out, size) != 0 || memchr(out, '\0', size) == NULL)
        return false;
    if (is_domain(out))
        return true;
    if (getaddrinfo(out, NULL, &hints, &list) != 0)
        return false;
    bool found = list->ai_canonname != NULL && is_domain(list->ai_canonname) &&
                 strlen(list->ai_canonname) < size;
    if (found)
        memcpy(out, list->ai_canonname, strlen(list->ai_canonname) + 1);
    freeaddrinfo(list);
    return found;
}
