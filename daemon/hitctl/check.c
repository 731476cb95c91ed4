// SPDX-License-Identifier: Apache-2.0
// hitctl check: which entries would a plate hit, and by which tier? Asks the engine over the lists
// as they are in Redis.
#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/list_common.h"
#include "match/query.h"

struct check_options {
    const char *camera, *at;
    int64_t confidence;
};

static const struct hitctl_option check_table[] = {
    {"camera", HITCTL_TEXT, offsetof(struct check_options, camera), "ID",
     "the camera that reads it (default: none known)"},
    {"at", HITCTL_TEXT, offsetof(struct check_options, at), "TIME",
     "when, as 2026-12-31T22:00:00Z (default: now)"},
    {"confidence", HITCTL_NUMBER, offsetof(struct check_options, confidence), "PERCENT",
     "of every character"},
    {NULL, 0, 0, NULL, NULL},
};

// ---- the snapshot ----

struct building {
    const struct hitctl *ctl;
    struct hs_snapshot_builder *builder;
};

static int begin(void *ctx)
{
    struct building *building = ctx;
    hs_snapshot_builder_free(building->builder);
    building->builder = NULL;
    return hs_snapshot_builder_new(&building->builder);
}

static int add_list(void *ctx, const struct hs_store_list *list)
{
    struct building *building = ctx;
    if (!hitctl_sees(building->ctl, list->list_id, list->covert)) {
        return 1;
    }
    struct hs_list_spec spec = {.list_id = list->list_id,
                                .title = list->title,
                                .owner_force = list->owner_force,
                                .covert = list->covert,
                                .status = (enum hs_list_status)list->status,
                                .policy = list->policy,
                                .generation = list->generation,
                                .sequence = list->sequence};
    return hs_snapshot_builder_list(building->builder, &spec);
}

static int add_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct building *building = ctx;
    (void)entry_id;
    return hs_snapshot_builder_entry(building->builder, entry);
}

static int build(const struct hitctl *ctl, struct hs_store *store,
                 struct hs_snapshot **ret_snapshot)
{
    struct building building = {ctl, NULL};
    struct hs_position position;
    struct hs_store_sink sink = {&building, begin, add_list, add_entry};
    int rc = hs_store_load(store, &sink, &position);
    if (rc != 0) {
        hs_snapshot_builder_free(building.builder);
        return rc;
    }
    return hs_snapshot_builder_build(building.builder, hs_clock_realtime_ms(), hs_str(position.id),
                                     ret_snapshot);
}

// ---- the answer ----

struct answer {
    json_t *json; // or NULL: lines
    size_t hits;
};

static void say_hit(void *ctx, const struct hs_hit *hit)
{
    struct answer *answer = ctx;
    const char *tier = hs_tier_name((int)hit->tier);
    const char *status = hs_store_status_name((enum hs_store_status)hit->list->status);
    answer->hits++;
    if (answer->json) {
        json_array_append_new(answer->json,
                              json_pack("{s:o, s:s, s:s, s:o, s:o, s:s, s:s, s:i, s:b, s:o}",
                                        "list", hitctl_json_text(hit->list->list_id), "kind",
                                        hit->list->covert ? "covert" : "open", "status", status,
                                        "entry id", hitctl_json_text(hit->entry_id), "VRM",
                                        hitctl_json_text(hit->entry_vrm), "matched",
                                        hit->matched_vrm, "tier", tier, "score_permille",
                                        (int)hit->score_permille, "ambiguous", hit->ambiguous,
                                        "entry", hitctl_entry_json(hit->entry)));
        return;
    }
    printf("%-9s %.*s  '%.*s'  (%s list, %s)%s\n", tier, HS_STR_ARG(hit->list->list_id),
           HS_STR_ARG(hit->entry_vrm), hit->list->covert ? "covert" : "open", status,
           hit->ambiguous ? "  another entry explains the read as well" : "");
}

static const char *fault_text(enum hs_read_fault fault)
{
    return fault == HS_READ_NO_PLATE ? "is no plate: 1 to 12 letters or digits"
                                     : "cannot be asked for";
}

static int ask(const struct hitctl *ctl, struct hs_store *store, const struct hs_match_query *query)
{
    struct hs_snapshot *snapshot;
    struct answer answer = {ctl->json ? json_array() : NULL, 0};
    enum hs_read_fault fault = HS_READ_OK;
    int code = HITCTL_OK;
    int rc = build(ctl, store, &snapshot);
    if (rc != 0) {
        json_decref(answer.json);
        return hitctl_store_failed(store, rc, "cannot read the lists");
    }
    struct hs_match_context context = {0};
    rc = hs_match_query(snapshot, &context, query, &fault, say_hit, &answer);
    if (rc == HS_EINVAL) {
        hitctl_error("'%.*s' %s", HS_STR_ARG(query->vrm), fault_text(fault));
        code = HITCTL_USAGE;
    } else if (rc != 0) {
        hitctl_error("%s", hs_strerror(rc));
        code = HITCTL_FAILED;
    }
    if (answer.json) {
        hitctl_print_json(answer.json);
    } else if (code == HITCTL_OK && answer.hits == 0) {
        puts("no entry");
    }
    hs_snapshot_free(snapshot);
    return code;
}

static int run_check(struct hitctl *ctl, int argc, char **argv)
{
    struct check_options options = {0};
    struct hs_store *store;
    int words = hitctl_options_parse(check_table, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs a plate");
        }
        return HITCTL_USAGE;
    }
    struct hs_match_query query = {.vrm = hs_str(argv[1]),
                                   .camera_id = hs_str(options.camera ? options.camera : ""),
                                   .at_ms = hs_clock_realtime_ms(),
                                   .confidence_pct = (unsigned)options.confidence};
    if (options.at && hs_civil_parse(hs_str(options.at), &query.at_ms) != 0) {
        hitctl_error("--at '%s' is no time; as in 2026-12-31T22:00:00Z", options.at);
        return HITCTL_USAGE;
    }
    if (options.confidence > 100) {
        hitctl_error("--confidence is at most 100");
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &store);
    if (code != HITCTL_OK) {
        return code;
    }
    code = hitctl_consulted(ctl, store, &(struct hitctl_subject){.vehicle = argv[1]});
    code = code ? code : ask(ctl, store, &query);
    hs_store_free(store);
    return code;
}

const struct hitctl_command hitctl_check_commands[] = {
    {NULL, "check", "VRM [OPTION...]", "show which entries a plate would hit, and by which tier",
     run_check, check_table},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
