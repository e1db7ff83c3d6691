#include "batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "batch_lines.h"
#include "batch_output.h"
#include "batch_progress.h"
#include "batch_request.h"
#include "batch_shard.h"
#include "batch_signals.h"
#include "complain.h"
#include "identity.h"
#include "probe.h"
#include "status.h"

#define NAME_MAX_BYTES 256
#define AHEAD          2u          /* lines held for each probe that may run */
#define LINES_AT_ONCE  64          /* before the probes get their turn */
#define IDS_MAX        (16u << 20) /* bytes of ids, while lines are held */

struct batch {
    const struct options *o;
    const char *from; /* who asks unless a line says it, or NULL */
    s2s_context *context;
    struct batch_lines in;
    struct batch_output out;
    struct batch_progress progress;
    struct batch_counts counts;
    struct batch_jobs running;
    struct batch_job *spare; /* for the next line */
    size_t ids;              /* bytes, of all that were taken */
    bool hungry;             /* no line is left, more can be taken */
    bool stopped;            /* by a signal */
    bool no_memory;
};

static uint64_t in_flight(const struct batch *b)
{
    return b->counts.taken - b->out.lines;
}

/* ---- Answers ------------------------------------------------------------ */

static void count(struct batch_counts *c, const struct batch_job *job)
{
    if (job->no_request)
        c->bad++;
    else if (job->result != NULL && s2s_result_error(job->result) == S2S_OK)
        c->ok++;
    else
        c->failed++;
}

static void answer(struct batch *b, struct batch_job *job)
{
    count(&b->counts, job);
    batch_output_add(&b->out, job);
}

static void set_error(struct batch_job *job, const char *code, const char *text)
{
    job->code = code;
    snprintf(job->error, sizeof(job->error), "%s", text);
}

static void set_library_error(struct batch_job *job, int error)
{
    set_error(job, s2s_code_name(error), s2s_strerror(error));
}

/* All at once: while one waits there the context is ready all the time. */
static void take_results(struct batch *b)
{
    s2s_result *result;
    void *user;
    while (s2s_context_next(b->context, &result, NULL, &user) == 1) {
        struct batch_job *job = user;
        job->result = result;
        if (result == NULL)
            set_library_error(job, S2S_ENO_MEMORY);
        TAILQ_REMOVE(&b->running, job, link);
        answer(b, job);
    }
}

/* ---- Lines -------------------------------------------------------------- */

static int submit(struct batch *b, const struct batch_request *r,
                  struct batch_job *job)
{
    struct batch_options options;
    uint64_t id;
    batch_request_options(r, &options);
    int e = s2s_context_submit(b->context, r->op, r->from, r->to,
                               &options.given, job, &id);
    return e == S2S_EBUSY ? S2S_ECANCELLED : e; /* a signal has stopped it */
}

static bool is_ours(const struct batch *b, const struct batch_line *line,
                    const struct batch_request *r)
{
    uint32_t crc = r->code != NULL ? line->crc : batch_domain_crc(r->to);
    uint32_t shards = b->o->batch.shards;
    return shards == 0 || crc % shards == b->o->batch.shard;
}

static void keep_id(struct batch *b, const struct jsontext *id,
                    struct batch_job *job)
{
    job->id = id->text != NULL ? strndup(id->text, id->length) : NULL;
    if (job->id != NULL)
        b->ids += id->length;
}

/* The request is large, and on the stack for this line only. */
static void take_line(struct batch *b, const struct batch_line *line)
{
    struct batch_request r;
    batch_request_read(b->o, b->from, line, &r);
    if (!is_ours(b, line, &r))
        return;
    struct batch_job *job = b->spare;
    b->spare = NULL;
    b->counts.taken++;
    *job =
        (struct batch_job){.line = line->number, .no_request = r.code != NULL};
    keep_id(b, &r.id, job);
    int e = r.id.text != NULL && job->id == NULL ? S2S_ENO_MEMORY : S2S_OK;
    if (e == S2S_OK && r.code == NULL)
        e = submit(b, &r, job);
    if (e == S2S_OK && r.code == NULL) {
        TAILQ_INSERT_TAIL(&b->running, job, link);
        return;
    }
    if (e != S2S_OK)
        set_library_error(job, e);
    else
        set_error(job, r.code, r.error);
    answer(b, job);
}

