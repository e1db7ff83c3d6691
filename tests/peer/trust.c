#include "trust.h"

#include <stdio.h>
#include <unistd.h>

#include "unit/net/pki.h"

struct trust_file {
    char name[40];
};

static struct {
    struct pki_party ca, stranger;
    struct pki_party leaf[TRUST_COUNT];
    struct peer_chain chains[TRUST_COUNT];
    struct trust_file authority, certificate, key;
    char *key_text;
    struct pki_party ours;
    s2s_identity identity;
    const s2s_identity *identities[2];
} trust;

static struct pki_party make_ca(const char *name)
{
    const struct pki_spec spec = {.cn = name, .ca = true};
    return pki_make(&spec, NULL);
}

static void make_leaf(enum trust_kind kind, const char *name, int64_t begin,
                      int64_t end, const struct pki_party *issuer)
{
    const struct pki_spec spec = {
        .names = {{"dns", name, 0}}, .begin = begin, .end = end};
    trust.leaf[kind] = pki_make(&spec, issuer);
    trust.chains[kind].der[0] = trust.leaf[kind].der.data;
    trust.chains[kind].sizes[0] = trust.leaf[kind].der.size;
    trust.chains[kind].length = 1;
}

static void write_file(struct trust_file *f, const char *text)
{
    size_t length = strlen(text);
    snprintf(f->name, sizeof(f->name), "/tmp/s2sprobe-peer-XXXXXX");
    int fd = mkstemp(f->name);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length)
        abort();
    close(fd);
}

static void write_certificate(struct trust_file *f, const struct pki_party *p)
{
    char *pem = pki_certificate_pem(p);
    write_file(f, pem);
    free(pem);
}

static void make_identity(void)
{
    const struct pki_spec spec = {.names = {{"dns", TRUST_OURS, 0}}};
    trust.ours = pki_make(&spec, &trust.ca);
    trust.key_text = pki_key_pem(&trust.ours);
    write_certificate(&trust.certificate, &trust.ours);
    write_file(&trust.key, trust.key_text);
    trust.identity = (s2s_identity){
        .size = sizeof(trust.identity),
        .domain = TRUST_OURS,
        .certificate_file = trust.certificate.name,
        .key_file = trust.key.name,
    };
    trust.identities[0] = &trust.identity;
}

void trust_init(void)
{
    trust.ca = make_ca("Peer Test CA");
    trust.stranger = make_ca("Unknown CA");
    make_leaf(TRUST_GOOD, TRUST_DOMAIN, 0, 0, &trust.ca);
    make_leaf(TRUST_STRANGER, TRUST_DOMAIN, 0, 0, &trust.stranger);
    make_leaf(TRUST_EXPIRED, TRUST_DOMAIN, -20, -1, &trust.ca);
    make_leaf(TRUST_OTHER_NAME, "host.example", 0, 0, &trust.ca);
    write_certificate(&trust.authority, &trust.ca);
    make_identity();
}

void trust_free(void)
{
    pki_free(&trust.ca);
    pki_free(&trust.stranger);
    for (int i = 0; i < TRUST_NOTHING; i++)
        pki_free(&trust.leaf[i]);
    pki_free(&trust.ours);
    free(trust.key_text);
    unlink(trust.authority.name);
    unlink(trust.certificate.name);
    unlink(trust.key.name);
}

const struct peer_chain *trust_chain(enum trust_kind kind)
{
    return &trust.chains[kind];
}

const struct pki_party *trust_leaf(enum trust_kind kind)
{
    return &trust.leaf[kind];
}

const char *trust_ca_file(void)
{
    return trust.authority.name;
}

const s2s_identity *const *trust_identities(void)
{
    return trust.identities;
}

const char *trust_key(void)
{
    return trust.key_text;
}

int64_t trust_now(void)
{
    return PKI_NOW;
}
