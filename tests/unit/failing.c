#include "failing.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

static unsigned long calls;
static unsigned long failing; /* the first call that fails; 0: none */
static bool all_after;

void failing_arm(unsigned long nth, bool sticky)
{
    calls = 0;
    failing = nth;
    all_after = sticky;
}

void failing_off(void)
{
    failing_arm(0, false);
}

unsigned long failing_count(void)
{
    return calls;
}

static bool fails(void)
{
    calls++;
    return failing != 0 && (calls == failing || (all_after && calls > failing));
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

/* --- a shared library: the addresses in its relocations --- */

struct search {
    const char *name;
    unsigned found;
};

static uintptr_t replacement(const char *symbol)
{
    if (strcmp(symbol, "malloc") == 0)
        return (uintptr_t)__wrap_malloc;
    if (strcmp(symbol, "calloc") == 0)
        return (uintptr_t)__wrap_calloc;
    if (strcmp(symbol, "realloc") == 0)
        return (uintptr_t)__wrap_realloc;
    if (strcmp(symbol, "strdup") == 0)
        return (uintptr_t)__wrap_strdup;
    if (strcmp(symbol, "strndup") == 0)
        return (uintptr_t)__wrap_strndup;
    return 0;
}

static uintptr_t entry(const struct dl_phdr_info *library, ElfW(Sxword) tag)
{
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        if (library->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        uintptr_t at = library->dlpi_addr + library->dlpi_phdr[i].p_vaddr;
        const ElfW(Dyn) *d = (const ElfW(Dyn) *)at;
        for (; d->d_tag != DT_NULL; d++) {
            if (d->d_tag == tag)
                return d->d_un.d_ptr;
        }
    }
    return 0;
}

static void write_address(uintptr_t slot, uintptr_t address)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)(slot & ~(page - 1));
    if (mprotect(start, 2 * page, PROT_READ | PROT_WRITE) == 0)
        memcpy((void *)slot, &address, sizeof(address));
}

static unsigned redirect(const struct dl_phdr_info *library, ElfW(Sxword) table,
                         ElfW(Sxword) size)
{
    const ElfW(Rela) *r = (const ElfW(Rela) *)entry(library, table);
    const ElfW(Sym) *symbols = (const ElfW(Sym) *)entry(library, DT_SYMTAB);
    const char *names = (const char *)entry(library, DT_STRTAB);
    size_t count = entry(library, size) / sizeof(*r);
    unsigned found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t symbol = ELF64_R_SYM(r[i].r_info);
        uintptr_t ours = replacement(names + symbols[symbol].st_name);
        if (symbol == 0 || ours == 0)
            continue;
        write_address(library->dlpi_addr + r[i].r_offset, ours);
        found++;
    }
    return found;
}

static int look(struct dl_phdr_info *library, size_t size, void *data)
{
    struct search *search = data;
    (void)size;
    if (strstr(library->dlpi_name, search->name) == NULL)
        return 0;
    search->found += redirect(library, DT_JMPREL, DT_PLTRELSZ);
    search->found += redirect(library, DT_RELA, DT_RELASZ);
    return 0;
}

unsigned failing_include(const char *name)
{
    struct search search = {name, 0};
    dl_iterate_phdr(look, &search);
    return search.found;
}
