/* Our own certificates: made ready, and looked at before a peer does. */
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include <s2sprobe.h>
#include <stdint.h>

#include "base/options_identity.h"
#include "base/result.h"
#include "net/certificate_trust.h"

/*
 * Turn what the files held into a PEM chain, leaf first, and a PEM key that is
 * not encrypted, and forget the rest, password included. The key must belong
 * to the certificate. An identity without certificate stays as it is. S2S_OK,
 * S2S_ENO_MEMORY, S2S_EINTERNAL, or S2S_EINVALID_ARGUMENT with `what` naming
 * member, file and reason; the identity is then as before.
 */
int identity_open(struct options_identity *identity, char what[OPTIONS_WHAT]);

/*
 * Record what is wrong with an opened identity's certificate, as findings;
 * `now` in seconds since 1970. Nothing without certificate, or when our own
 * authorities cannot be read.
 */
void identity_judge(const struct options_identity *identity,
                    struct certificate_trust *trust, int64_t now,
                    s2s_result *result);

#endif
