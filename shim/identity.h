/* One --identity: what it says, and the files with its secrets. */
#ifndef SHIM_IDENTITY_H
#define SHIM_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include <s2sprobe.h>

#define IDENTITY_SETTINGS                                                      \
    "domain=D[,cert=FILE,key=FILE][,pkcs12=FILE]"                              \
    "[,password-file=FILE][,secret-file=FILE]"

struct identity {
    s2s_identity given; /* for the library */
    const char *password_file, *secret_file;
    char *password, *secret; /* owned: what is in them */
};

/* Cuts `text` into pieces, to which `out` points. Which members belong
 * together is the library's to say. */
bool identity_parse(char *text, struct identity *out);

/* Read the secrets. False with one line in `error`. */
bool identity_load(struct identity *identity, char *error, size_t error_size);

/* Overwrites and frees the secrets. */
void identity_forget(struct identity *identity);

#endif
