/*
 * Certificates and stapled responses, judged; and names, matched. Input: a
 * length of two bytes and a leaf, the same for an intermediate, the rest is
 * the response. What does not have this form is a leaf as it stands, and every
 * input is a name too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/utf8.h"
#include "net/certificate.h"

#define NOW INT64_C(1800000000)

/* The authority of the corpus; nobody has its key. */
static const char root[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcDCCARegAwIBAgICTwEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAxMEUm9vdDAe\n"
    "Fw0yNjEyMTYwODAwMDBaFw0yNzExMTEwODAwMDBaMA8xDTALBgNVBAMTBFJvb3Qw\n"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASWPGX0Ddn7TrHNqofSb4SCr/72/VWC\n"
    "6uCkRBcjsGXjK1+jLGpfIb2/noVtlFNi0usJO9GBEmikdms1S4Rkh+CDo2MwYTAd\n"
    "BgNVHQ4EFgQUr8tpVKcTLni+IAqkGjawYR4mQCcwHwYDVR0jBBgwFoAUr8tpVKcT\n"
    "Lni+IAqkGjawYR4mQCcwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYw\n"
    "CgYIKoZIzj0EAwIDRwAwRAIgZPcX1QtFSqDZwWjBgVV6fjofwk6uy0ePqtKy8kmb\n"
    "SPACIGcWlnJxryulSjzFPyOV8+a6BLFEYfUqOm8kaKZduBHF\n"
    "-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition)
        abort();
}

static struct certificate_trust *load(void)
{
    struct certificate_trust *t;
    char path[40];
    int fd = memfd_create("root", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, root, sizeof(root) - 1) == sizeof(root) - 1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    must(certificate_trust_new(path, &t) == S2S_OK);
    must(certificate_trust_load(t) == S2S_OK);
    close(fd);
    return t;
}

/* A piece with its length before it; false when there is none. */
static int piece(const uint8_t **data, size_t *size, const uint8_t **out,
                 size_t *length)
{
    if (*size < 2)
        return 0;
    size_t n = (size_t)(*data)[0] << 8 | (*data)[1];
    if (n > *size - 2)
        return 0;
    *out = *data + 2;
    *length = n;
    *data += 2 + n;
    *size -= 2 + n;
    return 1;
}

static void split(const uint8_t *data, size_t size, const uint8_t *chain[2],
                  size_t sizes[2], s2s_tls_info *info)
{
    const uint8_t *rest = data;
    size_t left = size;
    info->chain = chain;
    info->chain_sizes = sizes;
    info->chain_length = 1;
    if (piece(&rest, &left, &chain[0], &sizes[0]) &&
        piece(&rest, &left, &chain[1], &sizes[1])) {
        info->chain_length = sizes[1] > 0 ? 2 : 1;
        info->ocsp = rest;
        info->ocsp_size = left;
        return;
    }
    chain[0] = data;
    sizes[0] = size;
}

static void check_text(const char *text)
{
    must(text == NULL || utf8_valid(text, strlen(text)));
}

static void check_result(const s2s_result *r, int e, const char *why)
{
    const struct result_certificate *c = &r->tls.certificate;
    must(e == S2S_OK || e == S2S_ECERT_UNTRUSTED || e == S2S_ECERT_EXPIRED ||
         e == S2S_ECERT_NAME);
    must((e == S2S_OK) == (c->chain == RESULT_OK && c->name == RESULT_OK));
    must((e == S2S_OK) == (why[0] == '\0'));
    must((c->matched != NULL) == (c->name == RESULT_OK));
    check_text(why);
    check_text(c->subject);
    check_text(c->issuer);
    check_text(c->signature);
    for (const struct result_name *n = c->names; n != NULL; n = n->next)
        check_text(n->value);
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next)
        check_text(f->seen);
}

static void judge(struct certificate_trust *trust, const struct domain *domain,
                  const uint8_t *data, size_t size)
{
    const uint8_t *chain[2];
    size_t sizes[2];
    s2s_tls_info info = {.size = sizeof(info)};
    const char *why = NULL;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    must(r != NULL);
    split(data, size, chain, sizes, &info);
    const struct certificate_reference ref = {.domain = domain};
    int e = certificate_judge(trust, &info, &ref, NOW, r, &why);
    if (e != S2S_ENO_MEMORY)
        check_result(r, e, why);
    result_free(r);
}

/* A name with a NUL in it matches nothing. */
static void match(const struct domain *domain, const uint8_t *data, size_t size)
{
    static const char *const types[] = {"dns", "srv", "xmpp"};
    for (size_t i = 0; i < 3; i++)
        must(!certificate_name_matches(types[i], data, size, domain) ||
             memchr(data, '\0', size) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct certificate_trust *trust;
    static struct domain *plain, *idn;
    if (trust == NULL) {
        trust = load();
        must(domain_parse("xmpp.example", &plain) == S2S_OK);
        must(domain_parse("xn--bcher-kva.example", &idn) == S2S_OK);
    }
    judge(trust, plain, data, size);
    match(plain, data, size);
    match(idn, data, size);
    return 0;
}
