#include "probe/entry.h"

#include "probe/drive.h"
#include "probe/stages.h"

#define PATIENCE_US 60000000 /* and the probe's own time, if that is longer */

static void on_admitted(void *user)
{
    struct probe *p = user;
    p->wake(p, p->wake_user);
}

/* What answers a connection that came in is waited for. */
bool entry_ask(struct probe *p)
{
    p->ticket.admitted = on_admitted;
    p->ticket.user = p;
    if (!p->errand)
        return admission_ask(&p->shared->admission, &p->ticket,
                             stages_worked(p));
    admission_force(&p->shared->admission, &p->ticket, stages_worked(p));
    return true;
}

/* While it waits for the sake of a server it keeps no place that others could
 * have; when it goes on it has begun to connect, and is not asked. */
void entry_note_stage(struct probe *p)
{
    struct admission *a = &p->shared->admission;
    bool before = p->sparing;
    stages_enter(p, drive_stage(p));
    stages_spare(p, p->stage == S2S_STAGE_QUEUE);
    if (p->sparing && !before)
        admission_postpone(a, &p->ticket, stages_worked(p));
    else if (before && !p->sparing)
        admission_force(a, &p->ticket, stages_worked(p));
}

bool entry_gives_up(struct probe *p)
{
    int64_t now = loop_now(&p->shared->loop);
    int64_t most = (int64_t)p->options.timeout_ms * 1000;
    if (!p->lapsed || !p->sparing)
        return false;
    most = most > PATIENCE_US ? most : PATIENCE_US;
    if (now - p->held_since >= most && tcp_spared(p->link.conn))
        return true;
    int64_t at = p->held_since + most;
    stages_remind(p, at > now ? at : now + PATIENCE_US);
    return false;
}

/* The handshake is over; without TLS the first word of the peer has come. */
void entry_note_secure(struct probe *p)
{
    const struct link *l = &p->link;
    if (l->secure || (p->config.tls == INITIATOR_CLEAR && l->heard))
        admission_secured(&p->shared->admission, &p->ticket, stages_worked(p));
}
