#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "net/address.h"
#include "net/order.h"

/* Lists of addresses, as added and as written. */
static void orders(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"192.0.2.1", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"192.0.2.1 2001:db8::1", "2001:db8::1 192.0.2.1"},
        {"192.0.2.1 192.0.2.2 2001:db8::1", "2001:db8::1 192.0.2.1 192.0.2.2"},
        {"2001:db8::1 2001:db8::2 2001:db8::3 192.0.2.1",
         "2001:db8::1 192.0.2.1 2001:db8::2 2001:db8::3"},
        {"192.0.2.2 2001:db8::2 192.0.2.1 2001:db8::1",
         "2001:db8::2 192.0.2.2 2001:db8::1 192.0.2.1"},
        {"192.0.2.1 192.0.2.1 ::1 ::1 192.0.2.1", "::1 192.0.2.1"},
        {"nonsense 192.0.2.1", "192.0.2.1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct order o = {0};
        struct resolver_address out[RESOLVER_ADDRESSES];
        char copy[256], joined[256] = "", *rest = NULL;
        (void)snprintf(copy, sizeof(copy), "%s", rows[i].in);
        for (char *t = strtok_r(copy, " ", &rest); t != NULL;
             t = strtok_r(NULL, " ", &rest))
            assert_int_equal(order_add_literal(&o, t), t[0] != 'n');
        order_write(&o, 5269, out);
        for (size_t k = 0; k < order_count(&o); k++) {
            char text[ADDRESS_TEXT];
            size_t used = strlen(joined);
            address_format((struct sockaddr *)&out[k].address, out[k].length,
                           text);
            (void)snprintf(joined + used, sizeof(joined) - used, "%s%s",
                           k > 0 ? " " : "", text);
        }
        assert_string_equal(joined, rows[i].out);
    }
}

static void add_many(struct order *o, const char *prefix, int count)
{
    for (int i = 0; i < count; i++) {
        char text[ADDRESS_TEXT];
        (void)snprintf(text, sizeof(text), "%s%d", prefix, i);
        assert_true(order_add_literal(o, text));
    }
}

static int family(const struct resolver_address *a)
{
    return a->address.ss_family;
}

/* Never more than there is room for, and a family that has more than its
 * share fills what the other leaves. */
static void bounded(void **state)
{
    struct resolver_address out[RESOLVER_ADDRESSES + 1];
    struct order o = {0};
    (void)state;
    memset(out, 0x5a, sizeof(out));
    add_many(&o, "2001:db8::", 40);
    add_many(&o, "192.0.2.", 40);
    assert_int_equal(order_count(&o), RESOLVER_ADDRESSES);
    order_write(&o, 1, out);
    for (size_t i = 0; i < RESOLVER_ADDRESSES; i++)
        assert_int_equal(family(&out[i]), i % 2 == 0 ? AF_INET6 : AF_INET);
    assert_int_equal(((uint8_t *)&out[RESOLVER_ADDRESSES])[0], 0x5a);

    o = (struct order){0};
    add_many(&o, "2001:db8::", 1);
    add_many(&o, "192.0.2.", 40);
    assert_int_equal(order_count(&o), RESOLVER_ADDRESSES);
    order_write(&o, 1, out);
    for (size_t i = 0; i < RESOLVER_ADDRESSES; i++)
        assert_int_equal(family(&out[i]), i == 0 ? AF_INET6 : AF_INET);
}

static void port_and_rest(void **state)
{
    struct resolver_address out[RESOLVER_ADDRESSES];
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct order o = {0};
    (void)state;
    order_add(&o, &other, sizeof(other));
    assert_int_equal(order_count(&o), 0);
    assert_true(order_add_localhost(&o, "localhost"));
    order_write(&o, 5269, out);
    assert_int_equal(out[0].length, sizeof(six));
    assert_int_equal(out[1].length, sizeof(four));
    memcpy(&six, &out[0].address, sizeof(six));
    memcpy(&four, &out[1].address, sizeof(four));
    assert_int_equal(ntohs(six.sin6_port), 5269);
    assert_int_equal(ntohs(four.sin_port), 5269);
    order_add(&o, (struct sockaddr *)&four, sizeof(four) - 1); /* too short */
    assert_int_equal(order_count(&o), 2);
}

static void localhost(void **state)
{
    static const struct {
        const char *host;
        int is;
    } rows[] = {
        {"localhost", 1},
        {"LocalHost", 1},
        {"localhost.", 1},
        {"a.localhost", 1},
        {"a.b.localhost.", 1},
        {"alocalhost", 0},
        {"localhost.a", 0},
        {"", 0},
        {".", 0},
        {"ocalhost", 0},
        {"localhost..", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct order o = {0};
        assert_int_equal(order_add_localhost(&o, rows[i].host), rows[i].is);
        assert_int_equal(order_count(&o), rows[i].is ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders),
        cmocka_unit_test(bounded),
        cmocka_unit_test(port_and_rest),
        cmocka_unit_test(localhost),
    };
    return cmocka_run_group_tests_name("net/order", tests, NULL, NULL);
}
