#include "batch_signals.h"

#include <signal.h>
#include <stddef.h>

/* A handler has nowhere else to look. */
static s2s_context *volatile running;
static volatile sig_atomic_t came, times;

/* Both calls wake the loop up. */
static void note(int number)
{
    came = number;
    times++;
    if (running == NULL)
        return;
    if (times == 1) {
        s2s_context_wakeup(running);
        return;
    }
    s2s_context_stop(running);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

void batch_signals_watch(s2s_context *context)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    running = context;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void batch_signals_unwatch(void)
{
    running = NULL;
}

int batch_signal(void)
{
    return came;
}
