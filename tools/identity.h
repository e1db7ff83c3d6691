/* Who asks: the domain, and the secrets from files. */
#ifndef TOOLS_IDENTITY_H
#define TOOLS_IDENTITY_H

#include <s2sprobe.h>

#include "options.h"

struct identity {
    s2s_identity given;
    char *password, *secret;
};

/* False after a complaint. Forget it in either case. */
bool identity_load(const struct options *o, struct identity *out);
void identity_forget(struct identity *identity);

/* The name of this machine, when it is a domain; else false. */
bool identity_own_name(char *out, size_t size);

#endif
