// SPDX-License-Identifier: Apache-2.0
#include "hitctl/say.h"

#include <stdarg.h>
#include <stdio.h>

// The words of the command that runs, for messages.
static char running[128];

void hitctl_run_as(const char *group, const char *name)
{
    snprintf(running, sizeof(running), "%s%s%s", group ? group : "", group ? " " : "", name);
}

const char *hitctl_running(void)
{
    return running;
}

void hitctl_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "hitctl%s%s: ", running[0] ? " " : "", running);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void hitctl_print_diags(const struct hs_diags *diags)
{
    struct hs_buf line = {0};
    for (size_t i = 0; i < diags->count; i++) {
        hs_buf_clear(&line);
        hs_diag_format(&diags->rows[i], &line);
        fprintf(stderr, "%s\n", hs_buf_text(&line));
    }
    size_t all = diags->errors + diags->warnings;
    if (all > diags->count) {
        fprintf(stderr, "... and %zu more\n", all - diags->count);
    }
    hs_buf_fini(&line);
}
