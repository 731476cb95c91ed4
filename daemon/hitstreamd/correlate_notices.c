// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_notices.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct hs_notices {
    pthread_mutex_t lock; // all below
    struct hs_notice rows[HS_NOTICES_MAX];
    unsigned first; // the oldest
    unsigned count;
};

struct hs_notices *hs_notices_new(void)
{
    struct hs_notices *notices = calloc(1, sizeof(*notices));
    if (notices) {
        pthread_mutex_init(&notices->lock, NULL);
    }
    return notices;
}

void hs_notices_free(struct hs_notices *notices)
{
    if (notices) {
        pthread_mutex_destroy(&notices->lock);
        free(notices);
    }
}

void hs_notices_leave(struct hs_notices *notices, const char *what, const char *format, ...)
{
    va_list args;
    if (!notices) {
        return;
    }
    va_start(args, format);
    pthread_mutex_lock(&notices->lock);
    if (notices->count == HS_NOTICES_MAX) {
        notices->first = (notices->first + 1) % HS_NOTICES_MAX;
        notices->count--;
    }
    struct hs_notice *row = &notices->rows[(notices->first + notices->count) % HS_NOTICES_MAX];
    notices->count++;
    snprintf(row->what, sizeof(row->what), "%s", what);
    vsnprintf(row->text, sizeof(row->text), format, args);
    pthread_mutex_unlock(&notices->lock);
    va_end(args);
}

bool hs_notices_take(struct hs_notices *notices, struct hs_notice *ret_notice)
{
    if (!notices) {
        return false;
    }
    pthread_mutex_lock(&notices->lock);
    bool waits = notices->count > 0;
    if (waits) {
        *ret_notice = notices->rows[notices->first];
        notices->first = (notices->first + 1) % HS_NOTICES_MAX;
        notices->count--;
    }
    pthread_mutex_unlock(&notices->lock);
    return waits;
}
