/* What the rows of a check say together. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "probe/check_state.h"

#define TEXT 400

static bool is_endpoint(const struct result_row *row)
{
    return strcmp(row->kind, "endpoint") == 0;
}

static bool has_tls(const struct result_row *row)
{
    return is_endpoint(row) && row->result != NULL &&
           row->result->tls.established;
}

static bool is_good(const struct result_row *row)
{
    return row->result != NULL && row->result->error == S2S_OK;
}

/* ---- Findings of the rows --------------------------------------------- */

/* A verification is asked for whatever it proves; what a peer makes of a time
 * query is no fault. */
static bool counts(const struct result_row *row, enum finding id)
{
    return id != FINDING_PING_PROVES_LITTLE && strcmp(row->kind, "time") != 0;
}

/* An endpoint that is gone to once more is the same endpoint. */
static bool is_again(const struct result_row *row, const struct result_row *of)
{
    return row->port != 0 && row->port == of->port &&
           row->direct == of->direct && row->target == of->target &&
           row->address == of->address;
}

static size_t number_of(const s2s_result *r, const struct result_row *row)
{
    size_t number = 1;
    for (const struct result_row *i = r->rows; i != row && !is_again(row, i);
         i = i->next)
        number++;
    return number;
}

static const struct result_finding *findings_of(const struct result_row *row)
{
    return row->result != NULL ? row->result->findings : NULL;
}

static bool has_found(const struct result_row *row,
                      const struct result_finding *what)
{
    const struct result_finding *f = findings_of(row);
    while (f != NULL && (f->id != what->id || strcmp(f->seen, what->seen) != 0))
        f = f->next;
    return f != NULL;
}

/* Where the ping got to, is that this endpoint? */
static bool is_there(const s2s_result *ping, const struct result_row *row)
{
    bool direct =
        ping->tls.mode != NULL && strcmp(ping->tls.mode, "direct") == 0;
    return is_endpoint(row) && row->port == ping->port &&
           row->direct == direct && row->address != NULL &&
           ping->address != NULL && strcmp(row->address, ping->address) == 0;
}

/* What the endpoint has shown already is the endpoint's. */
static bool is_known(const s2s_result *r, const struct result_row *row,
                     const struct result_finding *f)
{
    if (strcmp(row->kind, "ping") != 0)
        return false;
    const struct result_row *i = r->rows;
    while (i != row && !(is_there(row->result, i) && has_found(i, f)))
        i = i->next;
    return i != row;
}

static void merge(s2s_result *r)
{
    for (const struct result_row *row = r->rows; row != NULL; row = row->next) {
        size_t number = number_of(r, row);
        for (const struct result_finding *f = findings_of(row); f != NULL;
             f = f->next)
            if (counts(row, f->id) && !is_known(r, row, f))
                result_find_in_row(r, f->id, f->seen, number);
    }
}

/* ---- Between rows ----------------------------------------------------- */

static void compare_outcomes(s2s_result *r)
{
    size_t good = 0, bad = 0;
    for (const struct result_row *row = r->rows; row != NULL; row = row->next) {
        if (!is_endpoint(row))
            continue;
        good += is_good(row) ? 1 : 0;
        bad += is_good(row) ? 0 : 1;
    }
    if (good > 0 && bad > 0) {
        char seen[64];
        (void)snprintf(seen, sizeof(seen), "%zu of %zu do not work", bad,
                       good + bad);
        result_find(r, FINDING_ENDPOINTS_DIFFER, seen);
    }
}

static void compare_certificates(s2s_result *r)
{
    const char *first = NULL;
    for (const struct result_row *row = r->rows; row != NULL; row = row->next) {
        const char *now =
            has_tls(row) ? row->result->tls.certificate.sha256 : NULL;
        if (now != NULL && first != NULL && strcmp(now, first) != 0) {
            result_find(r, FINDING_CERTIFICATES_DIFFER, NULL);
            return;
        }
        first = first != NULL ? first : now;
    }
}

