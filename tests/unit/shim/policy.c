#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "policy.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t address_of(const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    memcpy(out, &v6, sizeof(v6));
    return sizeof(v6);
}

static void networks(void **state)
{
    static const struct {
        const char *cidr;
        bool ok;
    } cases[] = {
        {"10.0.0.0/8", true},
        {"0.0.0.0/0", true},
        {"192.0.2.1", true},
        {"192.0.2.1/32", true},
        {"192.0.2.128/25", true},
        {"::/0", true},
        {"fd00::/8", true},
        {"2001:db8::1", true},
        {"::1/128", true},
        {"fe80::/10", true},
        {"", false},
        {"/8", false},
        {"10.0.0.0/", false},
        {"10.0.0.0/33", false},
        {"10.0.0.0/08", false},
        {"10.0.0.0/-1", false},
        {"10.0.0.0/8 ", false},
        {"10.0.0.0/8/8", false},
        {"10.0.0.1/8", false},
        {"10/8", false},
        {"10.0.0/24", false},
        {"0x0a.0.0.0/8", false},
        {"fd00::/129", false},
        {"fd00::1/8", false},
        {"fe80::1%lo", false},
        {"[::1]", false},
        {"localhost", false},
        {"10.0.0.0/1000", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = {.count = 0};
        assert_int_equal(policy_add(&policy, cases[i].cidr), cases[i].ok);
        assert_int_equal(policy.count, cases[i].ok);
    }
}

static void lists(void **state)
{
    static const struct {
        const char *cidr;
        const char *address;
        bool listed;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.4/30", "192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.8", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"0.0.0.0/0", "127.0.0.1", true},
        {"0.0.0.0/0", "::1", true}, /* 0.0.0.1 as compatible */
        {"0.0.0.0/0", "2001:db8::1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::1", false},
        {"fe80::/10", "febf::1", true},
        {"fe80::/10", "fec0::1", false},
        {"::1/128", "::1", true},
        {"::1/128", "::2", false},
        {"::/0", "10.0.0.1", false},
        /* forms of IPv4 addresses */
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::ffff:11.1.2.3", false},
        {"10.0.0.0/8", "::10.1.2.3", true},
        {"10.0.0.0/8", "64:ff9b::10.1.2.3", true},
        {"10.0.0.0/8", "64:ff9b::11.1.2.3", false},
        {"10.0.0.0/8", "2002:a01:203::", true},
        {"10.0.0.0/8", "2002:b01:203::", false},
        {"::/0", "::ffff:10.1.2.3", false},
        {"::ffff:0:0/96", "::ffff:10.1.2.3", false},
        {"64:ff9b::/96", "64:ff9b::10.1.2.3", true},
        {"2002::/16", "2002:a01:203::", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = {.count = 0};
        struct sockaddr_storage a;
        uint32_t n = address_of(cases[i].address, &a);
        assert_true(policy_add(&policy, cases[i].cidr));
        if (policy_lists(&policy, (const struct sockaddr *)&a, n) !=
            cases[i].listed)
            fail_msg("%s in %s", cases[i].address, cases[i].cidr);
        /* shorter than what it says it is */
        assert_false(policy_lists(&policy, (const struct sockaddr *)&a, n - 1));
    }
}

/* Public ones need no entry, others do. */
static void filter(void **state)
{
    static const struct {
        const char *address;
        int refused;
    } cases[] = {
        {"8.8.8.8", 0},
        {"2600::1", 0},
        {"10.1.2.3", 0},
        {"::ffff:10.0.0.1", 0},
        {"192.168.0.1", 1},
        {"127.0.0.1", 1},
        {"::1", 1},
        {"::ffff:127.0.0.1", 1},
        {"169.254.169.254", 1},
    };
    struct policy policy = {.count = 0};
    (void)state;
    assert_true(policy_add(&policy, "10.0.0.0/8"));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sockaddr_storage a;
        uint32_t n = address_of(cases[i].address, &a);
        assert_int_equal(
            policy_filter(&policy, (const struct sockaddr *)&a, n) != 0,
            cases[i].refused);
    }
}

/* One port of one loopback address. */
static void demo(void **state)
{
    static const struct {
        const char *address;
        uint16_t port, allowed;
        int refused;
    } cases[] = {
        {"127.0.0.1", 5269, 5269, 0}, {"127.0.0.1", 5270, 5269, 1},
        {"127.0.0.1", 5269, 0, 1},    {"127.0.0.1", 0, 0, 1},
        {"127.0.0.2", 5269, 5269, 1}, {"10.0.0.1", 5269, 5269, 1},
        {"::1", 5269, 5269, 1},       {"::ffff:127.0.0.1", 5269, 5269, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = {.loopback_port = cases[i].allowed};
        struct sockaddr_storage a;
        uint32_t n = address_of(cases[i].address, &a);
        /* the port is in the same place in both families */
        ((struct sockaddr_in *)&a)->sin_port = htons(cases[i].port);
        assert_int_equal(
            policy_filter(&policy, (const struct sockaddr *)&a, n) != 0,
            cases[i].refused);
    }
}

static void full(void **state)
{
    struct policy policy = {.count = 0};
    (void)state;
    for (int i = 0; i < POLICY_NETWORKS; i++)
        assert_true(policy_add(&policy, "10.0.0.0/8"));
    assert_false(policy_add(&policy, "10.0.0.0/8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks), cmocka_unit_test(lists),
        cmocka_unit_test(filter),   cmocka_unit_test(demo),
        cmocka_unit_test(full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
