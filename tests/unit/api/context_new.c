/* Why no context could be made: the error, and a line in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <s2sprobe.h>

static const char *const bad_servers[] = {"192.0.2.1:0", NULL};
static const s2s_limits low = {.size = sizeof(low), .depth = 1};
static const s2s_limits sizeless = {.depth = 8};
static const s2s_identity half = {
    .size = sizeof(half), .domain = "us.example", .key_file = "/dev/null"};
static const s2s_identity unreadable = {.size = sizeof(unreadable),
                                        .domain = "us.example",
                                        .certificate_file = "/nonexistent/c",
                                        .key_file = "/nonexistent/k"};
static const s2s_identity *const halves[] = {&half, NULL};
static const s2s_identity *const unreadables[] = {&unreadable, NULL};

static const struct {
    s2s_context_options options;
    int error;
    const char *line; /* NULL: none */
} cases[] = {
    {{.ca_file = "/nonexistent/ca.pem"},
     S2S_EINVALID_ARGUMENT,
     "ca_file: cannot read /nonexistent/ca.pem"},
    {{.ca_file = "/"}, S2S_EINVALID_ARGUMENT, "ca_file: cannot read /"},
    {{.ca_file = "/dev/null"},
     S2S_EINVALID_ARGUMENT,
     "ca_file: no certificates in /dev/null"},
    {{.dns_servers = bad_servers},
     S2S_EINVALID_ARGUMENT,
     "dns_servers: \"192.0.2.1:0\" is not ADDR[:PORT]"},
    {{.identities = halves},
     S2S_EINVALID_ARGUMENT,
     "identities.0.certificate_file: certificate_file and key_file belong "
     "together"},
    {{.identities = unreadables},
     S2S_EINVALID_ARGUMENT,
     "identities.0.certificate_file: cannot read /nonexistent/c"},
    {{.limits = &low},
     S2S_EINVALID_ARGUMENT,
     "limits.depth: 1 is not within 4 to 10000"},
    {{.log_level = UINT32_MAX},
     S2S_EINVALID_ARGUMENT,
     "log_level: no such level"},
    {{.limits = &sizeless},
     S2S_EABI,
     "a structure has a size or members unknown here"},
    {{.size = 1}, S2S_EABI, NULL}, /* where its log is, nobody knows */
};

struct heard {
    int lines;
    char text[256];
};

static void hear(void *user, int level, const char *area, const char *line)
{
    struct heard *h = user;
    assert_int_equal(level, S2S_LOG_ERROR);
    assert_string_equal(area, "context");
    h->lines++;
    snprintf(h->text, sizeof(h->text), "%s", line);
}

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct heard h = {0};
        s2s_context_options o = cases[i].options;
        s2s_context *c = NULL;
        o.size = o.size != 0 ? o.size : sizeof(o);
        o.log = hear;
        o.log_user = &h;
        assert_int_equal(s2s_context_new(&o, &c), cases[i].error);
        assert_null(c);
        assert_int_equal(h.lines, cases[i].line != NULL);
        if (cases[i].line != NULL)
            assert_string_equal(h.text, cases[i].line);
        o.log = NULL; /* without one it is the same */
        assert_int_equal(s2s_context_new(&o, &c), cases[i].error);
    }
    assert_int_equal(s2s_context_new(NULL, NULL), S2S_EINVALID_ARGUMENT);
}

static void made(void **state)
{
    struct heard h = {0};
    const s2s_context_options o = {
        .size = sizeof(o), .log = hear, .log_user = &h};
    s2s_context *c = NULL;
    (void)state;
    assert_int_equal(s2s_context_new(&o, &c), S2S_OK);
    s2s_context_free(c);
    assert_int_equal(h.lines, 0);
}

/* Two that share do not care who goes first, and a third may join. */
static void shared(void **state)
{
    s2s_context *a, *b, *c;
    s2s_context_options o = {.size = sizeof(o)};
    (void)state;
    for (int first = 0; first < 2; first++) {
        o.share = NULL;
        assert_int_equal(s2s_context_new(&o, &a), S2S_OK);
        o.share = a;
        assert_int_equal(s2s_context_new(&o, &b), S2S_OK);
        s2s_context_free(first == 0 ? a : NULL);
        o.share = b;
        assert_int_equal(s2s_context_new(&o, &c), S2S_OK);
        s2s_context_free(b);
        s2s_context_free(first == 0 ? NULL : a);
        s2s_context_free(c);
    }
}

static void share_refused(void **state)
{
    static const char ours[] = "/proc/self/cwd/ca.pem";
    struct heard h = {0};
    s2s_context *system, *other = NULL;
    s2s_context_options o = {.size = sizeof(o), .log = hear, .log_user = &h};
    (void)state;
    assert_int_equal(s2s_context_new(NULL, &system), S2S_OK);
    o.share = system;
    o.ca_file = ours; /* not even looked at */
    assert_int_equal(s2s_context_new(&o, &other), S2S_EINVALID_ARGUMENT);
    assert_null(other);
    assert_string_equal(h.text, "share: another ca_file");
    s2s_context_free(system);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(made),
        cmocka_unit_test(shared),
        cmocka_unit_test(share_refused),
    };
    return cmocka_run_group_tests_name("api/context_new", tests, NULL, NULL);
}
