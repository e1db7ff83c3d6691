#include "batch_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch_answer.h"

#define AT_ONCE 64 /* lines, before the probes get their turn */

void batch_job_free(struct batch_job *job)
{
    if (job == NULL)
        return;
    s2s_result_free(job->result);
    free(job->id);
    free(job);
}

void batch_output_init(struct batch_output *o, int fd)
{
    *o = (struct batch_output){.terminal = isatty(fd) == 1};
    TAILQ_INIT(&o->ready);
    channel_init(&o->to, fd, O_WRONLY);
    o->blocked = o->to.kind == CHANNEL_PIPE;
}

void batch_output_free(struct batch_output *o)
{
    struct batch_job *job;
    while ((job = TAILQ_FIRST(&o->ready)) != NULL) {
        TAILQ_REMOVE(&o->ready, job, link);
        batch_job_free(job);
    }
    free(o->text);
    o->text = NULL;
    channel_close(&o->to);
}

void batch_output_add(struct batch_output *o, struct batch_job *job)
{
    TAILQ_INSERT_TAIL(&o->ready, job, link);
}

bool batch_output_pending(const struct batch_output *o)
{
    return o->text != NULL || TAILQ_FIRST(&o->ready) != NULL;
}

/* The next answer; false when there is none, or no memory for it. */
static bool begin(struct batch_output *o)
{
    struct batch_job *job = TAILQ_FIRST(&o->ready);
    if (job == NULL)
        return false;
    o->text = batch_answer(job, o->terminal);
    o->starved = o->text == NULL;
    if (o->starved)
        return false;
    o->length = strlen(o->text);
    o->written = 0;
    o->ids += job->id != NULL ? strlen(job->id) : 0;
    TAILQ_REMOVE(&o->ready, job, link);
    batch_job_free(job);
    return true;
}

static void end(struct batch_output *o)
{
    free(o->text);
    o->text = NULL;
    o->lines++;
}

static void write_once(struct batch_output *o)
{
    ssize_t n =
        channel_write(&o->to, o->text + o->written, o->length - o->written);
    if (n >= 0)
        o->written += (size_t)n;
    else if (errno == EAGAIN)
        o->blocked = true;
    else
        o->error = errno;
    if (o->to.kind == CHANNEL_PIPE)
        o->blocked = true;
    if (o->written == o->length)
        end(o);
}

void batch_output_write(struct batch_output *o)
{
    for (int n = 0; n < AT_ONCE && !o->blocked && o->error == 0; n++) {
        if (o->text == NULL && !begin(o))
            return;
        write_once(o);
    }
}
