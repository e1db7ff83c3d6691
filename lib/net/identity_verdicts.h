/* What identity_judge() says of the same identity within the same second is
 * the same: many probes as one domain need not verify its chain each. */
#ifndef NET_IDENTITY_VERDICTS_H
#define NET_IDENTITY_VERDICTS_H

#include "net/identity.h"

struct identity_verdicts { /* zeroed; of one authority */
    const struct options_identity *identity;
    int64_t at;
    s2s_result *said; /* NULL: nothing is kept */
};

/* identity_judge(). `identity` stays where it is and what it is for as long as
 * the verdicts are kept. */
void identity_verdicts_judge(struct identity_verdicts *v,
                             const struct options_identity *identity,
                             struct certificate_trust *trust, int64_t now,
                             s2s_result *result);
void identity_verdicts_free(struct identity_verdicts *v);

#endif
