/*
 * Two contexts in one thread that speak for a.test and b.test: real sockets
 * on loopback, real TLS, and a DNS that knows both. Both listen on port 5269,
 * so that each finds the other as servers do.
 */
#ifndef TESTS_UNIT_PROBE_FEDERATION_H
#define TESTS_UNIT_PROBE_FEDERATION_H

#include <stdio.h>
#include <stdlib.h>

#include "probe/context.h"
#include "unit/net/dns.h"
#include "unit/net/pki.h"

#ifndef COUNT
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#endif
#define A          "a.test"
#define B          "b.test"
#define TIMEOUT_MS 20000

enum { SIDE_A, SIDE_B, SIDES };

/* ---- Certificates, once for all ---- */

struct federation_files {
    char ca[40], certificate[SIDES][40], key[SIDES][40];
};
static struct federation_files files;

static inline void federation_write(char name[40], char *text)
{
    size_t length = strlen(text);
    snprintf(name, 40, "/tmp/s2sprobe-fed-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), length);
    close(fd);
    free(text);
}

static inline int federation_begin(void **state)
{
    static const char *const names[] = {A, B};
    const struct pki_spec ca_spec = {.cn = "Federation CA", .ca = true};
    struct pki_party ca = pki_make(&ca_spec, NULL);
    (void)state;
    federation_write(files.ca, pki_certificate_pem(&ca));
    for (int k = 0; k < SIDES; k++) {
        const struct pki_spec spec = {.names = {{"dns", names[k], 0}}};
        struct pki_party leaf = pki_make(&spec, &ca);
        federation_write(files.certificate[k], pki_certificate_pem(&leaf));
        federation_write(files.key[k], pki_key_pem(&leaf));
        pki_free(&leaf);
    }
    pki_free(&ca);
    return 0;
}

static inline int federation_end(void **state)
{
    (void)state;
    unlink(files.ca);
    for (int k = 0; k < SIDES; k++) {
        unlink(files.certificate[k]);
        unlink(files.key[k]);
    }
    return 0;
}

static inline int64_t federation_clock(void)
{
    return PKI_NOW;
}

/* ---- The contexts ---- */

struct federation_setting { /* all zero: as usual */
    bool deaf[SIDES];       /* does not listen */
    bool bare[SIDES];       /* without a certificate */
    s2s_limits limits;      /* of both; size 0: none */
    uint32_t max_running;   /* of A */
    s2s_log_fn *log;
    void *log_user[SIDES];
    const char *secret[SIDES];
    const char *also;             /* one more domain of A */
    const s2s_resolver *resolver; /* of A */
    s2s_address_filter *filter;   /* of A */
};

struct federation {
    s2s_context *c[SIDES];
    char address[SIDES][24]; /* without the port */
    struct dns dns;
    struct dns_row rows[4];
};

/* Addresses of loopback that no other test uses at the same time. */
static inline void federation_name(struct federation *f)
{
    static unsigned count;
    unsigned pid = (unsigned)getpid();
    count++;
    for (unsigned k = 0; k < SIDES; k++)
        snprintf(f->address[k], sizeof(f->address[k]), "127.%u.%u.%u",
                 64 + (pid >> 8) % 128, pid & 255, 1 + 2 * (count % 120) + k);
    f->rows[0] = (struct dns_row){A, f->address[SIDE_A]};
    f->rows[1] = (struct dns_row){B, f->address[SIDE_B]};
    f->rows[2] = (struct dns_row){"also.test", f->address[SIDE_A]};
    dns_open(&f->dns, f->rows);
}

static inline void federation_listen(struct federation *f, unsigned k)
{
    char at[40];
    snprintf(at, sizeof(at), "%s:5269", f->address[k]);
    if (s2s_context_listen(f->c[k], at, NULL) != S2S_OK)
        fail_msg("cannot listen on %s: is port 5269 taken?", at);
}

static inline s2s_context *federation_context(
    struct federation *f, unsigned k, const struct federation_setting *s)
{
    const char *const servers[] = {f->dns.server, NULL};
    const bool bare = s->bare[k];
    const s2s_resolver *hook = k == SIDE_A ? s->resolver : NULL;
    const s2s_identity own = {
        .size = sizeof(own),
        .domain = k == SIDE_A ? A : B,
        .certificate_file = bare ? NULL : files.certificate[k],
        .key_file = bare ? NULL : files.key[k],
        .dialback_secret = s->secret[k],
    };
    const s2s_identity more = {.size = sizeof(more), .domain = s->also};
    const s2s_identity *const list[] = {
        &own, k == SIDE_A && s->also != NULL ? &more : NULL, NULL};
    const s2s_context_options o = {
        .size = sizeof(o),
        .ca_file = files.ca,
        .dns_servers = hook == NULL ? servers : NULL,
        .resolver = hook,
        .address_filter = k == SIDE_A ? s->filter : NULL,
        .identities = list,
        .limits = s->limits.size != 0 ? &s->limits : NULL,
        .max_running = k == SIDE_A ? s->max_running : 0,
        .host_running = S2S_NO_LIMIT,
        .address_running = S2S_NO_LIMIT,
        .host_rate = S2S_NO_LIMIT,
        .log = s->log,
        .log_user = s->log_user[k],
        .log_level = S2S_LOG_WIRE,
    };
    s2s_context *c;
    assert_int_equal(s2s_context_new(&o, &c), S2S_OK);
    context_shared(c)->wall_clock = federation_clock;
    return c;
}

static inline void federation_open(struct federation *f,
                                   const struct federation_setting *s)
{
    static const struct federation_setting usual;
    if (s == NULL)
        s = &usual;
    memset(f, 0, sizeof(*f));
    federation_name(f);
    for (unsigned k = 0; k < SIDES; k++) {
        f->c[k] = federation_context(f, k, s);
        if (!s->deaf[k])
            federation_listen(f, k);
    }
}

static inline void federation_close(struct federation *f)
{
    for (unsigned k = 0; k < SIDES; k++)
        s2s_context_free(f->c[k]);
    dns_close(&f->dns);
}

/* ---- Working ---- */

/* Let each do what it can, without waiting; whether there was something. */
static inline bool federation_poke(struct federation *f, int wait_ms)
{
    struct pollfd p[SIDES + 1] = {
        [SIDES] = {.fd = f->dns.udp, .events = POLLIN}};
    for (int k = 0; k < SIDES; k++)
        p[k] = (struct pollfd){.fd = f->c[k] != NULL ? s2s_context_fd(f->c[k])
                                                     : -1,
                               .events = POLLIN};
    if (poll(p, SIDES + 1, wait_ms) <= 0)
        return false;
    (void)dns_serve(&f->dns, SIZE_MAX);
    for (int k = 0; k < SIDES; k++)
        if (f->c[k] != NULL)
            assert_int_equal(s2s_context_process(f->c[k]), S2S_OK);
    return true;
}

static inline void federation_step(struct federation *f)
{
    assert_true(federation_poke(f, LOOPBACK_WAIT_MS));
}

/* The next result of a side. */
static inline s2s_result *federation_result(struct federation *f, unsigned k)
{
    s2s_result *r = NULL;
    while (s2s_context_next(f->c[k], &r, NULL, NULL) == 0)
        federation_step(f);
    assert_non_null(r);
    return r;
}

static inline s2s_options federation_options(void)
{
    return (s2s_options){.size = sizeof(s2s_options), .timeout_ms = TIMEOUT_MS};
}

/* From A to B. */
static inline uint64_t federation_submit(struct federation *f, int op,
                                         const s2s_options *o)
{
    uint64_t id = 0;
    assert_int_equal(s2s_context_submit(f->c[SIDE_A], op, A, B, o, NULL, &id),
                     S2S_OK);
    return id;
}

/* Whatever else has happened, a ping works. */
static inline void federation_still_works(struct federation *f)
{
    s2s_options o = federation_options();
    federation_submit(f, S2S_OP_PING, &o);
    s2s_result *r = federation_result(f, SIDE_A);
    if (s2s_result_error(r) != S2S_OK)
        fail_msg("%s", s2s_result_json(r));
    s2s_result_free(r);
}

static inline void federation_path(const s2s_result *r, const char *path,
                                   const char *value)
{
    const char *is = s2s_result_get(r, path);
    if (value == NULL ? is != NULL : is == NULL || strcmp(is, value) != 0)
        fail_msg("%s: %s, not %s, in %s", path, is != NULL ? is : "(none)",
                 value != NULL ? value : "(none)", s2s_result_json(r));
}

#endif
