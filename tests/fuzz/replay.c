/* replay PATH...: the inputs of a corpus, files or directories of them, through
 * a fuzz target; so that old cases run in every test. tests/fuzz/run builds a
 * target for fuzzing, without this file.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count;

static int replay(const char *path)
{
    FILE *f = fopen(path, "rbe");
    uint8_t *data = malloc(INPUT_MAX);
    int bad = f == NULL || data == NULL;
    if (!bad) {
        size_t size = fread(data, 1, INPUT_MAX, f);
        /* A copy of the exact size, so that a sanitizer sees an over-read. */
        uint8_t *exact = malloc(size > 0 ? size : 1);
        bad = exact == NULL || ferror(f) || size == INPUT_MAX;
        if (!bad) {
            memcpy(exact, data, size);
            LLVMFuzzerTestOneInput(exact, size);
            count++;
        }
        free(exact);
    }
    free(data);
    if (f != NULL)
        fclose(f);
    if (bad)
        fprintf(stderr, "replay: cannot read %s\n", path);
    return bad;
}

static int replay_all(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    int bad = 0;
    if (d == NULL)
        return replay(path);
    while ((e = readdir(d)) != NULL) {
        char name[4096];
        if (e->d_name[0] == '.')
            continue;
        int n = snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        bad |= n < 0 || (size_t)n >= sizeof(name) || replay(name);
    }
    closedir(d);
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;
    for (int i = 1; i < argc; i++)
        bad |= replay_all(argv[i]);
    printf("1..1\n%s 1 - %u inputs\n", bad || count == 0 ? "not ok" : "ok",
           count);
    return bad || count == 0;
}
