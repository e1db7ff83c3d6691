#include "batch_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static void quote(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ')
            fprintf(to, "\\u%04x", (unsigned char)*text);
        else if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else
            fputc(*text, to);
    }
    fputc('"', to);
}

/* The line's own members first, so that a shell finds them. */
static void compose(FILE *to, const struct batch_job *job)
{
    fputc('{', to);
    if (job->id != NULL)
        fprintf(to, "\"id\":%s,", job->id);
    fprintf(to, "\"line\":%" PRIu64 ",", job->line);
    if (job->result != NULL) {
        fputs(s2s_result_json(job->result) + 1, to);
        return;
    }
    fprintf(to, "\"success\":false,\"code\":\"%s\",\"error\":", job->code);
    quote(to, job->error);
    fputc('}', to);
}

/* The text of a stream in memory, once it is closed; NULL without memory. */
static char *finish(FILE *to, char **text)
{
    bool ok = !ferror(to);
    if (fclose(to) == 0 && ok)
        return *text;
    free(*text);
    return NULL;
}

static char *plain(const struct batch_job *job)
{
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    if (to == NULL)
        return NULL;
    compose(to, job);
    return finish(to, &text);
}

char *batch_answer(const struct batch_job *job, bool terminal)
{
    char *json = plain(job), *text = NULL;
    size_t length;
    FILE *to = json != NULL ? open_memstream(&text, &length) : NULL;
    if (to != NULL) {
        struct out o = {.to = to};
        out_json(&o, json, terminal);
        text = finish(to, &text);
    }
    free(json);
    return text;
}
