#include "certs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
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

static void append(const struct certs_file *f, char *pem)
{
    size_t length = strlen(pem);
    bench_must(write(f->fd, pem, length) == (ssize_t)length,
               "cannot write a certificate");
    free(pem);
}

static void open_file(struct certs_file *f)
{
    f->fd = memfd_create("bench-certificate", 0);
    bench_must(f->fd >= 0, "no memory");
    snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

static void make_server(struct certs *c, const struct pki_party *middle)
{
    struct pki_party leaf =
        make((struct pki_spec){.cn = BENCH_DOMAIN,
                               .names = {{"dns", BENCH_DOMAIN, 0},
                                         {"dns", "*." BENCH_DOMAIN, 0}}},
             middle);
    gnutls_x509_crt_t chain[] = {leaf.crt, middle->crt};
    pki_must(gnutls_certificate_allocate_credentials(&c->server));
    pki_must(gnutls_certificate_set_x509_key(c->server, chain, 2, leaf.key));
    pki_free(&leaf);
}

static void make_own(struct certs *c, const struct pki_party *middle)
{
    struct pki_party leaf = make(
        (struct pki_spec){.cn = BENCH_FROM, .names = {{"dns", BENCH_FROM, 0}}},
        middle);
    open_file(&c->own);
    append(&c->own, pki_certificate_pem(&leaf));
    append(&c->own, pki_certificate_pem(middle));
    append(&c->own, pki_key_pem(&leaf));
    pki_free(&leaf);
}

void certs_make(struct certs *c)
{
    struct pki_party root =
        make((struct pki_spec){.cn = "Bench Root", .ca = true}, NULL);
    struct pki_party middle =
        make((struct pki_spec){.cn = "Bench Intermediate", .ca = true}, &root);
    open_file(&c->ca);
    append(&c->ca, pki_certificate_pem(&root));
    make_server(c, &middle);
    make_own(c, &middle);
    pki_must(gnutls_priority_init(&c->any, "NORMAL", NULL));
    pki_must(gnutls_priority_init(&c->only_tls12,
                                  "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL));
    pki_free(&root);
    pki_free(&middle);
}

void certs_free(struct certs *c)
{
    gnutls_certificate_free_credentials(c->server);
    gnutls_priority_deinit(c->any);
    gnutls_priority_deinit(c->only_tls12);
    close(c->ca.fd);
    close(c->own.fd);
}

static void copy(const struct certs_file *f, const char *directory,
                 const char *name)
{
    char path[4096];
    off_t from = 0;
    off_t size = lseek(f->fd, 0, SEEK_END);
    int n = snprintf(path, sizeof(path), "%s/%s", directory, name);
    bench_must(n > 0 && (size_t)n < sizeof(path), "a long name");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bench_must(fd >= 0 && sendfile(fd, f->fd, &from, (size_t)size) == size,
               "cannot write a copy of a certificate");
    close(fd);
}

void certs_write(const struct certs *c, const char *directory)
{
    copy(&c->ca, directory, "ca.pem");
    copy(&c->own, directory, "own.pem");
}
