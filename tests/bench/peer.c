#include "peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "serve.h"

void peer_start(struct peer *p, const struct certs *certs)
{
    p->port = 0;
    int listener = serve_listen(false, &p->port);
    pid_t parent = getpid();
    p->pid = fork();
    bench_must(p->pid >= 0, "cannot fork");
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bench_must(getppid() == parent, "the parent is gone");
        serve(listener, certs);
    }
    close(listener);
}

void peer_stop(const struct peer *p)
{
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
}

int peer_connect(const struct peer *p, int flags)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(p->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    bench_must(fd >= 0 && (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ||
                           errno == EINPROGRESS),
               "cannot connect to the peer");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}
