#include "pings.h"

#include <stdio.h>
#include <string.h>

#include "value.h"

static const char list[] = "pings";

static bool is_there(const s2s_result *r, size_t i)
{
    return value_item(r, list, i, "answer") != NULL ||
           value_item(r, list, i, "ackMs") != NULL;
}

static int64_t root(int64_t square)
{
    int64_t low = 0, high = 3000000000;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (middle <= square / middle)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void add(struct pings *p, int64_t us, int64_t *sum)
{
    if (p->answered == 0 || us < p->min_us)
        p->min_us = us;
    if (us > p->max_us)
        p->max_us = us;
    *sum += us;
    p->answered++;
}

/* A verification stands in no list. */
static int64_t verification_us(const s2s_result *r)
{
    const char *method = s2s_result_get(r, "pingMethod");
    if (method == NULL || strcmp(method, "dialback-verify") != 0 ||
        s2s_result_get(r, "pingAnswer") == NULL)
        return -1;
    return s2s_result_stage_us(r, S2S_STAGE_PING);
}

static int64_t nth_us(const s2s_result *r, size_t i)
{
    return is_there(r, i) ? value_us(value_item(r, list, i, "ms")) : -1;
}

struct pings pings_count(const s2s_result *r)
{
    struct pings p = {.sent = 0};
    int64_t sum = 0, squares = 0;
    for (; p.sent < VALUE_MAX && is_there(r, p.sent); p.sent++)
        if (nth_us(r, p.sent) >= 0)
            add(&p, nth_us(r, p.sent), &sum);
    if (p.sent == 0 && verification_us(r) >= 0) {
        add(&p, verification_us(r), &sum);
        p.sent = 1;
    }
    if (s2s_result_stage(r) == S2S_STAGE_PING && p.sent == p.answered)
        p.sent++; /* the last one is not told */
    if (p.answered == 0)
        return p;
    p.mean_us = sum / (int64_t)p.answered;
    for (size_t i = 0; i < p.sent && p.answered > 1; i++) {
        int64_t off = nth_us(r, i) - p.mean_us;
        if (nth_us(r, i) >= 0)
            squares += off * off;
    }
    p.deviation_us = root(squares / (int64_t)p.answered);
    return p;
}

static void put_line(struct out *o, const struct line *l)
{
    out_wrapped(o, 2, l->text);
    out_newline(o);
}

static void put_ping(struct out *o, const char *domain, const s2s_result *r,
                     size_t i)
{
    struct line l = {.length = 0};
    char number[32];
    snprintf(number, sizeof(number), ": seq=%zu", i + 1);
    line_add(&l, domain);
    line_add(&l, number);
    if (value_item(r, list, i, "answer") == NULL)
        line_add(&l, " no answer");
    line_join(&l, " ", value_item(r, list, i, "answer"));
    line_join(&l, " ", value_item(r, list, i, "condition"));
    line_join(&l, " via=", value_item(r, list, i, "via"));
    line_join(&l, " ack=", value_item(r, list, i, "ackMs"));
    line_join(&l, " time=", value_item(r, list, i, "ms"));
    if (value_item(r, list, i, "ms") != NULL)
        line_add(&l, " ms");
    put_line(o, &l);
}

static void put_verification(struct out *o, const char *domain,
                             const s2s_result *r, int64_t us)
{
    struct line l = {.length = 0};
    char ms[40];
    line_add(&l, domain);
    line_join(&l, ": dialback-verify ", s2s_result_get(r, "pingAnswer"));
    line_join(&l, " ", s2s_result_get(r, "pingCondition"));
    snprintf(ms, sizeof(ms), " time=%.3f ms", (double)us / 1e3);
    line_add(&l, ms);
    put_line(o, &l);
}

static void put_summary(struct out *o, const char *domain,
                        const struct pings *p)
{
    struct line head = {.length = 0}, times = {.length = 0};
    char text[160];
    line_add(&head, "--- ");
    line_add(&head, domain);
    line_add(&head, " ping statistics ---");
    put_line(o, &head);
    snprintf(text, sizeof(text), "%zu sent, %zu answered, %zu%% lost", p->sent,
             p->answered, 100 * (p->sent - p->answered) / p->sent);
    out_text(o, text);
    out_newline(o);
    if (p->answered == 0)
        return;
    snprintf(text, sizeof(text),
             "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms",
             (double)p->min_us / 1e3, (double)p->mean_us / 1e3,
             (double)p->max_us / 1e3, (double)p->deviation_us / 1e3);
    line_add(&times, text);
    put_line(o, &times);
}

void pings_print(struct out *o, const struct options *options,
                 const s2s_result *r)
{
    struct pings p = pings_count(r);
    if (p.sent == 0)
        return;
    out_newline(o);
    if (verification_us(r) >= 0) {
        put_verification(o, options->domain, r, verification_us(r));
    } else {
        for (size_t i = 0; i < p.sent; i++)
            put_ping(o, options->domain, r, i);
    }
    put_summary(o, options->domain, &p);
}
