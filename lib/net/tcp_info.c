#include "net/tcp_info.h"

#include <stddef.h>

/* The kernel's header has what the C library's still lacks; they cannot both be
 * included. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define NONE UINT32_MAX /* the kernel's, while nothing was measured */

int64_t tcp_info_rtt_us(int fd)
{
    struct tcp_info info;
    socklen_t length = sizeof(info);
    info.tcpi_min_rtt = NONE;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_min_rtt) +
                     sizeof(info.tcpi_min_rtt) ||
        info.tcpi_min_rtt == NONE)
        return -1;
    return info.tcpi_min_rtt;
}
