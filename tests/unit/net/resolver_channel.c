/* Which servers are asked: a list, or a file that changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/epoll.h>
#include <unistd.h>
#include <s2sprobe.h>

#include "net/resolver_channel.h"
#include "loopback.h"

struct fixture {
    struct resolver_channels channels;
    int set;
    char path[40];
};

static void write_config(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    memcpy(f->path, "/tmp/s2sprobe-resolv-XXXXXX", 28);
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    f->set = epoll_create1(EPOLL_CLOEXEC);
    assert_true(f->set >= 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    resolver_channels_close(&f->channels);
    close(f->set);
    (void)unlink(f->path);
    free(f);
    return 0;
}

static void open_config(struct fixture *f, const char *text)
{
    write_config(f->path, text);
    assert_int_equal(
        resolver_channels_open(&f->channels, NULL, f->path, f->set), S2S_OK);
}

/* The first server, in text. */
static const char *server_of(const struct resolver_channel *c)
{
    static char text[INET6_ADDRSTRLEN];
    struct ares_addr_port_node *list = NULL;
    assert_int_equal(ares_get_servers_ports(c->ares, &list), ARES_SUCCESS);
    assert_non_null(list);
    assert_non_null(inet_ntop(list->family, &list->addr, text, sizeof(text)));
    ares_free_data(list);
    return text;
}

static void local(void **state)
{
    static const struct {
        const char *servers;
        bool local;
    } rows[] = {
        {"127.0.0.1:53", true},
        {"127.255.255.255:53", true},
        {"[::1]:53", true},
        {"[::ffff:127.0.0.9]:53", true},
        {"127.0.0.1:53,[::1]:54", true},
        {"126.255.255.255:53", false},
        {"128.0.0.1:53", false},
        {"[::]:53", false},
        {"[::2]:53", false},
        {"[::ffff:126.0.0.1]:53", false},
        {"[fe80::1]:53", false},
        {"127.0.0.1:53,192.0.2.1:53", false},
        {"192.0.2.1:53,127.0.0.1:53", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(resolver_channels_open(&f->channels, rows[i].servers,
                                                f->path, f->set),
                         S2S_OK);
        if (resolver_channels_pick(&f->channels)->local != rows[i].local)
            fail_msg("%s", rows[i].servers);
        resolver_channels_close(&f->channels);
    }
}

/* A change is noticed with the next question; what was asked before keeps its
 * servers, and what it knows of them. */
static void changed(void **state)
{
    struct fixture *f = *state;
    open_config(f, "nameserver 127.0.0.9\n");
    struct resolver_channel *old = resolver_channels_pick(&f->channels);
    assert_string_equal(server_of(old), "127.0.0.9");
    assert_true(old->local);
    assert_ptr_equal(resolver_channels_pick(&f->channels), old);
    old->running = 1;
    write_config(f->path, "nameserver 192.0.2.123\n");
    struct resolver_channel *fresh = resolver_channels_pick(&f->channels);
    assert_ptr_not_equal(fresh, old);
    assert_string_equal(server_of(fresh), "192.0.2.123");
    assert_false(fresh->local);
    assert_string_equal(server_of(old), "127.0.0.9");
    assert_true(old->local);
    assert_ptr_equal(resolver_channels_pick(&f->channels), fresh);
}

static void replaced(void **state)
{
    struct fixture *f = *state;
    char other[48];
    open_config(f, "nameserver 127.0.0.8\n");
    (void)snprintf(other, sizeof(other), "%s.new", f->path);
    write_config(other, "nameserver 127.0.0.9\n"); /* the same size */
    assert_int_equal(rename(other, f->path), 0);
    assert_string_equal(server_of(resolver_channels_pick(&f->channels)),
                        "127.0.0.9");
}

/* Without the file it is the server on this machine, as ever. */
static void missing(void **state)
{
    struct fixture *f = *state;
    open_config(f, "nameserver 192.0.2.1\n");
    assert_int_equal(unlink(f->path), 0);
    struct resolver_channel *c = resolver_channels_pick(&f->channels);
    assert_string_equal(server_of(c), "127.0.0.1");
    assert_true(c->local);
    assert_ptr_equal(resolver_channels_pick(&f->channels), c);
    write_config(f->path, "nameserver 192.0.2.1\n");
    assert_string_equal(server_of(resolver_channels_pick(&f->channels)),
                        "192.0.2.1");
}

/* With a list the file does not count. */
static void listed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        resolver_channels_open(&f->channels, "127.0.0.1:53", f->path, f->set),
        S2S_OK);
    struct resolver_channel *c = resolver_channels_pick(&f->channels);
    c->running = 1;
    write_config(f->path, "nameserver 192.0.2.1\n");
    assert_ptr_equal(resolver_channels_pick(&f->channels), c);
    assert_string_equal(server_of(c), "127.0.0.1");
}

/* When something runs on all of them, the last one goes on. */
static void all_busy(void **state)
{
    struct fixture *f = *state;
    open_config(f, "nameserver 127.0.0.1\n");
    for (int i = 0; i < RESOLVER_CHANNELS; i++) {
        struct resolver_channel *c = resolver_channels_pick(&f->channels);
        assert_int_equal(c->asked, 0);
        c->asked = 1000;
        c->running = 1;
    }
    struct resolver_channel *last = resolver_channels_pick(&f->channels);
    assert_int_equal(last->asked, 1000);
    write_config(f->path, "nameserver 192.0.2.1\n");
    assert_ptr_equal(resolver_channels_pick(&f->channels), last);
    assert_string_equal(server_of(last), "127.0.0.1");
    f->channels.list[1].running = 0;
    struct resolver_channel *c = resolver_channels_pick(&f->channels);
    assert_ptr_equal(c, &f->channels.list[1]);
    assert_int_equal(c->asked, 0);
    assert_string_equal(server_of(c), "192.0.2.1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(local),   TEST(changed), TEST(replaced),
        TEST(missing), TEST(listed),  TEST(all_busy),
    };
    return cmocka_run_group_tests_name("net/resolver_channel", tests, NULL,
                                       NULL);
}
