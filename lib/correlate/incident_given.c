// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "correlate/incident_state.h"

void hs_given_fini(struct hs_given *given)
{
    free(given->queue); // the other texts lie behind it
    *given = (struct hs_given){0};
}

int hs_given_copy(const struct hs_given *given, struct hs_given *ret_copy)
{
    size_t queue = strlen(given->queue) + 1;
    size_t person = strlen(given->person) + 1;
    size_t to_queue = strlen(given->to_queue) + 1;
    char *texts = malloc(queue + person + to_queue);
    if (!texts) {
        return HS_ENOMEM;
    }
    *ret_copy = *given;
    ret_copy->queue = memcpy(texts, given->queue, queue);
    ret_copy->person = memcpy(texts + queue, given->person, person);
    ret_copy->to_queue = memcpy(texts + queue + person, given->to_queue, to_queue);
    return 0;
}

int hs_incident_give(struct hs_incident *incident, const struct hs_given *given)
{
    struct hs_given copy;
    if (!incident->given) {
        incident->given = calloc(HS_GIVEN_MAX, sizeof(*incident->given));
    }
    if (!incident->given || hs_given_copy(given, &copy) != 0) {
        return HS_ENOMEM;
    }
    if (incident->given_count == HS_GIVEN_MAX) {
        hs_given_fini(&incident->given[0]);
        incident->given_count--;
        memmove(&incident->given[0], &incident->given[1],
                incident->given_count * sizeof(incident->given[0]));
    }
    incident->given[incident->given_count++] = copy;
    return 0;
}
