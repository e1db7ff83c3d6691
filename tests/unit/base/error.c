#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Stable for ever: names and values both. */
static const struct {
    int error;
    int value;
    const char *name;
} codes[] = {
    {S2S_OK, 0, "ok"},
    {S2S_EINVALID_ARGUMENT, -1, "invalid_argument"},
    {S2S_ENO_MEMORY, -2, "no_memory"},
    {S2S_EABI, -3, "abi"},
    {S2S_EBUSY, -4, "busy"},
    {S2S_EINTERNAL, -5, "internal"},
    {S2S_ECANCELLED, -6, "cancelled"},
    {S2S_ETIMEOUT, -7, "timeout"},
    {S2S_EADDRESS_FORBIDDEN, -8, "address_forbidden"},
    {S2S_EPOLICY, -9, "policy"},
    {S2S_EDNS, -20, "dns"},
    {S2S_ECONNECT, -21, "connect"},
    {S2S_ECLOSED, -22, "closed"},
    {S2S_ENOT_XMPP, -23, "not_xmpp"},
    {S2S_EXML, -24, "xml"},
    {S2S_EXML_FORBIDDEN, -25, "xml_forbidden"},
    {S2S_EENCODING, -26, "encoding"},
    {S2S_ENAMESPACE, -27, "namespace"},
    {S2S_ESTREAM_HEADER, -28, "stream_header"},
    {S2S_EPROTOCOL, -29, "protocol"},
    {S2S_ELIMIT, -30, "limit"},
    {S2S_ETLS_HANDSHAKE, -31, "tls_handshake"},
    {S2S_ETLS_INJECTION, -32, "tls_injection"},
    {S2S_ESTREAM_ERROR, -40, "stream_error"},
    {S2S_EREDIRECT, -41, "redirect"},
    {S2S_ETLS_NOT_OFFERED, -42, "tls_not_offered"},
    {S2S_ETLS_REFUSED, -43, "tls_refused"},
    {S2S_ECERT_UNTRUSTED, -44, "cert_untrusted"},
    {S2S_ECERT_EXPIRED, -45, "cert_expired"},
    {S2S_ECERT_NAME, -46, "cert_name"},
    {S2S_EAUTH_FAILED, -47, "auth_failed"},
    {S2S_EAUTH_ABORTED, -48, "auth_aborted"},
    {S2S_EDIALBACK_FAILED, -49, "dialback_failed"},
    {S2S_EREMOTE_ERROR, -50, "remote_error"},
    {S2S_ENO_RETURN_PATH, -51, "no_return_path"},
    {S2S_EFEATURES, -52, "features"},
    {S2S_EVERSION, -53, "version"},
};

static bool is_line(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && strchr(text, '\n') == NULL && text[length - 1] != '.';
}

static void names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_int_equal(codes[i].error, codes[i].value);
        assert_string_equal(error_code_name(codes[i].error), codes[i].name);
        assert_true(error_known(codes[i].error));
        assert_true(is_line(error_text(codes[i].error)));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(codes[i].name, codes[k].name);
            assert_string_not_equal(error_text(codes[i].error),
                                    error_text(codes[k].error));
        }
    }
}

static bool in_table(int error)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i].error == error)
            return true;
    return false;
}

/* Every other value down to the callbacks' own, and some above 0. */
static void unknown(void **state)
{
    (void)state;
    for (int e = 200; e > S2S_CALLBACK_ERROR; e--) {
        if (in_table(e))
            continue;
        assert_string_equal(error_code_name(e), "unknown");
        assert_string_equal(error_text(e), "unknown error");
        assert_false(error_known(e));
    }
    assert_string_equal(error_code_name(INT32_MAX), "unknown");
}

static void of_callbacks(void **state)
{
    static const int rows[] = {S2S_CALLBACK_ERROR, S2S_CALLBACK_ERROR - 1,
                               -123456, INT32_MIN};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(error_code_name(rows[i]), "callback");
        assert_true(is_line(error_text(rows[i])));
        assert_string_not_equal(error_text(rows[i]), "unknown error");
        assert_true(error_known(rows[i]));
    }
}

static void stages(void **state)
{
    static const struct {
        int stage;
        const char *name;
    } rows[] = {
        {S2S_STAGE_NONE, "none"},
        {S2S_STAGE_QUEUE, "queue"},
        {S2S_STAGE_DNS, "dns"},
        {S2S_STAGE_TCP, "tcp"},
        {S2S_STAGE_STREAM, "stream"},
        {S2S_STAGE_STARTTLS, "starttls"},
        {S2S_STAGE_TLS, "tls"},
        {S2S_STAGE_FEATURES, "features"},
        {S2S_STAGE_AUTH, "auth"},
        {S2S_STAGE_PING, "ping"},
        {S2S_STAGE_DONE, "done"},
        {-1, "none"},
        {1, "none"},
        {INT32_MAX, "none"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(error_stage_name(rows[i].stage), rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(unknown),
        cmocka_unit_test(of_callbacks),
        cmocka_unit_test(stages),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
