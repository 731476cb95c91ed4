// SPDX-License-Identifier: Apache-2.0
// hitctl audit export: who was told what, who changed and who looked.
#include <errno.h>
#include <string.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/audit_collect.h"
#include "hitctl/audit_verify.h"
#include "hitctl/consult.h"
#include "hitctl/store_open.h"
#include "vrm/vrm.h"

struct export_options {
    const char *from, *to, *vehicle, *person, *queue, *format, *output;
};

#define AT(member) offsetof(struct export_options, member)
static const struct hitctl_option export_table[] = {
    {"from", HITCTL_TEXT, AT(from), "TIME|DATE",
     "as 2026-11-21T00:00:00Z; a date begins at midnight in London (default: the beginning)"},
    {"to", HITCTL_TEXT, AT(to), "TIME|DATE", "not including it (default: now)"},
    {"vehicle", HITCTL_TEXT, AT(vehicle), "VRM", "what concerns this vehicle"},
    {"person", HITCTL_TEXT, AT(person), "NAME", "what this person did"},
    {"queue", HITCTL_TEXT, AT(queue), "QUEUE", "what this recipient was told"},
    {"format", HITCTL_TEXT, AT(format), "text|jsonl|csv", "default: text, with --json jsonl"},
    {"output", HITCTL_TEXT, AT(output), "FILE", "default: standard output"},
    {NULL, 0, 0, NULL, NULL},
};

// Midnight in London, when the day begins.
static int parse_day(const char *text, int64_t *ret_ms)
{
    char midnight[HS_CIVIL_TEXT_BYTES];
    uint32_t date;
    int rc = hs_civil_parse_date(hs_str(text), &date);
    if (rc == 0) {
        snprintf(midnight, sizeof(midnight), "%04u-%02u-%02uT00:00:00", date / 10000 % 10000,
                 date / 100 % 100, date % 100);
        rc = hs_civil_parse(hs_str(midnight), ret_ms);
    }
    return rc;
}

static int parse_time(const char *option, const char *text, int64_t *ret_ms)
{
    if (text && hs_civil_parse(hs_str(text), ret_ms) != 0 && parse_day(text, ret_ms) != 0) {
        hitctl_error("--%s '%s' is no time; as in 2026-12-31T22:00:00Z, or 2026-12-31", option,
                     text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int parse_format(const char *text, bool json, enum hitctl_audit_format *ret_format)
{
    static const char *const words[] = {"text", "jsonl", "csv"};
    *ret_format = json ? HITCTL_AUDIT_JSONL : HITCTL_AUDIT_TEXT;
    for (int i = 0; text && i < 3; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_format = (enum hitctl_audit_format)i;
            return HITCTL_OK;
        }
    }
    if (text) {
        hitctl_error("--format '%s' is unknown; allowed: text, jsonl or csv", text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

// Everything that is wrong, not only the first; `vrm` holds the vehicle's text.
static int parse_query(const struct export_options *options, struct hs_vrm *vrm, char *vehicle,
                       size_t vehicle_size, struct hitctl_audit_query *ret_query)
{
    struct hitctl_audit_query query = {
        .to_ms = INT64_MAX, .person = options->person, .queue = options->queue};
    int code = parse_time("from", options->from, &query.from_ms);
    int to = parse_time("to", options->to, &query.to_ms);
    code = code ? code : to;
    if (code == HITCTL_OK && query.from_ms >= query.to_ms) {
        hitctl_error("--from is not before --to");
        code = HITCTL_USAGE;
    }
    if (options->vehicle && hs_vrm_normalise(hs_str(options->vehicle), vrm, NULL) != 0) {
        hitctl_error("--vehicle '%s' is no plate: 1 to 12 letters or digits", options->vehicle);
        code = HITCTL_USAGE;
    } else if (options->vehicle) {
        snprintf(vehicle, vehicle_size, "%.*s", HS_STR_ARG(hs_vrm_str(vrm)));
        query.vehicle = vehicle;
    }
    *ret_query = query;
    return code;
}

static int write_rows(struct hitctl_audit_rows *rows, enum hitctl_audit_format format,
                      const char *path)
{
    FILE *out = path ? fopen(path, "we") : stdout;
    if (!out) {
        hitctl_error("cannot write '%s': %s", path, strerror(errno));
        return HITCTL_FAILED;
    }
    int rc = hitctl_audit_rows_print(rows, format, out);
    if (rc != 0) {
        hitctl_error("the rows cannot be put in order: %s", hs_strerror(rc));
        if (out != stdout) {
            fclose(out);
        }
        return HITCTL_FAILED;
    }
    if (fflush(out) != 0 || (out != stdout && fclose(out) != 0)) {
        hitctl_error("cannot write: %s", strerror(errno));
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}

static int run_export(struct hitctl *ctl, int argc, char **argv)
{
    struct export_options options = {0};
    struct hitctl_audit_query query;
    static struct hitctl_audit_rows rows; // large, and one a run
    enum hitctl_audit_format format;
    struct hs_store *store = NULL;
    struct hs_vrm vrm;
    char vehicle[64];
    int words = hitctl_options_parse(export_table, &options, argc, argv);
    if (words != 0) {
        if (words > 0) {
            hitctl_error("takes no words, only options");
        }
        return HITCTL_USAGE;
    }
    int code = parse_query(&options, &vrm, vehicle, sizeof(vehicle), &query);
    int format_code = parse_format(options.format, ctl->json, &format);
    code = code ? code : format_code;
    code = code ? code : hitctl_store_open(ctl, &store);
    if (code != HITCTL_OK) {
        return code;
    }
    code = hitctl_consulted(
        ctl, store, &(struct hitctl_subject){.vehicle = query.vehicle, .queue = query.queue});
    code = code ? code : hitctl_audit_changes(ctl, store, &query, &rows);
    code = code ? code : hitctl_audit_alerts(ctl, store, &query, &rows);
    if (code == HITCTL_OK) {
        code = write_rows(&rows, format, options.output);
    }
    hitctl_audit_rows_fini(&rows);
    hs_store_free(store);
    return code;
}

const struct hitctl_command hitctl_audit_commands[] = {
    {"audit", "verify", "[--chain-only]",
     "walk the chain of changes and its anchors, name the first break", hitctl_audit_verify,
     hitctl_audit_verify_options},
    {"audit", "export", "[--from TIME] [--to TIME] [--vehicle VRM|--person NAME|--queue QUEUE]",
     "who was told what, who changed and who looked, in order of time", run_export, export_table},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
