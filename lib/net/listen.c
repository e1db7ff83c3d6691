#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <s2sprobe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG    128
#define TRIES      16 /* connections that died before they were taken */
#define PORT_DIGIT 5

/* ---- Opening ----------------------------------------------------------- */

static bool read_port(const char *text, uint16_t *port)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > PORT_DIGIT || text[digits] != '\0')
        return false;
    unsigned long value = strtoul(text, NULL, 10);
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* An IPv6 address has brackets, an IPv4 one has none. */
static socklen_t parse(const char *text, struct sockaddr_storage *out)
{
    char host[ADDRESS_TEXT];
    uint16_t port;
    bool six = text[0] == '[';
    const char *start = six ? text + 1 : text;
    const char *end = strchr(start, six ? ']' : ':');
    if (end == NULL || (size_t)(end - start) >= sizeof(host))
        return 0;
    const char *colon = six ? end + 1 : end;
    if (*colon != ':' || !read_port(colon + 1, &port))
        return 0;
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    if (six != (strchr(host, ':') != NULL))
        return 0;
    return address_parse(host, port, out);
}

static int error_of(int number)
{
    switch (number) {
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
    case EAFNOSUPPORT:
        return S2S_EPOLICY;
    case ENOMEM:
    case ENOBUFS:
        return S2S_ENO_MEMORY;
    default:
        return S2S_EINTERNAL;
    }
}

/* A descriptor, or a negative error. */
static int make_socket(const struct sockaddr_storage *address)
{
    int on = 1;
    int fd = socket(address->ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_of(errno);
    int rc = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (rc == 0 && address->ss_family == AF_INET6)
        rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (rc == 0)
        return fd;
    close(fd);
    return S2S_EINTERNAL;
}

union any {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_storage storage;
};

static uint16_t port_of(const union any *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->six.sin6_port
                                              : a->four.sin_port);
}

static int begin(int fd, union any *a, socklen_t length)
{
    if (bind(fd, &a->any, length) != 0 || listen(fd, BACKLOG) != 0)
        return error_of(errno);
    length = sizeof(*a);
    return getsockname(fd, &a->any, &length) == 0 ? S2S_OK : S2S_EINTERNAL;
}

int listen_open(const char *address, int *fd, uint16_t *port)
{
    union any a;
    socklen_t length = parse(address, &a.storage);
    if (length == 0)
        return S2S_EINVALID_ARGUMENT;
    int made = make_socket(&a.storage);
    if (made < 0)
        return made;
    int e = begin(made, &a, length);
    if (e != S2S_OK) {
        close(made);
        return e;
    }
    *fd = made;
    *port = port_of(&a);
    return S2S_OK;
}

/* ---- Taking ------------------------------------------------------------ */

/* What a connection died of on its way; the next one may be well. */
static bool is_transient(int number)
{
    static const int numbers[] = {ECONNABORTED, EINTR,        EPROTO,
                                  EPERM,        ENETDOWN,     ENETUNREACH,
                                  EHOSTDOWN,    EHOSTUNREACH, ENOPROTOOPT,
                                  ENONET,       EOPNOTSUPP,   ETIMEDOUT};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void write_address(const union any *a, socklen_t length,
                          char out[ADDRESS_TEXT])
{
    char host[ADDRESS_TEXT];
    bool six = a->any.sa_family == AF_INET6;
    address_format(&a->any, length, host);
    (void)snprintf(out, ADDRESS_TEXT, "%s%.45s%s:%u", six ? "[" : "", host,
                   six ? "]" : "", (unsigned)port_of(a));
}

int listen_accept(int fd, int *conn, char address[ADDRESS_TEXT])
{
    for (int i = 0; i < TRIES; i++) {
        union any a;
        socklen_t length = sizeof(a);
        memset(&a, 0, sizeof(a));
        int made = accept4(fd, &a.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (made >= 0) {
            write_address(&a, length, address);
            *conn = made;
            return S2S_OK;
        }
        if (errno == EAGAIN)
            return S2S_WANT_READ;
        if (!is_transient(errno))
            return S2S_EINTERNAL;
    }
    return S2S_WANT_READ; /* it stays readable: there is more to do */
}
