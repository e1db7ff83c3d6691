/* Where a probe connects to: what the caller says, or what DNS says of the
 * domain. */
#ifndef PROBE_ENDPOINTS_H
#define PROBE_ENDPOINTS_H

#include "net/certificate_dane.h"
#include "probe/state.h"

/*
 * Find out. S2S_OK: the list stands. S2S_WANT_READ: DNS is asked; the probe is
 * woken when p->discovered is set, and again when TLSA records have come. Or
 * S2S_ENO_MEMORY, S2S_EINTERNAL.
 */
int endpoints_begin(struct probe *p);

/* Whether it takes DNS to begin, or to connect with our own transport. */
bool endpoints_ask_dns(const struct probe *p);

/* Take the plan over. S2S_OK, or an error whose outcome is recorded. */
int endpoints_take(struct probe *p);

/* Connect to one of them; a second time to the same one. As link_open(). */
int endpoints_open(struct probe *p);

/* Our own transport has connected: note which one it is. */
void endpoints_connected(struct probe *p);

/* Whether its TLSA records are still to come. */
bool endpoints_wait_for_tlsa(const struct probe *p);

/* What the certificate is to be judged by. */
struct endpoints_proof {
    struct certificate_reference reference; /* into the rest of this */
    struct domain *target;                  /* to be freed */
    char name[DOMAIN_MAX];
    struct dane_record records[DANE_RECORDS_MAX];
};
/* S2S_OK or S2S_ENO_MEMORY. */
int endpoints_prove(const struct probe *p, struct endpoints_proof *proof);

/* A caller's transport could not connect: whether there is another one. */
bool endpoints_next(struct probe *p, int error);

/* Findings about the way there, when the connection is over. */
void endpoints_report(struct probe *p);

void endpoints_free(struct probe *p);

#endif
