// SPDX-License-Identifier: Apache-2.0
#include "hitctl/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "kafka/trouble.h"

enum { READ_BYTES = 1 << 16 };

static volatile sig_atomic_t interrupted;

int hitctl_kafka_failed(int status, const char *topic)
{
    struct hs_kafka_said said;
    switch (status) {
    case HS_ENOTFOUND:
        hitctl_error("there is no topic '%s'; 'hitctl topics create' makes what is missing", topic);
        return HITCTL_REFUSED;
    case HS_EUNREACHABLE:
        hitctl_error("topic '%s': no Kafka broker answers: %s", topic, hs_kafka_say(status, &said));
        return HITCTL_UNREACHABLE;
    case HS_EPERM:
        hitctl_error("topic '%s': %s", topic, hs_kafka_say(status, &said));
        return HITCTL_REFUSED;
    case HS_ETIMEDOUT:
        hitctl_error("topic '%s': Kafka did not answer in time", topic);
        return HITCTL_TIMEOUT;
    default:
        hitctl_error("topic '%s': %s", topic, hs_strerror(status));
        return HITCTL_FAILED;
    }
}

static void note_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void hitctl_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = note_interrupt}; // no SA_RESTART: poll shall wake
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool hitctl_interrupted(void)
{
    return interrupted != 0;
}

int hitctl_lines_open(const char *path, struct hitctl_lines *ret_lines)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? HS_ENOTFOUND : HS_EIO;
    }
    *ret_lines = (struct hitctl_lines){.fd = fd};
    return HS_OK;
}

void hitctl_lines_close(struct hitctl_lines *lines)
{
    if (lines->fd > STDIN_FILENO) {
        close(lines->fd);
    }
    hs_buf_fini(&lines->buf);
}

// Reads once. HS_EAGAIN: nothing within the time, or a signal.
static int fill(struct hitctl_lines *lines, int timeout_ms)
{
    struct pollfd wait = {.fd = lines->fd, .events = POLLIN};
    if (poll(&wait, 1, timeout_ms) <= 0) {
        return HS_EAGAIN;
    }
    if (lines->at > 0) {
        memmove(lines->buf.ptr, lines->buf.ptr + lines->at, lines->buf.len - lines->at);
        lines->buf.len -= lines->at;
        lines->at = 0;
    }
    char *room = hs_buf_reserve(&lines->buf, READ_BYTES);
    if (!room) {
        return HS_ENOMEM;
    }
    ssize_t got = read(lines->fd, room, READ_BYTES);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN ? HS_EAGAIN : HS_EIO;
    }
    lines->eof = got == 0;
    lines->buf.len += (size_t)got;
    return HS_OK;
}

int hitctl_lines_next(struct hitctl_lines *lines, int timeout_ms, struct hs_str *ret_line)
{
    for (;;) {
        const char *from = lines->buf.ptr + lines->at;
        size_t left = lines->buf.len - lines->at;
        const char *end = left > lines->searched
                              ? memchr(from + lines->searched, '\n', left - lines->searched)
                              : NULL;
        if (end || (lines->eof && left > 0)) {
            size_t len = end ? (size_t)(end - from) : left;
            *ret_line = hs_str_n(from, len);
            lines->at += len + (end != NULL);
            lines->searched = 0;
            lines->number++;
            return HS_OK;
        }
        if (lines->eof) {
            return HS_ENOTFOUND;
        }
        if (left > HITCTL_LINE_MAX_BYTES) {
            return HS_ELIMIT;
        }
        lines->searched = left;
        int status = fill(lines, timeout_ms);
        if (status != HS_OK) {
            return status;
        }
    }
}
