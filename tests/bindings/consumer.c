/*
 * consumer DOMAIN [HOST [CA-FILE]]: what a user of the installed library may
 * write. Prints the verdict, the features and the findings of one probe.
 */
#include <s2sprobe.h>
#include <stdio.h>

static void print(const s2s_result *r)
{
    size_t i;

    printf("verdict: %s\n", s2s_code_name(s2s_result_error(r)));
    if (s2s_result_error(r) != S2S_OK)
        printf("because: %s\n", s2s_result_message(r));
    for (i = 0; i < s2s_result_feature_count(r); i++)
        printf("feature: %s\n", s2s_result_feature(r, i));
    for (i = 0; i < s2s_result_finding_count(r); i++)
        printf("finding: %s %s\n", s2s_result_finding_code(r, i),
               s2s_result_finding_seen(r, i));
    printf("took: %ld us\n", (long)s2s_result_stage_us(r, S2S_STAGE_DONE));
}

int main(int argc, char **argv)
{
    s2s_context_options setup = {.size = sizeof(setup)};
    s2s_options options = {.size = sizeof(options), .setup = &setup};
    s2s_result *r;
    int error;

    if (argc < 2)
        return 64;
    options.host = argc > 2 ? argv[2] : NULL;
    setup.ca_file = argc > 3 ? argv[3] : NULL;
    error = s2s_ping("probe.test", argv[1], &options, &r);
    if (r == NULL) {
        fprintf(stderr, "consumer: %s\n", s2s_strerror(error));
        return 2;
    }
    print(r);
    s2s_result_free(r);
    return error != S2S_OK;
}
