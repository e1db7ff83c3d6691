/*
 * relay MS FAR... -- NEAR...: a network in which every packet takes MS each
 * way. The command FAR runs in a new network, where every address of
 * 10.98.0.0/16 is its own; once it has said a line on stdout, NEAR runs in
 * ours, from where they can be reached. Ends with NEAR, and as it did. Packets
 * cross through a TUN device in each network, in order, and none is dropped.
 * What the delays really were is known to NEAR (see truth.h), and told on
 * stdout at the end.
 *
 * Exits with 77 where such networks cannot be made: not without root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "truth.h"

#define PACKET 1536
#define RING   16384u

static const char near_set_up[] =
    "ip addr add 10.97.0.1/32 dev s2s-bench &&"
    "ip link set s2s-bench txqueuelen 20000 up &&"
    "ip route add 10.98.0.0/16 dev s2s-bench src 10.97.0.1";

static const char far_set_up[] =
    "ip link set lo up && ip addr add 10.98.255.254/32 dev s2s-bench &&"
    "ip link set s2s-bench txqueuelen 20000 up &&"
    "ip route add 10.97.0.1/32 dev s2s-bench &&"
    "ip route add local 10.98.0.0/16 dev lo";

struct packet {
    int64_t came;
    size_t length;
    char bytes[PACKET];
};

struct way {
    enum truth_way name;
    int from, to;
    struct packet *ring;
    unsigned first, count;
};

static struct {
    int64_t delay_ns;
    struct truth *truth;
    struct way ways[TRUTH_WAYS];
} relay;

/* ---- Networks ---- */

_Noreturn static void cannot(const char *what)
{
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(77);
}

static int open_tun(const char *set_up)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        cannot("/dev/net/tun");
    snprintf(request.ifr_name, sizeof(request.ifr_name), "s2s-bench");
    if (ioctl(fd, TUNSETIFF, &request) != 0)
        cannot("a TUN device");
    if (system(set_up) != 0)
        cannot("ip");
    return fd;
}

/* ---- Commands ---- */

static pid_t start(char **command, int network, int out)
{
    pid_t pid = fork();
    bench_must(pid >= 0, "cannot fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out >= 0)
        dup2(out, STDOUT_FILENO);
    if (setns(network, CLONE_NEWNET) == 0)
        execvp(command[0], command);
    fprintf(stderr, "relay: cannot run %s\n", command[0]);
    _exit(127);
}

static pid_t start_far(char **command, int network)
{
    int out[2];
    char byte = 0;
    bench_must(pipe2(out, O_CLOEXEC) == 0, "no pipe");
    pid_t pid = start(command, network, out[1]);
    close(out[1]);
    while (byte != '\n')
        bench_must(read(out[0], &byte, 1) == 1, "the far command has ended");
    return pid;
}

/* ---- Packets ---- */

static void take(struct way *w)
{
    while (w->count < RING) {
        struct packet *p = &w->ring[(w->first + w->count) % RING];
        ssize_t n = read(w->from, p->bytes, sizeof(p->bytes));
        if (n <= 0)
            return;
        p->came = bench_now_ns();
        p->length = (size_t)n;
        w->count++;
    }
}

static void give(struct way *w)
{
    while (w->count > 0) {
        const struct packet *p = &w->ring[w->first];
        int64_t delay = bench_now_ns() - p->came;
        if (delay < relay.delay_ns)
            return;
        bench_must(write(w->to, p->bytes, p->length) == (ssize_t)p->length ||
                       errno == EINVAL,
                   "a packet is lost");
        truth_note(relay.truth, w->name, delay);
        w->first = (w->first + 1) % RING;
        w->count--;
    }
}

/* Until the next packet is due; NULL: none is. */
static const struct timespec *until_due(struct timespec *t)
{
    int64_t due = INT64_MAX;
    for (int i = 0; i < TRUTH_WAYS; i++) {
        const struct way *w = &relay.ways[i];
        if (w->count > 0 && w->ring[w->first].came < due)
            due = w->ring[w->first].came;
    }
    if (due == INT64_MAX)
        return NULL;
    int64_t left = due + relay.delay_ns - bench_now_ns();
    left = left > 0 ? left : 0;
    *t = (struct timespec){left / 1000000000, left % 1000000000};
    return t;
}

static void forward(int near)
{
    struct pollfd fds[TRUTH_WAYS + 1] = {[TRUTH_WAYS] = {near, POLLIN, 0}};
    while ((fds[TRUTH_WAYS].revents & POLLIN) == 0) {
        struct timespec t;
        for (int i = 0; i < TRUTH_WAYS; i++)
            fds[i] = (struct pollfd){
                relay.ways[i].count < RING ? relay.ways[i].from : -1, POLLIN,
                0};
        (void)ppoll(fds, TRUTH_WAYS + 1, until_due(&t), NULL);
        for (int i = 0; i < TRUTH_WAYS; i++) {
            take(&relay.ways[i]);
            give(&relay.ways[i]);
        }
    }
}

/* ---- All together ---- */

static void make_way(enum truth_way name, int from, int to)
{
    struct way *w = &relay.ways[name];
    *w = (struct way){.name = name, .from = from, .to = to};
    w->ring = calloc(RING, sizeof(*w->ring));
    bench_must(w->ring != NULL, "no memory");
}

/* Before all others, so that a busy machine does not make delays longer. */
static void hurry(void)
{
    const struct sched_param first = {.sched_priority = 1};
    prctl(PR_SET_TIMERSLACK, 1);
    (void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

static void report(void)
{
    double p50 = truth_share_ms(relay.truth, NULL, TRUTH_THERE, 0.5);
    double p99 = truth_share_ms(relay.truth, NULL, TRUTH_THERE, 0.99);
    bench_report("relay.there-p50-ms", p50, 2, "-");
    bench_report("relay.there-p99-ms", p99, 2, "-");
    p50 = truth_share_ms(relay.truth, NULL, TRUTH_BACK, 0.5);
    p99 = truth_share_ms(relay.truth, NULL, TRUTH_BACK, 0.99);
    bench_report("relay.back-p50-ms", p50, 2, "-");
    bench_report("relay.back-p99-ms", p99, 2, "-");
}

static char **find_near(int argc, char **argv)
{
    for (int i = 3; i < argc - 1; i++)
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            return argv + i + 1;
        }
    fprintf(stderr, "usage: relay MS FAR... -- NEAR...\n");
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    int status;
    char **near = find_near(argc, argv);
    int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    relay.delay_ns = (int64_t)(strtod(argv[1], NULL) * 1e6);
    bench_must(ours >= 0 && relay.delay_ns > 0, "no delay");
    int here = open_tun(near_set_up);
    if (unshare(CLONE_NEWNET) != 0)
        cannot("a network");
    int theirs = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int there = open_tun(far_set_up);
    relay.truth = truth_make();
    make_way(TRUTH_THERE, here, there);
    make_way(TRUTH_BACK, there, here);
    pid_t far_pid = start_far(argv + 2, theirs);
    pid_t near_pid = start(near, ours, -1);
    hurry();
    forward((int)syscall(SYS_pidfd_open, near_pid, 0));
    waitpid(near_pid, &status, 0);
    kill(far_pid, SIGTERM);
    waitpid(far_pid, NULL, 0);
    report();
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
