#include "status.h"

#include "value.h"

int status_of(const struct options *o, int error, const s2s_result *r)
{
    if (error == S2S_OK)
        return o->command == COMMAND_CHECK && value_has_errors(r) ? STATUS_NO
                                                                  : STATUS_OK;
    if (error <= -40 && error >= -59)
        return STATUS_NO;
    if (error <= -20 && error >= -39)
        return STATUS_UNREACHABLE;
    switch (error) {
    case S2S_ETIMEOUT:
        return STATUS_DEADLINE;
    case S2S_EINVALID_ARGUMENT:
    case S2S_EADDRESS_FORBIDDEN:
    case S2S_EPOLICY:
        return STATUS_OURS;
    default:
        return STATUS_INTERNAL;
    }
}
