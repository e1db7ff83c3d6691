#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

/* A probe on its way; lives on the stack of the thread that waits for it. */
struct job {
    struct job *next;     /* in the queue */
    LIST_ENTRY(job) link; /* among those in the context */
    const struct request *request;
    uint32_t weight;
    uint64_t id;      /* in the context */
    int64_t patience; /* until this time, in milliseconds */
    bool late;        /* cancelled, as it has passed */
    s2s_result *result;
    int error;
    bool done;
    pthread_cond_t changed;
};

struct worker {
    s2s_context *context;     /* only the thread's, but for wakeup and stop */
    LIST_HEAD(, job) probing; /* only the thread's */
    pthread_t thread;
    pthread_mutex_t lock; /* for all below, and for the jobs */
    struct job *first, **last;
    uint32_t running; /* queued or in the context, by weight */
    uint32_t max;
    bool stopped;
};

static void finish(struct worker *w, struct job *job, s2s_result *result,
                   int error)
{
    pthread_mutex_lock(&w->lock);
    job->result = result;
    job->error = error;
    job->done = true;
    w->running -= job->weight;
    /* Under the lock: the job is gone as soon as its owner sees `done`. */
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&w->lock);
}

static struct job *take_queue(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct job *first = w->first;
    w->first = NULL;
    w->last = &w->first;
    pthread_mutex_unlock(&w->lock);
    return first;
}

static int submit(struct worker *w, struct job *job)
{
    const struct request *r = job->request;
    const char *services[REQUEST_SERVICES + 1] = {NULL};
    s2s_options options = {.size = sizeof(options),
                           .host = r->discover ? NULL : r->host,
                           .port = r->port,
                           .tls_mode = r->tls_mode,
                           .timeout_ms = r->timeout_ms,
                           .flags = r->flags,
                           .ping_method = r->ping_method,
                           .count = r->count,
                           .interval_ms = r->interval_ms,
                           .xml_to = r->xml_to[0] != '\0' ? r->xml_to : NULL,
                           .services = services};
    for (size_t i = 0; i < r->service_count; i++)
        services[i] = r->services[i];
    return s2s_context_submit(w->context, r->op, r->from, r->to, &options, job,
                              &job->id);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* How long it takes at most, the waiting that is not part of its timeout
 * included. */
static int64_t patience(const struct request *r)
{
    int64_t waits = r->op == S2S_OP_CHECK ? WORKER_CHECK_WEIGHT : 1;
    return (1 + waits) * r->timeout_ms + WORKER_GRACE_MS;
}

static void submit_queue(struct worker *w)
{
    struct job *next;
    for (struct job *job = take_queue(w); job != NULL; job = next) {
        next = job->next;
        int error = submit(w, job);
        if (error != S2S_OK) {
            finish(w, job, NULL, error);
            continue;
        }
        job->patience = now_ms() + patience(job->request);
        LIST_INSERT_HEAD(&w->probing, job, link);
    }
}

/* Ends what has waited for too long. Milliseconds until the next one will
 * have, or -1. */
static int end_late(struct worker *w)
{
    int64_t now = now_ms(), next = -1;
    struct job *job;
    LIST_FOREACH(job, &w->probing, link)
    {
        int64_t left = job->patience - now;
        if (job->late)
            continue;
        if (left <= 0) {
            job->late = true;
            s2s_context_cancel(w->context, job->id);
        } else if (next < 0 || left < next) {
            next = left;
        }
    }
    return (int)next;
}

static void take_results(struct worker *w)
{
    s2s_result *result;
    void *user;
    while (s2s_context_next(w->context, &result, NULL, &user) == 1) {
        struct job *job = user;
        LIST_REMOVE(job, link);
        finish(w, job, result,
               result != NULL ? s2s_result_error(result) : S2S_ENO_MEMORY);
    }
}

/* A job that is queued after submit_queue() has left a wakeup behind, which
 * ends the wait at once. */
static void *run(void *user)
{
    struct worker *w = user;
    int e;
    do {
        submit_queue(w);
        e = s2s_context_run(w->context, end_late(w));
        take_results(w);
    } while (e != S2S_ECANCELLED);
    /* Nothing new comes now, and the context refuses what is still queued. */
    pthread_mutex_lock(&w->lock);
    w->stopped = true;
    pthread_mutex_unlock(&w->lock);
    submit_queue(w);
    return NULL;
}

struct worker *worker_new(s2s_context *context, uint32_t max_probes)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->context = context;
    w->max = max_probes;
    w->last = &w->first;
    LIST_INIT(&w->probing);
    if (pthread_mutex_init(&w->lock, NULL) != 0)
        goto no_lock;
    if (pthread_create(&w->thread, NULL, run, w) != 0)
        goto no_thread;
    return w;

no_thread:
    pthread_mutex_destroy(&w->lock);
no_lock:
    free(w);
    return NULL;
}

static uint32_t weigh(const struct worker *w, const struct request *r)
{
    if (r->op != S2S_OP_CHECK)
        return 1;
    return WORKER_CHECK_WEIGHT < w->max ? WORKER_CHECK_WEIGHT : w->max;
}

/* Under the lock. */
static enum worker_answer admit(struct worker *w, struct job *job)
{
    if (w->stopped)
        return WORKER_STOPPED;
    if (job->weight > w->max - w->running)
        return WORKER_BUSY;
    w->running += job->weight;
    *w->last = job;
    w->last = &job->next;
    return WORKER_DONE;
}

/* What has become of it by itself counts, late or not. */
static enum worker_answer answer_of(const struct job *job)
{
    bool ended = job->late && job->error == S2S_ECANCELLED;
    return ended ? WORKER_LATE : WORKER_DONE;
}

enum worker_answer worker_probe(struct worker *w, const struct request *request,
                                s2s_result **result, int *error)
{
    struct job job = {.request = request,
                      .weight = weigh(w, request),
                      .changed = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&w->lock);
    enum worker_answer answer = admit(w, &job);
    if (answer == WORKER_DONE) {
        s2s_context_wakeup(w->context);
        while (!job.done)
            pthread_cond_wait(&job.changed, &w->lock);
        answer = answer_of(&job);
    }
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&job.changed);
    if (answer == WORKER_DONE) {
        *result = job.result;
        *error = job.error;
    } else {
        s2s_result_free(job.result);
    }
    return answer;
}

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopped = true;
    pthread_mutex_unlock(&w->lock);
    s2s_context_stop(w->context);
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    pthread_join(w->thread, NULL);
    s2s_context_free(w->context);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
