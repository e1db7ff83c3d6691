#include "base/options_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"

static int load_domain(const s2s_identity *from, struct options_identity *to,
                       char *what)
{
    int e = domain_parse(from->domain != NULL ? from->domain : "", &to->domain);
    if (e == S2S_EINVALID_ARGUMENT)
        return options_load_invalid(what, "%s.domain: missing or not valid",
                                    to->member);
    return e;
}

/* Which members may be there together. */
static int check_files(const s2s_identity *from,
                       const struct options_identity *to, char *what)
{
    bool certificate = from->certificate_file != NULL;
    bool key = from->key_file != NULL;
    bool pkcs12 = from->pkcs12_file != NULL;
    if (pkcs12 && (certificate || key))
        return options_load_invalid(
            what, "%s.pkcs12_file: not with certificate_file or key_file",
            to->member);
    if (certificate != key)
        return options_load_invalid(
            what, "%s.%s: certificate_file and key_file belong together",
            to->member, key ? "certificate_file" : "key_file");
    if (from->key_password != NULL && !key && !pkcs12)
        return options_load_invalid(
            what, "%s.key_password: no key_file and no pkcs12_file",
            to->member);
    return S2S_OK;
}

static int copy_texts(const s2s_identity *from, struct options_identity *to)
{
    int e = options_load_text(from->certificate_file, &to->certificate_file);
    if (e == S2S_OK)
        e = options_load_text(from->key_file, &to->key_file);
    if (e == S2S_OK)
        e = options_load_text(from->pkcs12_file, &to->pkcs12_file);
    if (e == S2S_OK)
        e = options_load_text(from->key_password, &to->password);
    return e;
}

static int cannot_read(const struct options_identity *to, const char *name,
                       const char *path, int e, char *what)
{
    if (e != S2S_EINVALID_ARGUMENT)
        return e;
    if (file_is_special(path))
        return options_load_invalid(what, "%s.%s: %.100s is no regular file",
                                    to->member, name, path);
    return options_load_invalid(what, "%s.%s: cannot read %.100s", to->member,
                                name, path);
}

static int read_files(struct options_identity *to, char *what)
{
    int e = S2S_OK;
    if (to->certificate_file != NULL) {
        e = file_read(to->certificate_file, &to->certificate);
        if (e != S2S_OK)
            return cannot_read(to, "certificate_file", to->certificate_file, e,
                               what);
        e = file_read(to->key_file, &to->key);
        if (e != S2S_OK)
            return cannot_read(to, "key_file", to->key_file, e, what);
    }
    if (to->pkcs12_file != NULL) {
        e = file_read_bytes(to->pkcs12_file, &to->pkcs12, &to->pkcs12_size);
        if (e != S2S_OK)
            return cannot_read(to, "pkcs12_file", to->pkcs12_file, e, what);
    }
    return S2S_OK;
}

static int load_secret(const s2s_identity *from, struct options_identity *to,
                       char *what)
{
    if (from->dialback_secret == NULL) {
        to->secret = calloc(1, OPTIONS_SECRET_HEX + 1);
        if (to->secret == NULL)
            return S2S_ENO_MEMORY;
        return random_hex(to->secret, OPTIONS_SECRET_HEX / 2);
    }
    if (from->dialback_secret[0] == '\0')
        return options_load_invalid(what, "%s.dialback_secret: empty",
                                    to->member);
    return options_load_text(from->dialback_secret, &to->secret);
}

static int load_listen(const s2s_identity *from, struct options_identity *to,
                       char *what)
{
    size_t count = 0;
    while (from->listen != NULL && from->listen[count] != NULL)
        if (++count > OPTIONS_LIST)
            return options_load_invalid(what, "%s.listen: more than %u",
                                        to->member, OPTIONS_LIST);
    if (count == 0)
        return S2S_OK;
    to->listen = calloc(count + 1, sizeof(*to->listen));
    int e = to->listen != NULL ? S2S_OK : S2S_ENO_MEMORY;
    for (size_t i = 0; i < count && e == S2S_OK; i++)
        e = options_load_text(from->listen[i], &to->listen[i]);
    return e;
}

static int load(const s2s_identity *from, struct options_identity *to,
                char *what)
{
    s2s_identity known;
    int e = options_load(&known, sizeof(known), from);
    if (e == S2S_OK)
        e = load_domain(&known, to, what);
    if (e == S2S_OK)
        e = check_files(&known, to, what);
    if (e == S2S_OK)
        e = copy_texts(&known, to);
    if (e == S2S_OK)
        e = read_files(to, what);
    if (e == S2S_OK)
        e = load_secret(&known, to, what);
    if (e == S2S_OK)
        e = load_listen(&known, to, what);
    return e;
}

int options_load_identity(const s2s_identity *from, const char *member,
                          struct options_identity *to, char what[OPTIONS_WHAT])
{
    struct options_identity o = {.domain = NULL};
    (void)snprintf(o.member, sizeof(o.member), "%s", member);
    int e = load(from, &o, what);
    if (e == S2S_OK)
        *to = o;
    else
        options_free_identity(&o);
    return e;
}

void options_free_identity(struct options_identity *o)
{
    free(o->domain);
    free(o->certificate);
    file_forget(o->key);
    file_forget_bytes(o->pkcs12, o->pkcs12_size);
    file_forget(o->password);
    file_forget(o->secret);
    free(o->certificate_file);
    free(o->key_file);
    free(o->pkcs12_file);
    for (size_t i = 0; o->listen != NULL && o->listen[i] != NULL; i++)
        free(o->listen[i]);
    free(o->listen);
    *o = (struct options_identity){.domain = NULL};
}
