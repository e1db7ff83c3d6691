#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/un.h>

#include "net/address.h"

static bool judge(const char *text)
{
    struct sockaddr_storage a;
    socklen_t length = address_parse(text, 5269, &a);
    if (length == 0)
        fail_msg("no address: %s", text);
    return address_public((struct sockaddr *)&a, length);
}

/* A block by its first and last address, and whether its neighbours are
 * public; NULL where there is none. */
static const struct block {
    const char *before, *first, *last, *after;
    bool before_public, after_public;
} blocks[] = {
    {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0", false, true},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", true, true},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", true,
     true},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", true,
     true},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", true,
     true},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", true,
     true},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", true, true},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", true, true},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", true,
     true},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", true,
     true},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", true,
     true},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", true,
     true},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", true,
     true},
    {"223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", true,
     false},
    {"239.255.255.255", "240.0.0.0", "255.255.255.255", NULL, false, false},

    {NULL, "::", "::ffff:ffff", "::1:0:0", false, false},
    {"::fffe:ffff:ffff", "::ffff:0.0.0.0", "::ffff:0.255.255.255",
     "::ffff:1.0.0.0", false, true},
    {"::ffff:223.255.255.255", "::ffff:224.0.0.0", "::ffff:255.255.255.255",
     "::1:0:0:0", true, false},
    {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::0.0.0.0",
     "64:ff9b::0.255.255.255", "64:ff9b::1.0.0.0", false, true},
    {"64:ff9b::223.255.255.255", "64:ff9b::224.0.0.0",
     "64:ff9b::255.255.255.255", "64:ff9b::1:0:0", true, false},
    {"64:ff9b:0:ffff::", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
     "64:ff9b:2::", false, false},
    {"ff:ffff::", "100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::", false,
     false},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::",
     "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", false, true},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::", true, false},
    {"2001:1:ffff::", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff",
     "2001:2:1::", false, false},
    {"2001:f::", "2001:10::", "2001:1f:ffff::", "2001:20::", false, false},
    {"2001:1f::", "2001:20::", "2001:2f:ffff::", "2001:30::", false, false},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
     "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", true, true},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::",
     "2002:ff:ffff:ffff:ffff:ffff:ffff:ffff", "2002:100::", true, true},
    {"2002:dfff:ffff::1", "2002:e000::", "2002:ffff:ffff::", "2003::", true,
     true},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::",
     "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", true, true},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::",
     "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::", true, false},
    {"5eff:ffff::", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "5f01::", false, false},
    {"fbff::", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "fe00::", false, false},
    {"fe7f::", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "fec0::", false, false},
    {"febf::", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "ff00::", false, false},
    {"feff::", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, false,
     false},
};

static void block_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        const struct block *b = &blocks[i];
        if (judge(b->first) || judge(b->last))
            fail_msg("public: %s or %s", b->first, b->last);
        if (b->before != NULL && judge(b->before) != b->before_public)
            fail_msg("wrong: %s", b->before);
        if (b->after != NULL && judge(b->after) != b->after_public)
            fail_msg("wrong: %s", b->after);
    }
}

/* Every form that holds an IPv4 address is as public as that. */
static void embedded(void **state)
{
    static const struct {
        const char *address;
        bool open; /* whether a public IPv4 address makes it public */
    } forms[] = {
        {"::ffff:%s", true},
        {"64:ff9b::%s", true},
        {"2620:0:1::5efe:%s", true},     /* ISATAP */
        {"2620:0:1::200:5efe:%s", true}, /* with the u bit */
        {"::%s", false},
        {"64:ff9b:1::%s", false},
        {"2001::%s", false},
        {"fe80::5efe:%s", false},
    };
    static const struct {
        const char *address;
        bool open;
    } inner[] = {
        {"8.8.8.8", true},      {"127.0.0.1", false},
        {"10.1.2.3", false},    {"169.254.169.254", false},
        {"192.168.1.1", false}, {"0.0.0.0", false},
        {"224.0.0.1", false},   {"255.255.255.255", false},
        {"9.9.9.9", true},      {"100.64.0.1", false},
    };
    (void)state;
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
            char text[80];
            const char *hole = strchr(forms[f].address, '%');
            (void)snprintf(text, sizeof(text), "%.*s%s",
                           (int)(hole - forms[f].address), forms[f].address,
                           inner[i].address);
            if (judge(text) != (forms[f].open && inner[i].open))
                fail_msg("wrong: %s", text);
        }
    }
}

static void six_to_four(void **state)
{
    (void)state;
    assert_true(judge("2002:808:808::1"));
    assert_false(judge("2002:7f00:1::1"));
    assert_false(judge("2002:a9fe:a9fe::1"));
    assert_false(judge("2002:c0a8:101::1"));
    assert_false(judge("2002:808:808::5efe:127.0.0.1"));
    assert_true(judge("2620::5eff:7f00:1")); /* nearly ISATAP */
    assert_true(judge("2620::100:5efe:7f00:1"));
}

static void other_sockets(void **state)
{
    struct sockaddr_storage a;
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    socklen_t length = address_parse("8.8.8.8", 1, &a);
    char text[ADDRESS_TEXT];
    (void)state;
    assert_true(address_public((struct sockaddr *)&a, length));
    for (socklen_t i = 0; i < length; i++) {
        assert_false(address_public((struct sockaddr *)&a, i));
        address_format((struct sockaddr *)&a, i, text);
        assert_string_equal(text, "");
    }
    length = address_parse("2620::1", 1, &a);
    assert_true(address_public((struct sockaddr *)&a, length));
    for (socklen_t i = 0; i < length; i++)
        assert_false(address_public((struct sockaddr *)&a, i));
    assert_false(address_public((struct sockaddr *)&u, sizeof(u)));
    assert_false(address_public(NULL, 0));
    assert_false(address_public(NULL, sizeof(a)));
}

/* Only what inet_pton() reads: no short forms, octal, zones or brackets. */
static void texts(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"::", "::"},
        {"", NULL},
        {"127.1", NULL},
        {"2130706433", NULL},
        {"0x7f000001", NULL},
        {"0177.0.0.1", NULL},
        {"127.0.0.1 ", NULL},
        {" 127.0.0.1", NULL},
        {"127.0.0.1.", NULL},
        {"127.0.0.256", NULL},
        {"[::1]", NULL},
        {"fe80::1%lo", NULL},
        {"localhost", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage a;
        char text[ADDRESS_TEXT];
        memset(&a, 0x5a, sizeof(a));
        socklen_t length = address_parse(rows[i].in, 5269, &a);
        if (rows[i].out == NULL) {
            assert_int_equal(length, 0);
            assert_int_equal(((uint8_t *)&a)[0], 0x5a); /* left alone */
            continue;
        }
        address_format((struct sockaddr *)&a, length, text);
        assert_string_equal(text, rows[i].out);
    }
}

static void ports(void **state)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_storage a;
    (void)state;
    assert_int_equal(address_parse("127.0.0.1", 5269, &a), sizeof(four));
    memcpy(&four, &a, sizeof(four));
    assert_int_equal(ntohs(four.sin_port), 5269);
    assert_int_equal(address_parse("::1", 65535, &a), sizeof(six));
    memcpy(&six, &a, sizeof(six));
    assert_int_equal(ntohs(six.sin6_port), 65535);
    assert_int_equal(six.sin6_scope_id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_edges), cmocka_unit_test(embedded),
        cmocka_unit_test(six_to_four), cmocka_unit_test(other_sockets),
        cmocka_unit_test(texts),       cmocka_unit_test(ports),
    };
    return cmocka_run_group_tests_name("net/address", tests, NULL, NULL);
}
