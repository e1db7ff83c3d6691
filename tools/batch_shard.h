/* Whose line it is, when several machines share a list. */
#ifndef TOOLS_BATCH_SHARD_H
#define TOOLS_BATCH_SHARD_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as of ISO/IEC 8802-3, gzip and PNG; `crc` is 0, or that of what comes
 * before. */
uint32_t batch_crc(uint32_t crc, const char *bytes, size_t length);

/* The same of the domain's A-labels in lower case; of the text as it is when it
 * is no domain. Which shard a domain belongs to never changes. */
uint32_t batch_domain_crc(const char *domain);

#endif