/* "SASL-EXTERNAL DIALBACK": STARTTLS belongs to the way there. */
static void list_features(const struct result_row *row, char *out, size_t size)
{
    const s2s_result *from = row->result;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < from->union_count && used < size; i++) {
        if (strcmp(from->union_labels[i], "STARTTLS") == 0)
            continue;
        int n = snprintf(out + used, size - used, "%s%.40s",
                         used > 0 ? " " : "", from->union_labels[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void tell_features(s2s_result *r, const struct result_row *row,
                          const char *list, const char *other)
{
    char seen[TEXT];
    int n =
        snprintf(seen, sizeof(seen), "%.100s port %u: %.120s; others: %.120s",
                 row->target, row->port, list[0] != '\0' ? list : "none",
                 other[0] != '\0' ? other : "none");
    if (n > 0)
        result_find(r, FINDING_FEATURES_DIFFER,
                    result_untrusted(r, seen, strlen(seen)));
}

static void compare_features(s2s_result *r)
{
    char first[TEXT] = "", now[TEXT];
    bool any = false;
    for (const struct result_row *row = r->rows; row != NULL; row = row->next) {
        if (!has_tls(row) || !is_good(row))
            continue;
        list_features(row, any ? now : first, TEXT);
        if (any && strcmp(first, now) != 0)
            tell_features(r, row, now, first);
        any = true;
    }
}

/* ---- What is missing -------------------------------------------------- */

struct seen {
    bool any, known, direct, four, six, dane;
};

/* A target that has an address; of another one nothing else is known. */
static bool is_known_place(const struct result_row *row)
{
    int error = row->result != NULL ? row->result->error : row->error;
    return row->address != NULL || error != S2S_EDNS;
}

static struct seen look(const s2s_result *r)
{
    struct seen s = {.any = false};
    for (const struct result_row *row = r->rows; row != NULL; row = row->next) {
        if (!is_endpoint(row))
            continue;
        s.any = true;
        s.known = s.known || is_known_place(row);
        s.direct = s.direct || row->direct;
        if (row->address != NULL && strchr(row->address, ':') != NULL)
            s.six = true;
        else if (row->address != NULL)
            s.four = true;
        if (row->result != NULL && row->result->tlsa.verdict > RESULT_DANE_NONE)
            s.dane = true;
    }
    return s;
}

static void find_missing(const struct check *c)
{
    s2s_result *r = c->probe->result;
    struct seen s = look(r);
    if (c->limited || c->probe->more_endpoints)
        result_find(r, FINDING_CHECK_LIMITED, NULL);
    if (c->probe->discovery == NULL || !s.any)
        return;
    if (s.known && !s.direct)
        result_find(r, FINDING_NO_DIRECT_TLS, NULL);
    if (s.four && !s.six)
        result_find(r, FINDING_NO_IPV6, NULL);
    if (s.six && !s.four)
        result_find(r, FINDING_NO_IPV4, NULL);
    if (c->probe->from_srv && !r->dns.secure)
        result_find(r, FINDING_NO_DNSSEC, NULL);
    if (c->probe->from_srv && r->dns.secure && s.known && !s.dane)
        result_find(r, FINDING_NO_DANE, NULL);
}

static void find_versions(const struct check *c)
{
    s2s_result *r = c->probe->result;
    size_t number = 1;
    for (const struct result_row *row = r->rows; row != NULL;
         row = row->next, number++) {
        if (!has_tls(row) || !c->second)
            continue;
        if (!row->tls13)
            result_find_in_row(r, FINDING_NO_TLS_1_3, NULL, number);
        else if (row->no_tls12)
            result_find_in_row(r, FINDING_NO_TLS_1_2, NULL, number);
    }
}

/* ---- The outcome ------------------------------------------------------ */

static bool is_forbidden(const struct result_row *row)
{
    return row->result == NULL && row->error == S2S_EADDRESS_FORBIDDEN;
}

/* How much the outcome of an endpoint says of the domain. */
static int weight(const struct result_row *row)
{
    if (is_good(row))
        return 3;
    return row->result != NULL ? 2 : !is_forbidden(row) ? 1 : 0;
}

/* The endpoint whose outcome is the check's: one that works, one that was
 * tried, one that has no address; the first of those. NULL: there is none. */
static const struct result_row *decisive(const s2s_result *r)
{
    const struct result_row *first = NULL;
    for (const struct result_row *row = r->rows; row != NULL; row = row->next) {
        if (!is_endpoint(row))
            continue;
        if (first == NULL || weight(row) > weight(first))
            first = row;
    }
    return first;
}

static void settle(s2s_result *r)
{
    const struct result_row *first = decisive(r);
    if (first == NULL)
        result_fail(r, S2S_ETIMEOUT,
                    "the deadline passed before an address "
                    "was known");
    else if (is_good(first))
        return;
    else if (first->result != NULL)
        result_fail(r, first->result->error, "%s", first->result->message);
    else if (is_forbidden(first))
        result_fail(r, first->error, "%s", error_text(first->error));
    else
        result_fail(r, first->error, "%.200s: %s", first->target,
                    error_text(first->error));
}

void check_compare(struct check *c)
{
    s2s_result *r = c->probe->result;
    merge(r);
    compare_outcomes(r);
    compare_certificates(r);
    compare_features(r);
    find_versions(c);
    find_missing(c);
    settle(r);
    result_sort_findings(r);
}
