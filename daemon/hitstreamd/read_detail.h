// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_READ_DETAIL_H
#define HITSTREAMD_READ_DETAIL_H
/*
 * The fields of a PlateRead that only a hit needs, as views into its bytes: no allocation.
 *
 * Threads: any. What it trusts: nothing; a malformed read gives the fields before the fault.
 */

#include "base/str.h"

struct hs_read_detail {
    struct hs_str read_id;
    int64_t received_at_ms;
    uint32_t lane;
    bool has_position;
    double latitude_deg;
    double longitude_deg;
    struct hs_str make;
    struct hs_str model;
    struct hs_str colour;
    struct hs_str plate_image_ref;
    struct hs_str overview_image_ref;
    struct hs_str country;
};

void hs_read_detail(struct hs_str raw, struct hs_read_detail *ret_detail);

#endif
