// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_REPLAY_FORECAST_H
#define HITCTL_REPLAY_FORECAST_H
/*
 * What forecasts were worth: the probabilities that alerts gave to the next site, held against where
 * the vehicle was read next.
 *
 * A case is an alert with a forecast after which the vehicle was read at another site on the same
 * journey, that is within the quiet time. Calibrated are forecasts of which, among the sites that
 * were given seven to eight in ten, seven to eight in ten came true.
 *
 * Threads: one. Ownership: it owns what it remembers. Bounds: REPLAY_WAITING_MAX vehicles of a
 * partition are waited for; forecasts of others are counted as left out.
 */

#include "hitctl/replay_compare.h"
#include "hitstream/v1/event.pb-c.h"

enum {
    REPLAY_BANDS = 10,    // tenths of probability
    REPLAY_NAMED_MAX = 8, // sites of a forecast that are looked at
    REPLAY_WAITING_MAX = 1 << 17,
};

// Sites that were given such a probability.
struct replay_band {
    uint64_t given;         // so many
    uint64_t said_permille; // their probabilities, added
    uint64_t came;          // where the vehicle was read next
};

struct replay_forecast_counts {
    uint64_t cases;
    uint64_t first;   // the likeliest was it
    uint64_t named;   // one of those named was
    uint64_t in_time; // of these, between the times told
    struct replay_band bands[REPLAY_BANDS];
};

struct replay_waiting; // a vehicle with a forecast

// Zero-initialised but for quiet_ms is empty and valid.
struct replay_forecasts {
    int64_t quiet_ms; // a journey ends by then
    struct replay_forecast_counts sides[REPLAY_SIDES];
    struct replay_waiting **buckets; // open addressing, twice as many as vehicles
    size_t waiting;
    uint64_t left_out;
    int status; // HS_ENOMEM once memory ran out
};

// One side told this of the event at hand.
void replay_forecast_told(struct replay_forecasts *forecasts, enum replay_side side,
                          const Hitstream__V1__Alert *alert);
// A hit of the log, before the sides have it; `counts`: what it says of forecasts is counted.
void replay_forecast_seen(struct replay_forecasts *forecasts, const char *vehicle,
                          const Hitstream__V1__Hit *hit, bool counts);
// The next partition has other vehicles.
void replay_forecast_forget(struct replay_forecasts *forecasts);
void replay_forecast_fini(struct replay_forecasts *forecasts);
// Mean distance of what was said from what came, by bands; thousandths.
uint64_t replay_forecast_error_permille(const struct replay_forecast_counts *counts);

void replay_forecast_print_text(const struct replay_forecasts *forecasts, struct hs_buf *out);
// The member "forecasts" of an object, without braces.
void replay_forecast_print_json(const struct replay_forecasts *forecasts, struct hs_buf *out);

#endif
