/* Probes by the thousand on one context. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <s2sprobe.h>

struct load_probe {
    int op;
    char to[64], host[16];
    s2s_options options; /* `host` is set to the above unless it is empty */
};

struct load {
    s2s_context *context;
    unsigned count;  /* in all */
    unsigned window; /* of them submitted at once */
    void *user;
    /* Both get the number of the probe, 0 up to `count`. */
    void (*plan)(void *user, unsigned number, struct load_probe *p);
    void (*seen)(void *user, unsigned number, const s2s_result *result);
};

/* Until all have been seen. */
void load_run(const struct load *l);

/* To be told what has been seen: ends the program unless it is a success. */
void load_must_succeed(void *user, unsigned number, const s2s_result *result);

/* An address of 127.0.0.0/8, or of another net of which these are the first
 * two bytes, for each number below 50,000. */
void load_host(struct load_probe *p, const char *net, unsigned number);

/* Options of a context that no politeness and no queue slows down. */
s2s_context_options load_context(const char *ca_file, unsigned running);

#endif
