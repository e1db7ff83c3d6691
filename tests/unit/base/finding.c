#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <s2sprobe.h>

#include "base/finding.h"

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list != NULL && strcmp(text, *list) != 0)
        list++;
    return *list != NULL;
}

/* A row that is missing or wrong in any way. */
static void complete(void **state)
{
    static const char *const faults[] = {"peer", "us", "network", "none", NULL};
    (void)state;
    for (int id = 0; id < FINDING_COUNT; id++) {
        const struct finding_info *f = finding_info((enum finding)id);
        assert_non_null(f->code);
        assert_true(f->code[0] >= 'a' && f->code[0] <= 'z');
        assert_int_equal(
            strspn(f->code, "abcdefghijklmnopqrstuvwxyz0123456789_"),
            strlen(f->code));
        assert_true(is_one_of(f->fault, faults));
        assert_in_range(f->severity, S2S_SEVERITY_INFO, S2S_SEVERITY_ERROR);
        size_t length = strlen(f->advice);
        assert_true(length > 10 && f->advice[length - 1] == '.');
        assert_null(strstr(f->advice, "  "));
        for (int other = 0; other < id; other++)
            assert_string_not_equal(finding_info((enum finding)other)->code,
                                    f->code);
    }
}

static void rows(void **state)
{
    static const struct {
        enum finding id;
        const char *code, *fault;
        int severity;
    } known[] = {
        {FINDING_DNS_FAILED, "dns_failed", "peer", S2S_SEVERITY_ERROR},
        {FINDING_ADDRESS_UNREACHABLE, "address_unreachable", "peer",
         S2S_SEVERITY_WARNING},
        {FINDING_ADDRESS_FORBIDDEN, "address_forbidden", "us",
         S2S_SEVERITY_INFO},
        {FINDING_TLS_INJECTION, "tls_injection", "network", S2S_SEVERITY_ERROR},
        {FINDING_TIMEOUT, "timeout", "none", S2S_SEVERITY_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct finding_info *f = finding_info(known[i].id);
        assert_string_equal(f->code, known[i].code);
        assert_string_equal(f->fault, known[i].fault);
        assert_int_equal(f->severity, known[i].severity);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complete),
        cmocka_unit_test(rows),
    };
    return cmocka_run_group_tests_name("base/finding", tests, NULL, NULL);
}
