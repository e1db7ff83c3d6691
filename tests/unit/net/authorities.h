/* Authorities made on the spot, to be trusted. After cmocka.h. */
#ifndef TESTS_UNIT_NET_AUTHORITIES_H
#define TESTS_UNIT_NET_AUTHORITIES_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/certificate_trust.h"
#include "pki.h"

/* The trusted ones, in a file that is only in memory. */
static inline struct certificate_trust *authorities_load(
    const struct pki_party *parties[], size_t count)
{
    struct certificate_trust *t;
    char path[40];
    int fd = memfd_create("authorities", 0);
    assert_true(fd >= 0);
    for (size_t i = 0; i < count; i++) {
        char *pem = pki_certificate_pem(parties[i]);
        assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
        free(pem);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    assert_int_equal(certificate_trust_new(path, &t), S2S_OK);
    assert_int_equal(certificate_trust_load(t), S2S_OK);
    assert_int_equal(certificate_trust_load(t), S2S_OK);
    close(fd);
    return t;
}

#endif
