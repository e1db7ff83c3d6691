/* Answers, in the order in which they are ready, one write each. */
#ifndef TOOLS_BATCH_OUTPUT_H
#define TOOLS_BATCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <s2sprobe.h>

#include "channel.h"

/* A line on its way from being read to being answered. */
struct batch_job {
    TAILQ_ENTRY(batch_job) link;
    uint64_t line;
    char *id;           /* as it stands there, or NULL */
    s2s_result *result; /* or NULL, and then these two say why */
    bool no_request;    /* the line is none */
    const char *code;
    char error[160];
};

TAILQ_HEAD(batch_jobs, batch_job);

void batch_job_free(struct batch_job *job);

struct batch_output {
    struct channel to;
    bool terminal;
    struct batch_jobs ready;
    char *text; /* of the answer that is being written, or NULL */
    size_t length, written;
    size_t ids;     /* bytes of the ids of those that have been begun */
    bool blocked;   /* until poll(2) says that `to` is ready */
    bool starved;   /* there was no memory for an answer */
    uint64_t lines; /* written whole */
    int error;      /* an errno: nothing can be written any more */
};

void batch_output_init(struct batch_output *o, int fd);
void batch_output_free(struct batch_output *o);

/* Takes it over. */
void batch_output_add(struct batch_output *o, struct batch_job *job);
bool batch_output_pending(const struct batch_output *o);
/* Write what can be written now, though not for ever. */
void batch_output_write(struct batch_output *o);

#endif
