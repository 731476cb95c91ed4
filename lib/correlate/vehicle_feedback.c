// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "correlate/vehicle_state.h"

bool hs_vehicle_has_feedback(const struct hs_vehicle *vehicle, const struct hs_id *feedback)
{
    for (size_t i = vehicle->feedback_count; i > 0; i--) {
        if (hs_id_eq(&vehicle->feedback[i - 1], feedback)) {
            return true;
        }
    }
    return false;
}

void hs_vehicle_note_feedback(struct hs_vehicle *vehicle, const struct hs_id *feedback)
{
    if (vehicle->feedback_count == HS_FEEDBACK_IDS_MAX) {
        vehicle->feedback_count--;
        memmove(&vehicle->feedback[0], &vehicle->feedback[1],
                vehicle->feedback_count * sizeof(vehicle->feedback[0]));
    }
    vehicle->feedback[vehicle->feedback_count++] = *feedback;
}

void hs_vehicle_forget_exclusions(struct hs_vehicle *vehicle)
{
    for (size_t i = 0; i < vehicle->exclusion_count; i++) {
        free(vehicle->exclusions[i].list_id); // the other texts lie behind it
    }
    vehicle->exclusion_count = 0;
}

// The whole characters of the text that fit into so many bytes.
static size_t cut(const char *text, size_t max)
{
    size_t len = strlen(text);
    if (len <= max) {
        return len;
    }
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}

static char *put(char **at, const char *text, size_t len)
{
    char *to = *at;
    memcpy(to, text, len);
    to[len] = '\0';
    *at += len + 1;
    return to;
}

static int copy_exclusion(const struct hs_exclusion *from, struct hs_exclusion *ret_copy)
{
    const char *texts[] = {from->list_id, from->entry_id, from->plate,
                           from->person,  from->queue,    from->note};
    char **to[] = {&ret_copy->list_id, &ret_copy->entry_id, &ret_copy->plate,
                   &ret_copy->person,  &ret_copy->queue,    &ret_copy->note};
    size_t len = cut(from->note, HS_EXCLUSION_NOTE_MAX);
    size_t room = len + 6;
    for (size_t i = 0; i < 5; i++) {
        room += strlen(texts[i]);
    }
    char *at = malloc(room);
    if (!at) {
        return HS_ENOMEM;
    }
    *ret_copy = *from;
    for (size_t i = 0; i < 6; i++) {
        *to[i] = put(&at, texts[i], i < 5 ? strlen(texts[i]) : len);
    }
    return 0;
}

// Makes room for one more; whether one left that Redis does not have.
static bool drop_one(struct hs_vehicle *vehicle)
{
    size_t leaves = 0;
    while (leaves < vehicle->exclusion_count && !vehicle->exclusions[leaves].stored) {
        leaves++;
    }
    bool pending = leaves == vehicle->exclusion_count;
    leaves = pending ? 0 : leaves;
    free(vehicle->exclusions[leaves].list_id);
    vehicle->exclusion_count--;
    memmove(&vehicle->exclusions[leaves], &vehicle->exclusions[leaves + 1],
            (vehicle->exclusion_count - leaves) * sizeof(vehicle->exclusions[0]));
    return pending;
}

int hs_vehicle_exclude(struct hs_vehicle *vehicle, const struct hs_exclusion *exclusion,
                       bool *ret_dropped)
{
    struct hs_exclusion copy;
    *ret_dropped = false;
    if (!vehicle->exclusions) {
        vehicle->exclusions = calloc(HS_EXCLUSIONS_MAX, sizeof(*vehicle->exclusions));
    }
    if (!vehicle->exclusions || copy_exclusion(exclusion, &copy) != 0) {
        return HS_ENOMEM;
    }
    if (vehicle->exclusion_count == HS_EXCLUSIONS_MAX) {
        *ret_dropped = drop_one(vehicle);
    }
    vehicle->exclusions[vehicle->exclusion_count++] = copy;
    return 0;
}

bool hs_vehicle_excludes(const struct hs_vehicle *vehicle, const char *list_id,
                         const char *entry_id, const char *plate, int64_t at_ms)
{
    for (size_t i = 0; i < vehicle->exclusion_count; i++) {
        const struct hs_exclusion *row = &vehicle->exclusions[i];
        if (at_ms < row->expires_at_ms && strcmp(row->plate, plate) == 0 &&
            strcmp(row->entry_id, entry_id) == 0 && strcmp(row->list_id, list_id) == 0) {
            return true;
        }
    }
    return false;
}

bool hs_vehicle_is_needed(const struct hs_vehicle *vehicle)
{
    bool pending = false;
    for (size_t i = 0; i < vehicle->exclusion_count; i++) {
        pending = pending || !vehicle->exclusions[i].stored;
    }
    return vehicle->open || pending;
}
