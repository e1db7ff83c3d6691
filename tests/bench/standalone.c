/*
 * bench-server DIRECTORY [PORT]: the small XMPP server (see server.h) on all
 * addresses, without a port on a free one. It writes its authority and a
 * certificate for its clients to DIRECTORY (see certs.h), and the line
 * "ready PORT" when it listens. It ends with whoever started it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "bench.h"
#include "certs.h"
#include "serve.h"

int main(int argc, char **argv)
{
    struct certs certs;
    bench_must(argc == 2 || argc == 3, "usage: bench-server DIRECTORY [PORT]");
    uint16_t port = argc == 3 ? (uint16_t)bench_port(argv[2]) : 0;
    int listener = serve_listen(true, &port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    certs_make(&certs);
    certs_write(&certs, argv[1]);
    printf("ready %u\n", port);
    fflush(stdout);
    serve(listener, &certs);
}
