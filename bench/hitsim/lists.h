// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_LISTS_H
#define HITSIM_LISTS_H
/*
 * Made-up watchlists: which vehicles are listed, on which list, and the VOI files for `hitctl list
 * load`.
 *
 * Vehicles 0 to `listed` - 1 are listed, each on one list. Pure but for the files; threads: any.
 */

#include <stdbool.h>
#include <stdint.h>

// What a vehicle looks like.
struct looks {
    const char *make;
    const char *model;
    const char *colour;
};
struct looks looks_of_vehicle(uint32_t vehicle);

// One made-up list, as `hitctl list create` is to make it.
struct sim_list {
    const char *list_id;
    const char *title;
    const char *owner; // force
    bool covert;
    bool trial;
    const char *action;   // of its entries; NULL: half of them STOP, half SILENT
    const char *priority; // of its entries
    const char *markers;
    const char *reason;
};
extern const struct sim_list sim_lists[];
extern const unsigned sim_list_count;
extern const struct sim_list *const sim_list_at_risk; // of missing and exploited people

// The list that a listed vehicle stands on.
const struct sim_list *list_of_vehicle(uint32_t vehicle);

// Whether the vehicle comes to stand on the list of people at risk too, and from when on: one in
// ten of the other open lists' does, somewhere in `span_ms` from the start. With a span of 0 none.
bool second_entry(uint32_t vehicle, int64_t start_ms, int64_t span_ms, int64_t *ret_from_ms);

// Puts one more vehicle on a list that stands in the folder. Says on stderr what failed.
bool lists_add(const char *folder, const struct sim_list *list, uint32_t vehicle, int64_t start_ms);

// Writes <folder>/<list>.csv for each list, sixteen VOI columns and some of ours, and
// <folder>/lists.tsv: id, owner, open or covert, live or trial, title. Says on stderr what failed.
bool lists_write(const char *folder, uint32_t listed, int64_t start_ms, int64_t span_ms);

#endif
