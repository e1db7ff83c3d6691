/* Files in memory, for what reads files by their names. */
#ifndef TEST_MEMORY_FILES_H
#define TEST_MEMORY_FILES_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_FILES 8

static char memory_paths[MEMORY_FILES][40];
static int memory_descriptors[MEMORY_FILES];
static size_t memory_count;

/* A name, until forget_files(). */
static inline const char *file_of(const void *bytes, size_t size)
{
    assert_true(memory_count < MEMORY_FILES);
    int fd = memfd_create("file", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    memory_descriptors[memory_count] = fd;
    (void)snprintf(memory_paths[memory_count], sizeof(memory_paths[0]),
                   "/proc/self/fd/%d", fd);
    return memory_paths[memory_count++];
}

/* A teardown. */
static inline int forget_files(void **state)
{
    (void)state;
    while (memory_count > 0)
        close(memory_descriptors[--memory_count]);
    return 0;
}

#endif
