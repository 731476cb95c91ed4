// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/logging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

// systemd names the stream it connected: JOURNAL_STREAM=device:inode. A redirected stderr is
// another.
static int stderr_is_the_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void log_to_journal(void *ctx, enum hs_log_level level, const struct hs_log_event *event,
                           const char *text)
{
    (void)ctx;
    sd_journal_send("MESSAGE=%s", text, "PRIORITY=%d", (int)level, "MESSAGE_ID=%s",
                    event->message_id, "HITSTREAM_EVENT=%s", event->name,
                    "SYSLOG_IDENTIFIER=hitstreamd", NULL);
}

void hs_logging_open(enum hs_log_level level)
{
    hs_log_open(stderr_is_the_journal() ? log_to_journal : NULL, NULL, level);
}

enum hs_log_level hs_logging_level(const char *name)
{
    static const struct {
        const char *name;
        enum hs_log_level level;
    } rows[] = {{"error", HS_LOG_ERROR},
                {"warning", HS_LOG_WARNING},
                {"notice", HS_LOG_NOTICE},
                {"info", HS_LOG_INFO},
                {"debug", HS_LOG_DEBUG}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(name, rows[i].name) == 0) {
            return rows[i].level;
        }
    }
    return HS_LOG_INFO;
}
