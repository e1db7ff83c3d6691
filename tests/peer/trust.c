#include "trust.h"

#include <stdio.h>
#include <unistd.h>

#include "unit/net/pki.h"

static struct {
    struct pki_party ca, stranger;
    struct pki_party leaf[TRUST_COUNT];
    struct peer_chain chains[TRUST_COUNT];
    char file[64];
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

static void write_ca_file(void)
{
    char *pem = pki_certificate_pem(&trust.ca);
    size_t length = strlen(pem);
    snprintf(trust.file, sizeof(trust.file), "/tmp/s2sprobe-peer-XXXXXX");
    int fd = mkstemp(trust.file);
    if (fd < 0 || write(fd, pem, length) != (ssize_t)length)
        abort();
    close(fd);
    free(pem);
}

void trust_init(void)
{
    trust.ca = make_ca("Peer Test CA");
    trust.stranger = make_ca("Unknown CA");
    make_leaf(TRUST_GOOD, TRUST_DOMAIN, 0, 0, &trust.ca);
    make_leaf(TRUST_STRANGER, TRUST_DOMAIN, 0, 0, &trust.stranger);
    make_leaf(TRUST_EXPIRED, TRUST_DOMAIN, -20, -1, &trust.ca);
    make_leaf(TRUST_OTHER_NAME, "host.example", 0, 0, &trust.ca);
    write_ca_file();
}

void trust_free(void)
{
    pki_free(&trust.ca);
    pki_free(&trust.stranger);
    for (int i = 0; i < TRUST_NOTHING; i++)
        pki_free(&trust.leaf[i]);
    unlink(trust.file);
}

const struct peer_chain *trust_chain(enum trust_kind kind)
{
    return &trust.chains[kind];
}

const char *trust_ca_file(void)
{
    return trust.file;
}

int64_t trust_now(void)
{
    return PKI_NOW;
}
