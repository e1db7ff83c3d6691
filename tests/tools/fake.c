/*
 * fake text|nagios|json COMMAND WIDTH [utf8] [color]: the report of a result
 * that never was, for a domain peer.test. The standard input has its scalars,
 * one line each: the path, a tab, the value; in a value \n, \e and \t are what
 * they are in C. The accessors of findings, features and stanzas follow from
 * the paths; "us.STAGE" are microseconds, "error" is the outcome.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#include "nagios.h"
#include "report.h"
#include "status.h"

#define VALUES 512

struct s2s_result {
    size_t count;
    char *paths[VALUES], *values[VALUES];
};

/* ---- The accessors, in place of the library's --------------------------- */

const char *s2s_result_get(const s2s_result *r, const char *path)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->paths[i], path) == 0)
            return r->values[i];
    return NULL;
}

static const char *item(const s2s_result *r, const char *list, size_t n,
                        const char *member)
{
    char path[128];
    snprintf(path, sizeof(path), "%s.%zu%s", list, n, member);
    return s2s_result_get(r, path);
}

static size_t count(const s2s_result *r, const char *list, const char *member)
{
    size_t n = 0;
    while (item(r, list, n, member) != NULL)
        n++;
    return n;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

int s2s_result_error(const s2s_result *r)
{
    return (int)strtol(or_empty(s2s_result_get(r, "error")), NULL, 10);
}

const char *s2s_result_message(const s2s_result *r)
{
    return or_empty(s2s_result_get(r, "message"));
}

int s2s_result_stage(const s2s_result *r)
{
    const char *text = s2s_result_get(r, "stageNumber");
    return text != NULL ? (int)strtol(text, NULL, 10) : S2S_STAGE_DONE;
}

int64_t s2s_result_stage_us(const s2s_result *r, int stage)
{
    char path[40];
    snprintf(path, sizeof(path), "us.%d", stage);
    const char *text = s2s_result_get(r, path);
    return text != NULL ? strtoll(text, NULL, 10) : -1;
}

size_t s2s_result_feature_count(const s2s_result *r)
{
    return count(r, "features", "");
}

const char *s2s_result_feature(const s2s_result *r, size_t index)
{
    return item(r, "features", index, "");
}

size_t s2s_result_stanza_count(const s2s_result *r)
{
    return count(r, "stanzas", "");
}

const char *s2s_result_stanza(const s2s_result *r, size_t index)
{
    return item(r, "stanzas", index, "");
}

size_t s2s_result_finding_count(const s2s_result *r)
{
    return count(r, "findings", ".code");
}

const char *s2s_result_finding_code(const s2s_result *r, size_t index)
{
    return item(r, "findings", index, ".code");
}

int s2s_result_finding_severity(const s2s_result *r, size_t index)
{
    const char *text = or_empty(item(r, "findings", index, ".severity"));
    if (strcmp(text, "error") == 0)
        return S2S_SEVERITY_ERROR;
    return strcmp(text, "warning") == 0 ? S2S_SEVERITY_WARNING
                                        : S2S_SEVERITY_INFO;
}

const char *s2s_result_finding_fault(const s2s_result *r, size_t index)
{
    return or_empty(item(r, "findings", index, ".fault"));
}

const char *s2s_result_finding_seen(const s2s_result *r, size_t index)
{
    return or_empty(item(r, "findings", index, ".seen"));
}

const char *s2s_result_finding_advice(const s2s_result *r, size_t index)
{
    return or_empty(item(r, "findings", index, ".advice"));
}

/* ---- Reading ------------------------------------------------------------ */

static void unescape(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] != '\0') {
            text++;
            *to++ = *text == 'n'   ? '\n'
                    : *text == 'e' ? '\033'
                    : *text == 't' ? '\t'
                                   : *text;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

static int read_values(s2s_result *r)
{
    char line[4096];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *tab = strchr(line, '\t');
        line[strcspn(line, "\n")] = '\0';
        if (tab == NULL || r->count == VALUES)
            return -1;
        *tab = '\0';
        unescape(tab + 1);
        r->paths[r->count] = strdup(line);
        r->values[r->count] = strdup(tab + 1);
        if (r->paths[r->count] == NULL || r->values[r->count] == NULL)
            return -1;
        r->count++;
    }
    return 0;
}

static int show(const char *what, struct out *o, const struct options *options,
                const s2s_result *r)
{
    int status = status_of(options, s2s_result_error(r), r);
    if (strcmp(what, "nagios") == 0)
        return nagios_print(o, options, status, r);
    if (strcmp(what, "json") == 0)
        out_json(o, or_empty(s2s_result_get(r, "json")), true);
    else
        report_print(o, options, r);
    return status;
}

int main(int argc, char **argv)
{
    static s2s_result r;
    struct options options = {
        .domain = "peer.test", .warning = 14, .critical = 7};
    struct out o = {.to = stdout};
    if (argc < 4 || read_values(&r) != 0)
        return 99;
    options.command = strcmp(argv[2], "check") == 0  ? COMMAND_CHECK
                      : strcmp(argv[2], "ping") == 0 ? COMMAND_PING
                                                     : COMMAND_CONNECT;
    o.width = strtoul(argv[3], NULL, 10);
    for (int i = 4; i < argc; i++) {
        o.utf8 = o.utf8 || strcmp(argv[i], "utf8") == 0;
        o.color = o.color || strcmp(argv[i], "color") == 0;
    }
    int status = show(argv[1], &o, &options, &r);
    for (size_t i = 0; i < r.count; i++) {
        free(r.paths[i]);
        free(r.values[i]);
    }
    return status;
}