/* Whether there is room for one more line. Without memory, answers that go
 * out may give some back. */
static bool has_room(struct batch *b)
{
    uint64_t most = (uint64_t)b->o->batch.concurrency * AHEAD;
    if (in_flight(b) >= most || b->out.starved ||
        (in_flight(b) > 0 && b->ids - b->out.ids > IDS_MAX))
        return false;
    if (b->spare == NULL)
        b->spare = malloc(sizeof(*b->spare));
    b->no_memory = b->spare == NULL && in_flight(b) == 0;
    return b->spare != NULL;
}

static void take_lines(struct batch *b)
{
    struct batch_line line;
    b->hungry = false;
    for (int n = 0; n < LINES_AT_ONCE && has_room(b); n++) {
        if (!batch_lines_next(&b->in, &line)) {
            b->hungry = !b->in.ended;
            return;
        }
        if (!batch_line_is_empty(&line))
            take_line(b, &line);
    }
}

/* ---- The loop ----------------------------------------------------------- */

static void look_at_signals(struct batch *b)
{
    if (b->stopped || batch_signal() == 0)
        return;
    b->stopped = !b->in.ended;
    if (b->stopped) /* what has come whole without a newline is a line too */
        batch_lines_stop(&b->in);
}

static bool finished(const struct batch *b)
{
    return b->out.error != 0 || b->no_memory ||
           (batch_lines_done(&b->in) && in_flight(b) == 0);
}

/* Nothing to wait for: more can be done at once. */
static bool has_work(struct batch *b)
{
    return (batch_output_pending(&b->out) && !b->out.blocked &&
            !b->out.starved) ||
           (!b->hungry && !batch_lines_done(&b->in) && has_room(b));
}

/* A reader that is gone shows while there is nothing to write, too. */
static void look_at_output(struct batch *b, short events)
{
    if ((events & POLLOUT) != 0)
        b->out.blocked = false;
    else if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0)
        b->out.error = EPIPE;
}

static void wait(struct batch *b)
{
    struct pollfd fds[] = {{s2s_context_fd(b->context), POLLIN, 0},
                           {b->hungry ? b->in.from.fd : -1, POLLIN, 0},
                           {b->out.to.fd,
                            b->out.blocked && batch_output_pending(&b->out)
                                ? (short)POLLOUT
                                : (short)0,
                            0}};
    int ms = has_work(b) ? 0 : batch_progress_timeout_ms(&b->progress);
    if (poll(fds, sizeof(fds) / sizeof(fds[0]), ms) <= 0)
        return;
    if (fds[1].revents != 0)
        batch_lines_read(&b->in);
    look_at_output(b, fds[2].revents);
}

static void show(struct batch *b)
{
    b->counts.answered = b->out.lines;
    b->counts.read = b->in.read;
    b->counts.size = b->in.size;
    batch_progress_show(&b->progress, &b->counts);
}

static void loop(struct batch *b)
{
    for (;;) {
        s2s_context_process(b->context);
        take_results(b);
        look_at_signals(b);
        take_lines(b);
        if (b->out.terminal && batch_output_pending(&b->out))
            batch_progress_clear(&b->progress);
        batch_output_write(&b->out);
        /* Probes that end give some back. */
        if (b->out.starved && TAILQ_EMPTY(&b->running))
            b->out.error = ENOMEM;
        if (finished(b))
            return;
        show(b);
        wait(b);
    }
}

/* ---- Before and after --------------------------------------------------- */

/* The bar is not to be in the way. */
static void log_line(void *user, int level, const char *area, const char *line)
{
    batch_progress_clear(user);
    probe_log(NULL, level, area, line);
}

