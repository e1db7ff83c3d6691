/*
 * What each element means in each state, as a table: the peers' scripts play
 * the ways that are gone, this is every other way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

/* ---- What comes there ---- */

#define ANSWER(id)                                                             \
    "<db:verify from='" THEIRS "' to='" OURS "' id='" id "' type='invalid'/>"
#define ERROR(condition)                                                       \
    "<stream:error><" condition                                                \
    " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"

static const struct {
    const char *name;
    const char *text; /* NULL: the end of the connection */
} inputs[] = {
    {"features", FEATURES("")},
    {"features with STARTTLS", FEATURES(STARTTLS DIALBACK)},
    {"error", ERROR("conflict")},
    {"proceed", "<proceed xmlns='" TLS "'/>"},
    {"failure", "<failure xmlns='" TLS "'/>"},
    {"other's proceed", "<proceed/>"},
    {"answer", ANSWER("7")},
    {"other answer", ANSWER("8")},
    {"stanza", "<message/>"},
    {"end tag", "</stream:stream>"},
    {"end", NULL},
    {"bad XML", "<a></b>"},
    {"comment", "<!-- -->"},
    {"white space", " \n"},
};
#define INPUTS COUNT(inputs)

/* How it went on: the error's name, or "ok" at the end, or what is to be done
 * next; with the codes of the findings that were added. */
static void describe(struct world *w, size_t known, char *out, size_t size)
{
    char said[1024];
    unsigned wants = initiator_engine.wants(w->i);
    const s2s_result *r = w->result;
    send_all(w, said, sizeof(said));
    bool ended = initiator_engine.wants(w->i) == ENGINE_DONE;
    const char *what = "read";
    if (r->error != S2S_OK)
        what = error_code_name(r->error);
    else if (ended)
        what = "ok";
    else if (wants == ENGINE_TLS)
        what = "tls";
    else if (strncmp(said, "<starttls ", 10) == 0)
        what = "starttls";
    else if (strncmp(said, "<db:verify ", 11) == 0)
        what = "verify";
    else
        assert_int_equal(wants, ENGINE_READ);
    assert_int_equal(ended, r->error != S2S_OK || strcmp(what, "ok") == 0);
    size_t used = (size_t)snprintf(out, size, "%s", what);
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next)
        if (known > 0)
            known--;
        else
            used += (size_t)snprintf(out + used, size - used, " +%s",
                                     finding_info(f->id)->code);
    assert_true(used < size);
}

#define IGNORED "read +unknown_element"
#define NO_ID   "stream_header +no_stream_id"
#define PIPED   " +pipelined"
/* In the order of the inputs. Nobody has to answer for what comes in place of
 * a header but the tokenizer. */
