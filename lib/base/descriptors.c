#include "base/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

#define COUNT_US 250000

#define LEAST 16
#define MOST  256

/* How many there may be, less so many halves of what is left for others. */
static int64_t limit(int halves)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur > INT32_MAX)
        return INT64_MAX;
    int64_t most = (int64_t)l.rlim_cur;
    int64_t others = most / 8;
    others = others < LEAST ? LEAST : others > MOST ? MOST : others;
    return most - others * halves / 2;
}

void descriptors_init(struct descriptors *d, int any)
{
    *d = (struct descriptors){.any = any};
}

static int64_t taken(const struct descriptors *d)
{
    return d->used + d->promised;
}

static bool idle(const struct descriptors *d)
{
    return d->open == 0 && d->promised == 0;
}

/* How many the process has open; -1: the system does not tell. */
static int64_t count_all(void)
{
    int64_t count = 0;
    const struct dirent *entry;
    DIR *all = opendir("/proc/self/fd");
    if (all == NULL)
        return -1;
    while ((entry = readdir(all)) != NULL)
        count += entry->d_name[0] != '.' ? 1 : 0;
    closedir(all);
    return count - 1; /* the directory */
}

static void count_again(struct descriptors *d)
{
    int64_t now = clock_us();
    if (now - d->counted < COUNT_US)
        return;
    d->counted = now;
    int64_t count = count_all();
    if (count >= 0)
        d->used = count;
}

bool descriptors_can_promise(struct descriptors *d)
{
    if (idle(d) || taken(d) < limit(2))
        return true;
    count_again(d);
    return taken(d) < limit(2);
}

/* What the process has besides. */
static void look(struct descriptors *d)
{
    int free = fcntl(d->any, F_DUPFD_CLOEXEC, 0);
    d->counted = clock_us();
    d->used = free >= 0 ? free : limit(0);
    if (free >= 0)
        close(free);
}

void descriptors_promise(struct descriptors *d)
{
    if (idle(d))
        look(d);
    d->promised++;
}

void descriptors_redeem(struct descriptors *d)
{
    d->promised--;
}

bool descriptors_suffice(const struct descriptors *d, uint32_t more)
{
    return d == NULL || d->open == 0 || taken(d) + more <= limit(1);
}

bool descriptors_will_come(const struct descriptors *d)
{
    return d != NULL && d->open > 0;
}

int descriptors_opened(struct descriptors *d, int fd)
{
    if (d == NULL || fd < 0)
        return fd;
    d->used = d->used > fd ? d->used + 1 : (int64_t)fd + 1;
    d->open++;
    return fd;
}

void descriptors_closed(struct descriptors *d)
{
    if (d == NULL)
        return;
    d->used--;
    d->open--;
}