/* A probe takes some; the library does not touch the limit. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_context(struct batch *b, const s2s_identity *identity)
{
    const struct options_batch *o = &b->o->batch;
    const s2s_identity *const identities[] = {identity, NULL};
    s2s_context_options setup;
    probe_setup(b->o, identities, &setup);
    setup.log = log_line;
    setup.log_user = &b->progress;
    setup.max_running = o->concurrency;
    setup.rate = o->rate;
    setup.host_running = setup.address_running = o->per_host;
    setup.host_rate = o->host_rate;
    setup.max_handshakes = o->handshakes;
    return s2s_context_new(&setup, &b->context);
}

/* The first thing that went wrong, in words. */
static int end_status(struct batch *b)
{
    char text[160];
    if (b->out.error != 0) {
        snprintf(text, sizeof(text),
                 "%s; %" PRIu64 " lines are answered, %" PRIu64
                 " more were read",
                 strerror(b->out.error), b->out.lines, in_flight(b));
        complain("standard output", text);
        return b->out.error == ENOMEM ? STATUS_INTERNAL : STATUS_OUTPUT;
    }
    if (b->no_memory) {
        complain("out of memory", NULL);
        return STATUS_INTERNAL;
    }
    if (b->in.error != 0) {
        snprintf(text, sizeof(text), "line %" PRIu64 ": %s", b->in.number + 1,
                 strerror(b->in.error));
        complain(b->o->batch.input, text);
        return STATUS_INPUT;
    }
    if (batch_signal() == 0)
        return STATUS_OK;
    snprintf(text, sizeof(text),
             "interrupted: lines from %" PRIu64 " on were not read",
             b->in.number + 1);
    complain(b->stopped ? text : "interrupted", NULL);
    return STATUS_SIGNALLED + batch_signal();
}

static int end(struct batch *b)
{
    s2s_stats stats = {.size = sizeof(stats)};
    struct batch_job *job;
    batch_signals_unwatch();
    if (s2s_context_stats(b->context, &stats) == S2S_OK)
        b->counts.lag_us = stats.lag_p99_us;
    s2s_context_free(b->context);
    batch_output_free(&b->out);
    if (b->out.error == 0 && close(STDOUT_FILENO) != 0)
        b->out.error = errno;
    b->counts.answered = b->out.lines;
    batch_progress_end(&b->progress, &b->counts);
    while ((job = TAILQ_FIRST(&b->running)) != NULL) {
        TAILQ_REMOVE(&b->running, job, link);
        batch_job_free(job);
    }
    free(b->spare);
    return end_status(b);
}

static int run(const struct options *o, const char *from,
               const s2s_identity *identity, int fd)
{
    struct batch b = {.o = o, .from = from};
    TAILQ_INIT(&b.running);
    batch_progress_init(&b.progress, o);
    int e = open_context(&b, identity);
    if (e != S2S_OK)
        return e == S2S_EINVALID_ARGUMENT ? STATUS_USAGE : STATUS_INTERNAL;
    if (batch_lines_init(&b.in, fd)) {
        batch_output_init(&b.out, STDOUT_FILENO);
        batch_signals_watch(b.context);
        loop(&b);
        e = end(&b);
    } else {
        complain("out of memory", NULL);
        s2s_context_free(b.context);
        e = STATUS_INTERNAL;
    }
    batch_lines_free(&b.in);
    return e;
}

static int open_input(const char *name)
{
    if (strcmp(name, "-") == 0)
        return STDIN_FILENO;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        complain(name, strerror(errno));
    return fd;
}

int batch_run(const struct options *o)
{
    struct identity identity = {.password = NULL};
    char name[NAME_MAX_BYTES];
    const char *from = o->from;
    int status = STATUS_USAGE;
    int fd = open_input(o->batch.input);
    if (from == NULL && identity_own_name(name, sizeof(name)))
        from = name;
    if (fd >= 0 && identity_load(o, &identity)) {
        raise_descriptors();
        status = run(o, from, options_identity(o) ? &identity.given : NULL, fd);
    }
    identity_forget(&identity);
    if (fd > STDIN_FILENO)
        close(fd);
    return status;
}
