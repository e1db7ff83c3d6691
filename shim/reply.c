#include "reply.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JSON_TYPE "application/json"

/* When there is no memory left to say it better. */
static const char fallback[] =
    "{\"success\":false,\"code\":\"internal\",\"error\":\"Internal error\"}\n";

/* NULL when there is no memory, or a text is not UTF-8. */
static char *refusal_body(const char *code, const char *text, const char *host,
                          uint16_t port)
{
    char *body = NULL;
    json_t *o = json_object();
    int e = json_object_set_new(o, "success", json_false());
    if (host != NULL && host[0] != '\0')
        e |= json_object_set_new(o, "host", json_string(host));
    if (port != 0)
        e |= json_object_set_new(o, "port", json_integer(port));
    e |= json_object_set_new(o, "code", json_string(code));
    e |= json_object_set_new(o, "error", json_string(text));
    if (e == 0)
        body = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return body;
}

void reply_refuse(struct reply *r, enum refusal refusal, const char *text,
                  const char *host, uint16_t port)
{
    const struct refusal_info *info = status_refusal(refusal);
    if (text == NULL || text[0] == '\0')
        text = info->text;
    *r = (struct reply){.status = info->status,
                        .code = info->code,
                        .type = JSON_TYPE,
                        .retry = info->status == 503};
    r->text = refusal_body(info->code, text, host, port);
    if (r->text == NULL)
        r->text = refusal_body(info->code, info->text, NULL, 0);
    r->body = r->text != NULL ? r->text : fallback;
}

/* The library's name of an argument, where the member has another. */
static const struct {
    const char *argument, *member;
} arguments[] = {{"from: ", "fromDomain: "},
                 {"to: ", "toDomain: "},
                 {"xml_to: ", "xmlTo: "}};

/* What is wrong with an argument, in the words of this interface. */
static void invalid_text(char *out, size_t size, const char *message)
{
    const char *member = "";
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        size_t n = strlen(arguments[i].argument);
        if (strncmp(message, arguments[i].argument, n) == 0) {
            member = arguments[i].member;
            message += n;
            break;
        }
    }
    snprintf(out, size, "%s%s", member, message);
}

void reply_outcome(struct reply *r, int error, s2s_result *result,
                   const char *host, uint16_t port)
{
    enum refusal refusal;
    int status = status_outcome(error, &refusal);
    if (result == NULL && refusal == REFUSAL_NONE)
        refusal = REFUSAL_INTERNAL;
    if (refusal == REFUSAL_NONE) {
        *r = (struct reply){.status = status,
                            .code = s2s_code_name(error),
                            .type = JSON_TYPE,
                            .body = s2s_result_json(result),
                            .result = result};
        return;
    }
    char text[640] = "";
    if (refusal == REFUSAL_INVALID_FIELD && result != NULL)
        invalid_text(text, sizeof(text), s2s_result_message(result));
    reply_refuse(r, refusal, text, host, port);
    s2s_result_free(result);
}

void reply_plain(struct reply *r, int status, const char *code,
                 const char *text)
{
    *r = (struct reply){.status = status,
                        .code = code,
                        .type = "text/plain; charset=utf-8",
                        .body = text,
                        .retry = status == 503};
}

void reply_free(struct reply *r)
{
    free(r->text);
    s2s_result_free(r->result);
    *r = (struct reply){.body = ""};
}

static void http_date(char *out, size_t size)
{
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm) == NULL ||
        strftime(out, size, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
        out[0] = '\0';
}

size_t reply_header(const struct reply *r, char out[REPLY_HEADER_MAX])
{
    char date[40];
    http_date(date, sizeof(date));
    int n = snprintf(
        out, REPLY_HEADER_MAX,
        "HTTP/1.1 %d %s\r\n"
        "Date: %s\r\n"
        "Content-Type: %s\r\n"
        "Content-Length: %zu\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "%s%s%s%s\r\n",
        r->status, status_reason(r->status), date, r->type, strlen(r->body),
        r->allow != NULL ? "Allow: " : "", r->allow != NULL ? r->allow : "",
        r->allow != NULL ? "\r\n" : "", r->retry ? "Retry-After: 1\r\n" : "");
    return (size_t)n < REPLY_HEADER_MAX ? (size_t)n : REPLY_HEADER_MAX - 1;
}
