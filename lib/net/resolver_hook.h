/* What a caller's resolver says. */
#ifndef NET_RESOLVER_HOOK_H
#define NET_RESOLVER_HOOK_H

#include <s2sprobe.h>

#include "net/dns.h"

/* NULL when there is no memory; *error is S2S_OK or S2S_EABI, and the answer a
 * failure then. */
struct dns_answer *resolver_hook_read(const s2s_dns_answer *from, int *error);

#endif
