#include "certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../unit/net/pki.h"
#include "bench.h"

static struct pki_party make(struct pki_spec spec,
                             const struct pki_party *issuer)
{
    int64_t today = ((int64_t)time(NULL) - PKI_NOW) / PKI_DAY;
    spec.begin = today - 2;
    spec.end = today + 90;
    return pki_make(&spec, issuer);
}

/* A file without a name on disk, so that nothing is left behind. */
static void write_root(struct certs *c, const struct pki_party *root)
{
    char *pem = pki_certificate_pem(root);
    size_t length = strlen(pem);
    c->ca_fd = memfd_create("bench-ca", 0);
    bench_must(c->ca_fd >= 0 && write(c->ca_fd, pem, length) == (ssize_t)length,
               "cannot write the root certificate");
    snprintf(c->ca_file, sizeof(c->ca_file), "/proc/self/fd/%d", c->ca_fd);
    free(pem);
}

void certs_make(struct certs *c)
{
    struct pki_party root =
        make((struct pki_spec){.cn = "Bench Root", .ca = true}, NULL);
    struct pki_party middle =
        make((struct pki_spec){.cn = "Bench Intermediate", .ca = true}, &root);
    struct pki_party leaf =
        make((struct pki_spec){.cn = BENCH_DOMAIN,
                               .names = {{"dns", BENCH_DOMAIN, 0}}},
             &middle);
    gnutls_x509_crt_t chain[] = {leaf.crt, middle.crt};
    pki_must(gnutls_certificate_allocate_credentials(&c->server));
    pki_must(gnutls_certificate_set_x509_key(c->server, chain, 2, leaf.key));
    write_root(c, &root);
    pki_free(&root);
    pki_free(&middle);
    pki_free(&leaf);
}

void certs_free(struct certs *c)
{
    gnutls_certificate_free_credentials(c->server);
    close(c->ca_fd);
}
