/*
 * peer serve CERT KEY DOMAIN: a server for DOMAIN on a free port of 127.0.0.1,
 * which it prints. CERT is the one authority that it knows. Ends with its
 * standard input.
 *
 * peer json HOST PORT FROM TO: the library's JSON of a probe in the clear.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <s2sprobe.h>

static void *stop_at_end(void *user)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    s2s_context_stop(user);
    return NULL;
}

static int serve(char **arguments)
{
    const s2s_identity us = {.size = sizeof(us),
                             .domain = arguments[2],
                             .certificate_file = arguments[0],
                             .key_file = arguments[1]};
    const s2s_identity *const identities[] = {&us, NULL};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = arguments[0],
                                       .identities = identities};
    s2s_context *context;
    pthread_t thread;
    uint16_t port;
    if (s2s_context_new(&setup, &context) != S2S_OK)
        return 1;
    if (s2s_context_listen(context, "127.0.0.1:0", &port) != S2S_OK ||
        pthread_create(&thread, NULL, stop_at_end, context) != 0) {
        s2s_context_free(context);
        return 1;
    }
    printf("%u\n", port);
    fflush(stdout);
    while (s2s_context_run(context, -1) >= 0)
        continue;
    pthread_join(thread, NULL);
    s2s_context_free(context);
    return 0;
}

static int json(char **arguments)
{
    const s2s_options options = {.size = sizeof(options),
                                 .host = arguments[0],
                                 .port =
                                     (uint16_t)strtoul(arguments[1], NULL, 10),
                                 .tls_mode = S2S_TLS_NONE};
    s2s_result *r;
    s2s_connect(arguments[2], arguments[3], &options, &r);
    if (r == NULL)
        return 1;
    puts(s2s_result_json(r));
    s2s_result_free(r);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "serve") == 0)
        return serve(argv + 2);
    if (argc == 6 && strcmp(argv[1], "json") == 0)
        return json(argv + 2);
    fputs("usage: see peer.c\n", stderr);
    return 2;
}
