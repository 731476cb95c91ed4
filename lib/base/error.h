// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_ERROR_H
#define HS_BASE_ERROR_H
/*
 * Error codes of every hitstream library: 0 is success, errors are negative.
 *
 * Threads: any. Outputs of a function that fails are untouched.
 */

// X(name, value, text): the one table of codes and their texts.
#define HS_ERROR_TABLE(X)                                                                          \
    X(HS_OK, 0, "success")                                                                         \
    X(HS_ENOMEM, -1, "out of memory")                                                              \
    X(HS_EINVAL, -2, "invalid argument")                                                           \
    X(HS_EFORMAT, -3, "malformed input")                                                           \
    X(HS_EVERSION, -4, "unsupported version")                                                      \
    X(HS_ECHECKSUM, -5, "checksum does not match")                                                 \
    X(HS_ENOTFOUND, -6, "not found")                                                               \
    X(HS_EEXIST, -7, "already exists")                                                             \
    X(HS_ECONFLICT, -8, "changed since it was read")                                               \
    X(HS_ELIMIT, -9, "limit reached")                                                              \
    X(HS_ETIMEDOUT, -10, "timed out")                                                              \
    X(HS_EAGAIN, -11, "try again")                                                                 \
    X(HS_EREFUSED, -12, "refused")                                                                 \
    X(HS_EUNREACHABLE, -13, "unreachable")                                                         \
    X(HS_ELOST, -14, "ownership lost")                                                             \
    X(HS_EPERM, -15, "not permitted")                                                              \
    X(HS_ECANCELED, -16, "cancelled")                                                              \
    X(HS_EIO, -17, "input or output error")                                                        \
    X(HS_EPROTO, -18, "unexpected reply from a peer")

enum hs_error {
#define X(name, value, text) name = value,
    HS_ERROR_TABLE(X)
#undef X
};

// Text of a code, lower case, no full stop; for an unknown code "unknown error". Static storage.
const char *hs_strerror(int code);

#endif
