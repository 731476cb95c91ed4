// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_STREAM_H
#define HITCTL_STREAM_H
/*
 * What the commands that talk to Kafka share: answers to its errors, Ctrl-C, lines of an input.
 *
 * Threads: one.
 */

#include "hitctl/command.h"

// Says what went wrong with a topic and answers with the exit code for it.
int hitctl_kafka_failed(int status, const char *topic);

// From here on SIGINT and SIGTERM are noted instead of ending the program.
void hitctl_catch_interrupt(void);
bool hitctl_interrupted(void);

// Lines of a file or, for "-", of standard input, without blocking for longer than asked.
struct hitctl_lines {
    int fd;
    bool eof;
    struct hs_buf buf; // what was read; lines point into it
    size_t at;         // where the next line begins in buf
    size_t searched;   // bytes from `at` known to hold no line feed
    uint64_t number;   // of the last line, 1 is the first
};
enum { HITCTL_LINE_MAX_BYTES = 1 << 20 };

// HS_ENOTFOUND or HS_EIO; errno says why.
int hitctl_lines_open(const char *path, struct hitctl_lines *ret_lines);
void hitctl_lines_close(struct hitctl_lines *lines);
// The next line without its line feed, valid until the next call. HS_EAGAIN: none within
// `timeout_ms`; HS_ENOTFOUND: no more; HS_ELIMIT: longer than HITCTL_LINE_MAX_BYTES; HS_EIO.
int hitctl_lines_next(struct hitctl_lines *lines, int timeout_ms, struct hs_str *ret_line);

#endif
