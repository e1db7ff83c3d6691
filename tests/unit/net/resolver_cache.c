/* Answers that are used again: for how long, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <s2sprobe.h>

#include "../failing.h"
#include "net/resolver_cache.h"

static uint8_t bytes[RESOLVER_CACHE_BYTES];

static struct dns_answer *make(uint32_t ttl, size_t size)
{
    const struct dns_rdata one = {bytes, size};
    struct dns_answer *a = dns_answer_new(&one, 1, "");
    assert_non_null(a);
    a->ttl = ttl;
    return a;
}

/* As one that ended does: its maker lets it go. */
static void add(struct resolver_cache *c, const char *name, uint32_t ttl,
                size_t size, int64_t now)
{
    struct dns_answer *a = make(ttl, size);
    resolver_cache_add(c, name, DNS_A, false, a, now);
    dns_answer_release(a);
}

/* The size of its record; 0 when there is none. */
static size_t found(struct resolver_cache *c, const char *name, uint16_t type,
                    bool hosts, int64_t now)
{
    struct dns_answer *a = resolver_cache_find(c, name, type, hosts, now);
    size_t size = a != NULL ? a->records[0].size : 0;
    if (a != NULL)
        assert_int_equal(a->holders, 2);
    dns_answer_release(a);
    return size;
}

static size_t used(const struct resolver_cache *c)
{
    size_t count = 0;
    for (size_t i = 0; c->entries != NULL && i < RESOLVER_CACHE_ENTRIES; i++)
        count += c->entries[i].name != NULL;
    return count;
}

static void empty(void **state)
{
    struct resolver_cache c = {0};
    (void)state;
    assert_null(resolver_cache_find(&c, "a", DNS_A, false, 0));
    add(&c, "a", 0, 4, 10); /* not to be kept */
    assert_null(c.entries);
    assert_null(resolver_cache_find(&c, "a", DNS_A, false, 10));
    resolver_cache_free(&c);
    resolver_cache_free(&c);
}

static void times(void **state)
{
    static const struct {
        uint32_t ttl;
        int64_t kept;
    } rows[] = {{1, 1},       {60, 60},     {3599, 3599},
                {3600, 3600}, {3601, 3600}, {INT32_MAX, 3600}};
    struct resolver_cache c = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        add(&c, "a", rows[i].ttl, 4, 1000);
        assert_int_equal(found(&c, "a", DNS_A, false, 1000), 4);
        assert_int_equal(found(&c, "a", DNS_A, false, 999 + rows[i].kept), 4);
        assert_int_equal(found(&c, "a", DNS_A, false, 1000 + rows[i].kept), 0);
        assert_int_equal(used(&c), 0); /* and forgotten */
        assert_int_equal(c.bytes, 0);
    }
    resolver_cache_free(&c);
}

/* Name, type, and whether the hosts file had its say, all count. */
static void keys(void **state)
{
    struct resolver_cache c = {0};
    (void)state;
    add(&c, "a.example", 60, 4, 0);
    assert_int_equal(found(&c, "a.example", DNS_A, false, 0), 4);
    assert_int_equal(found(&c, "a.example", DNS_A, true, 0), 0);
    assert_int_equal(found(&c, "a.example", DNS_AAAA, false, 0), 0);
    assert_int_equal(found(&c, "b.example", DNS_A, false, 0), 0);
    assert_int_equal(found(&c, "a.exampl", DNS_A, false, 0), 0);
    resolver_cache_free(&c);
}

static void replaced(void **state)
{
    struct resolver_cache c = {0};
    (void)state;
    add(&c, "a", 60, 4, 0);
    size_t before = c.bytes;
    struct dns_answer *old = resolver_cache_find(&c, "a", DNS_A, false, 0);
    add(&c, "a", 60, 16, 0);
    assert_int_equal(used(&c), 1);
    assert_int_equal(c.bytes, before + 12);
    assert_int_equal(found(&c, "a", DNS_A, false, 0), 16);
    assert_int_equal(old->holders, 1); /* ours */
    assert_int_equal(old->records[0].size, 4);
    dns_answer_release(old);
    resolver_cache_free(&c);
}

/* The oldest goes first. */
static void entries(void **state)
{
    struct resolver_cache c = {0};
    char name[16];
    (void)state;
    for (unsigned i = 0; i < RESOLVER_CACHE_ENTRIES + 10; i++) {
        (void)snprintf(name, sizeof(name), "n%u", i);
        add(&c, name, 60, 4, 0);
        assert_int_equal(found(&c, name, DNS_A, false, 0), 4);
    }
    assert_int_equal(used(&c), RESOLVER_CACHE_ENTRIES);
    assert_int_equal(found(&c, "n9", DNS_A, false, 0), 0);
    assert_int_equal(found(&c, "n10", DNS_A, false, 0), 4);
    resolver_cache_free(&c);
}

static void sizes(void **state)
{
    struct resolver_cache c = {0};
    char name[16];
    (void)state;
    add(&c, "large", 60, RESOLVER_CACHE_BYTES / 4, 0);
    assert_int_equal(used(&c), 0);
    for (unsigned i = 0; i < 50; i++) {
        size_t size = 1000 + 20000u * (i % 12);
        (void)snprintf(name, sizeof(name), "n%u", i);
        add(&c, name, 60, size, 0);
        assert_int_equal(found(&c, name, DNS_A, false, 0), size);
        assert_true(c.bytes <= RESOLVER_CACHE_BYTES);
    }
    assert_true(used(&c) < 20 && used(&c) > 4);
    resolver_cache_free(&c);
    assert_int_equal(c.bytes, 0);
}

static void without_memory(void **state)
{
    struct resolver_cache c = {0};
    struct dns_answer *a = make(60, 4);
    (void)state;
    for (unsigned long nth = 1; nth <= 3; nth++) {
        failing_arm(nth, false);
        resolver_cache_add(&c, "a", DNS_A, false, a, 0);
        failing_off();
        assert_int_equal(used(&c), nth < 3 ? 0 : 1);
        assert_int_equal(a->holders, nth < 3 ? 1 : 2);
        resolver_cache_free(&c);
    }
    dns_answer_release(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),          cmocka_unit_test(times),
        cmocka_unit_test(keys),           cmocka_unit_test(replaced),
        cmocka_unit_test(entries),        cmocka_unit_test(sizes),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("net/resolver_cache", tests, NULL, NULL);
}