static const char *const wanted[PLACES][INPUTS] = {
    [IN_HEADER] = {"xml", "xml", "xml", "not_xmpp", "not_xmpp", "not_xmpp",
                   "xml", "xml", "not_xmpp", "not_xmpp", "closed", "not_xmpp",
                   "xml_forbidden", "read"},
    [IN_FEATURES] = {"starttls", "starttls", "stream_error +conflict",
                     "features", "features", "features", "features", "features",
                     "features", "features", "closed", "xml", "xml_forbidden",
                     "read"},
    [IN_FEATURES_CLEAR] = {"ok", "ok", "stream_error +conflict", "features",
                           "features", "features", "features", "features",
                           "features", "features", "closed", "xml",
                           "xml_forbidden", "read"},
    [IN_PROCEED] = {"protocol", "protocol", "stream_error +conflict", "tls",
                    "tls_refused +tls_refused", "protocol", "protocol",
                    "protocol", "protocol", "closed", "closed", "xml",
                    "xml_forbidden", "read"},
    [IN_PROCEED_UNASKED] = {"protocol", "protocol",
                            "tls_not_offered +conflict +tls_not_offered", "tls",
                            "tls_not_offered +tls_not_offered", "protocol",
                            "protocol", "protocol", "protocol",
                            "tls_not_offered +tls_not_offered",
                            "tls_not_offered +tls_not_offered", "xml",
                            "xml_forbidden", "read"},
    [IN_PIPE_HEADER] = {"xml", "xml", "xml", "not_xmpp", "not_xmpp", "not_xmpp",
                        "xml", "xml", "not_xmpp", "not_xmpp", "closed" PIPED,
                        "not_xmpp", "xml_forbidden", "read"},
    [IN_PIPE_FEATURES] = {"read", "read", "stream_error +conflict", "tls",
                          "tls_refused" PIPED, "features" PIPED,
                          "features" PIPED, "features" PIPED, "features" PIPED,
                          "features" PIPED, "closed" PIPED, "xml",
                          "xml_forbidden", "read"},
    [IN_PIPE_PROCEED] = {"protocol" PIPED, "protocol" PIPED,
                         "stream_error +conflict", "tls",
                         "tls_refused +tls_refused" PIPED, "protocol" PIPED,
                         "protocol" PIPED, "protocol" PIPED, "protocol" PIPED,
                         "closed" PIPED, "closed" PIPED, "xml", "xml_forbidden",
                         "read"},
    [IN_PIPE_UNASKED] = {"protocol" PIPED, "protocol" PIPED,
                         "tls_not_offered +conflict +tls_not_offered", "tls",
                         "tls_not_offered +tls_not_offered", "protocol" PIPED,
                         "protocol" PIPED, "protocol" PIPED, "protocol" PIPED,
                         "tls_not_offered +tls_not_offered",
                         "tls_not_offered +tls_not_offered", "xml",
                         "xml_forbidden", "read"},
    [IN_PIPE_VERDICT] = {NO_ID, NO_ID, "stream_error +conflict", NO_ID, NO_ID,
                         NO_ID, NO_ID, NO_ID, NO_ID, NO_ID, NO_ID, NO_ID, NO_ID,
                         "read"},
    [IN_HEADER_SECURE] = {"xml", "xml", "xml", "not_xmpp", "not_xmpp",
                          "not_xmpp", "xml", "xml", "not_xmpp", "not_xmpp",
                          "closed", "not_xmpp", "xml_forbidden", "read"},
    [IN_FEATURES_SECURE] = {"ok +no_authentication", "ok +starttls_inside_tls",
                            "stream_error +conflict", IGNORED, IGNORED, IGNORED,
                            IGNORED, IGNORED, IGNORED, "features", "closed",
                            "xml", "xml_forbidden", "read"},
    [IN_FEATURES_PING] = {"verify +no_authentication",
                          "verify +starttls_inside_tls",
                          "stream_error +conflict", IGNORED, IGNORED, IGNORED,
                          IGNORED, IGNORED, IGNORED, "features", "closed",
                          "xml", "xml_forbidden", "read"},
    [IN_FEATURES_SUSPECT] = {"cert_name +no_authentication",
                             "cert_name +starttls_inside_tls",
                             "cert_name +conflict", IGNORED, IGNORED, IGNORED,
                             IGNORED, IGNORED, IGNORED, "cert_name",
                             "cert_name", "cert_name", "cert_name", "read"},
    [IN_ASKED] = {IGNORED, IGNORED, "stream_error +conflict", IGNORED, IGNORED,
                  IGNORED, "ok +ping_proves_little", IGNORED, IGNORED, "closed",
                  "closed", "xml", "xml_forbidden", "read"},
    [IN_ASKED_CLEAR] = {IGNORED, IGNORED, "stream_error +conflict", IGNORED,
                        IGNORED, IGNORED, "ok +ping_proves_little", IGNORED,
                        IGNORED, "closed", "closed", "xml", "xml_forbidden",
                        "read"},
    [IN_VERDICT] = {NO_ID, NO_ID, "stream_error +conflict", NO_ID, NO_ID, NO_ID,
                    NO_ID, NO_ID, NO_ID, NO_ID, NO_ID, NO_ID, NO_ID, "read"},
    [IN_CLOSING] = {"timeout", "timeout", "timeout", "timeout", "timeout",
                    "timeout", "timeout", "timeout", "timeout", "timeout",
                    "timeout", "timeout", "timeout", "timeout"},
};

static void every_way(void **state)
{
    char is[256];
    (void)state;
    for (int p = 0; p < PLACES; p++) {
        for (size_t n = 0; n < INPUTS; n++) {
            struct world w;
            go_to(&w, (enum place)p);
            size_t known = w.result->finding_count;
            if (inputs[n].text != NULL)
                hear(&w, inputs[n].text);
            else
                initiator_engine.ended(w.i);
            describe(&w, known, is, sizeof(is));
            if (strcmp(is, wanted[p][n]) != 0)
                fail_msg("%s, %s: %s, not %s", places[p].name, inputs[n].name,
                         is, wanted[p][n]);
            close_world(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way),
    };
    return cmocka_run_group_tests_name("xmpp/initiator_elements", tests, NULL,
                                       NULL);
}
