// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl match: reads of a file against a list of a file, by the engine alone. Needs neither Kafka
 * nor Redis; every hit says why it is one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/file.h"
#include "hitctl/list_file.h"
#include "hitctl/match_reads.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/confusion.h"
#include "match/matcher.h"

enum {
    BATCH_READS = 256,
    TIERS_MAX = 16,
    PERCENT_MAX = 100,
    REGISTER_BYTES_MAX = 64 << 20,
    CONFUSIONS_BYTES_MAX = 64 << 10,
    REFUSALS_SAID_MAX = 1000,
};

struct match_options {
    const char *list, *reads, *format, *tiers, *cameras, *confusions;
    int64_t max_confused, max_lookalike, min_confidence;
    bool skip_bad;
};

#define AT(member) offsetof(struct match_options, member)
static const struct hitctl_option match_table[] = {
    {"list", HITCTL_TEXT, AT(list), "FILE", "the list: a VOI file, CSV or JSON lines"},
    {"reads", HITCTL_TEXT, AT(reads), "FILE",
     "the reads: CSV with vrm,camera,captured_at, or JSON lines; '-' for standard input"},
    {"format", HITCTL_TEXT, AT(format), "csv|json",
     "of the list (default: by the file's name and first character)"},
    {"tiers", HITCTL_TEXT, AT(tiers), "T;T",
     "match tiers the list uses, or 'all' (default: the engine's)"},
    {"max-confused", HITCTL_NUMBER, AT(max_confused), "N",
     "longest list that CONFUSED is tried for (default: the engine's)"},
    {"max-lookalike", HITCTL_NUMBER, AT(max_lookalike), "N", "likewise for LOOKALIKE"},
    {"min-confidence", HITCTL_NUMBER, AT(min_confidence), "PERCENT",
     "least confidence of a read's weakest character"},
    {"cameras", HITCTL_TEXT, AT(cameras), "FILE",
     "camera register (CSV), for entries that hold at some places only and camera models"},
    {"confusions", HITCTL_TEXT, AT(confusions), "FILE",
     "pairs of characters, as in 'PB PR 8B', in place of the default table"},
    {"skip-bad", HITCTL_FLAG, AT(skip_bad), NULL, "go on without the list's bad lines"},
    {NULL, 0, 0, NULL, NULL},
};

// A run of the command.
struct matching {
    struct match_options options;
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    struct hs_cameras *cameras;       // NULL: none
    struct hs_confusions *confusions; // NULL: the default
    struct hitctl_match_reads *reads;
    struct hs_matcher *matcher;
    // the batch at hand
    struct hs_buf packed; // its reads, one behind another
    size_t ends[BATCH_READS];
    uint64_t lines[BATCH_READS];
    struct hs_read_view views[BATCH_READS];
    struct hs_candidate_view scratch[BATCH_READS][HS_READ_CANDIDATES_MAX];
    size_t count;
    // the answer
    json_t *hits;     // or NULL: lines
    uint64_t refused; // lines that are no reads
};

// ---- the list ----

static int take_tiers(const char *text, Hitstream__V1__MatchPolicy *policy)
{
    struct hs_str rest = hs_str(text), item;
    if (hs_str_eq_nocase(rest, HS_STR("all"))) {
        for (int tier = HS_TIER_EXACT; tier <= HS_TIER_WILDCARD; tier++) {
            policy->tiers[policy->n_tiers++] = (Hitstream__V1__MatchTier)tier;
        }
        return HITCTL_OK;
    }
    while (rest.len > 0 &&
           hs_str_split(&rest, memchr(rest.ptr, ';', rest.len) ? ';' : ',', &item)) {
        int tier = hs_tier_find(hs_str_trim(item));
        if (tier < 0 || policy->n_tiers == TIERS_MAX) {
            struct hs_buf words = {0};
            hs_tier_names(&words);
            hitctl_error("--tiers: '%.*s' is no match tier; allowed: all, or %s", HS_STR_ARG(item),
                         hs_buf_text(&words));
            hs_buf_fini(&words);
            return HITCTL_USAGE;
        }
        policy->tiers[policy->n_tiers++] = (Hitstream__V1__MatchTier)tier;
    }
    return HITCTL_OK;
}

static int begin_list(struct matching *matching)
{
    const struct match_options *options = &matching->options;
    Hitstream__V1__MatchPolicy policy = HITSTREAM__V1__MATCH_POLICY__INIT;
    Hitstream__V1__MatchTier tiers[TIERS_MAX];
    uint8_t packed[256];
    policy.tiers = tiers;
    policy.max_entries_confused = (uint32_t)options->max_confused;
    policy.max_entries_lookalike = (uint32_t)options->max_lookalike;
    policy.min_confidence_pct = (uint32_t)options->min_confidence;
    int code = options->tiers ? take_tiers(options->tiers, &policy) : HITCTL_OK;
    if (code != HITCTL_OK) {
        return code;
    }
    struct hs_list_spec spec = {
        .list_id = HS_STR("list"),
        .title = hs_str(options->list),
        .status = HS_LIST_LIVE,
        .policy = hs_str_n(packed, hitstream__v1__match_policy__pack(&policy, packed))};
    int rc = hs_snapshot_builder_new(&matching->builder);
    rc = rc ? rc : hs_snapshot_builder_list(matching->builder, &spec);
    if (rc != 0) {
        hitctl_error("%s", hs_strerror(rc));
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}

static int add_entry(void *ctx, const struct hs_entry *entry)
{
    struct matching *matching = ctx;
    int rc = hs_snapshot_builder_entry(matching->builder, entry->packed);
    if (rc == HS_EREFUSED) {
        hitctl_error("'%s': one mask of '?' too many for a list", entry->vrm.text);
    }
    return rc;
}

// The good lines of the file; bad ones are told, and refused unless they are to be skipped.
static int read_list(struct matching *matching)
{
    struct hitctl_file_options options = {.path = matching->options.list,
                                          .format = matching->options.format,
                                          .expired_ok = true, // the reads' own time decides
                                          .list_id = HS_STR("list"),
                                          .entry = add_entry,
                                          .ctx = matching};
    struct hitctl_file_result result;
    int rc;
    int code = hitctl_file_read(&options, &result, &rc);
    hitctl_print_diags(&result.diags);
    if (code == HITCTL_FAILED && rc != 0 && rc != HS_EREFUSED) {
        hitctl_error("%s", hs_strerror(rc));
    } else if (rc == HS_EREFUSED) {
        code = HITCTL_REFUSED;
    } else if (code == HITCTL_OK && result.bad > 0 && !matching->options.skip_bad) {
        hitctl_error("%zu of %zu lines of '%s' are bad; --skip-bad goes on without them",
                     result.bad, result.rows, options.path);
        code = HITCTL_REFUSED;
    }
    hs_diags_fini(&result.diags);
    return code;
}

static int build_list(struct matching *matching)
{
    int code = begin_list(matching);
    code = code ? code : read_list(matching);
    if (code != HITCTL_OK) {
        return code;
    }
    struct hs_snapshot_builder *builder = matching->builder;
    matching->builder = NULL; // used up
    int rc = hs_snapshot_builder_build(builder, hs_clock_realtime_ms(), HS_STR("0-0"),
                                       &matching->snapshot);
    if (rc != 0) {
        hitctl_error("cannot build the index: %s", hs_strerror(rc));
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}

// ---- what reads are judged by ----

static int read_file(const char *path, size_t limit_bytes, struct hs_buf *out)
{
    int rc = hs_file_read(path, limit_bytes, out);
    if (rc != 0) {
        hitctl_error("cannot read '%s': %s", path, hs_strerror(rc));
    }
    return rc == 0 ? HITCTL_OK : HITCTL_FAILED;
}

static int read_cameras(struct matching *matching)
{
    struct hs_buf text = {0};
    struct hs_diags diags = {0};
    const char *path = matching->options.cameras;
    int code = path ? read_file(path, REGISTER_BYTES_MAX, &text) : HITCTL_OK;
    if (path && code == HITCTL_OK &&
        hs_cameras_parse(hs_buf_str(&text), path, &diags, &matching->cameras) != 0) {
        code = HITCTL_REFUSED;
    }
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    hs_buf_fini(&text);
    return code;
}

static int read_confusions(struct matching *matching)
{
    struct hs_buf text = {0};
    const char *path = matching->options.confusions;
    int code = path ? read_file(path, CONFUSIONS_BYTES_MAX, &text) : HITCTL_OK;
    if (path && code == HITCTL_OK) {
        int rc = hs_confusions_new(&matching->confusions);
        rc = rc ? rc : hs_confusions_add(matching->confusions, hs_str(""), hs_buf_str(&text));
        if (rc != 0) {
            hitctl_error("'%s': %s; pairs of characters are allowed, as in 'PB PR 8B'", path,
                         hs_strerror(rc));
            code = HITCTL_REFUSED;
        }
    }
    hs_buf_fini(&text);
    return code;
}

// ---- the answer ----

// Where the read and the mark as listed differ; of one length only.
static json_t *differences_json(const struct hs_hit *hit)
{
    json_t *rows = json_array();
    for (unsigned i = 0; i < hit->entry_vrm.len && hit->matched_vrm[i]; i++) {
        if (hit->differing >> i & 1) {
            json_array_append_new(
                rows, json_pack("{s:i, s:o, s:o}", "position", (int)i, "read",
                                hitctl_json_text(hs_str_n(&hit->matched_vrm[i], 1)), "listed",
                                hitctl_json_text(hs_str_n(&hit->entry_vrm.ptr[i], 1))));
        }
    }
    return rows;
}

static void add_json_hit(struct matching *matching, const struct hs_hit *hit,
                         const struct hs_read_view *read, const char *at)
{
    json_array_append_new(
        matching->hits,
        json_pack("{s:I, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:b, s:o, s:o}", "line",
                  (json_int_t)matching->lines[hit->read_index], "vrm",
                  hitctl_json_text(hs_read_view_vrm(read)), "camera",
                  hitctl_json_text(hs_read_view_camera_id(read)), "captured at", at, "tier",
                  hs_tier_name((int)hit->tier), "matched", hit->matched_vrm, "listed",
                  hitctl_json_text(hit->entry_vrm), "entry id", hitctl_json_text(hit->entry_id),
                  "score_permille", (int)hit->score_permille, "weakest_confidence_pct",
                  (int)hit->weakest_confidence_pct, "ambiguous", hit->ambiguous, "differences",
                  differences_json(hit), "entry", hitctl_entry_json(hit->entry)));
}

// Reads come from anywhere: what is not printable ASCII comes out as '?'.
static void print_safe(struct hs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        putchar(text.ptr[i] >= ' ' && text.ptr[i] < 127 ? text.ptr[i] : '?');
    }
}

static void print_reasons(const struct hs_hit *hit)
{
    for (unsigned i = 0; i < hit->entry_vrm.len && hit->matched_vrm[i]; i++) {
        if (hit->differing >> i & 1) {
            printf("; character %u read '%c', listed '%c'", i + 1, hit->matched_vrm[i],
                   hit->entry_vrm.ptr[i]);
        }
    }
    if (hit->tier == HS_TIER_CANDIDATE) {
        printf("; by candidate '%s'", hit->matched_vrm);
    } else if (strlen(hit->matched_vrm) != hit->entry_vrm.len) {
        fputs("; a character of the plate is missing", stdout);
    } else if (memchr(hit->entry_vrm.ptr, '?', hit->entry_vrm.len)) {
        fputs("; the entry is a pattern", stdout);
    }
    if (hit->weakest_confidence_pct) {
        printf("; weakest character %u %%", hit->weakest_confidence_pct);
    }
    if (hit->ambiguous) {
        fputs("; another entry explains the read as well", stdout);
    }
}

static void say_hit(void *ctx, const struct hs_hit *hit)
{
    struct matching *matching = ctx;
    const struct hs_read_view *read = &matching->views[hit->read_index];
    char at[HS_CIVIL_TEXT_BYTES];
    hs_civil_format(read->captured_at_ms, at);
    if (matching->hits) {
        add_json_hit(matching, hit, read, at);
        return;
    }
    printf("%" PRIu64 ": ", matching->lines[hit->read_index]);
    print_safe(hs_read_view_vrm(read));
    printf(" at ");
    print_safe(hs_read_view_camera_id(read));
    printf(" %s: %s '", at, hs_tier_name((int)hit->tier));
    print_safe(hit->entry_vrm);
    fputs("', entry '", stdout);
    print_safe(hit->entry_id);
    printf("', score %u", hit->score_permille);
    print_reasons(hit);
    putchar('\n');
}

static void refuse(struct matching *matching, uint64_t line, const char *why)
{
    if (matching->refused++ < REFUSALS_SAID_MAX) {
        hitctl_error("%s:%" PRIu64 ": %s", matching->options.reads, line, why);
    }
}

static const char *fault_text(enum hs_read_fault fault)
{
    switch (fault) {
    case HS_READ_NO_PLATE:
        return "the mark is no plate: 1 to 12 letters or digits";
    case HS_READ_NO_CAMERA:
        return "no camera";
    case HS_READ_NO_TIME:
        return "no time: zero or before 1970";
    default:
        return "malformed";
    }
}

// ---- reads ----

static void run_batch(struct matching *matching)
{
    enum hs_read_fault faults[BATCH_READS];
    const struct hs_match_context context = {matching->cameras, matching->confusions};
    size_t from = 0;
    for (size_t i = 0; i < matching->count; i++) {
        hs_read_view_of(hs_str_n(matching->packed.ptr + from, matching->ends[i] - from),
                        matching->scratch[i], &matching->views[i]);
        from = matching->ends[i];
    }
    hs_matcher_run(matching->matcher, matching->snapshot, &context, matching->views,
                   matching->count, faults, say_hit, matching);
    for (size_t i = 0; i < matching->count; i++) {
        if (faults[i] != HS_READ_OK) {
            refuse(matching, matching->lines[i], fault_text(faults[i]));
        }
    }
    matching->count = 0;
    hs_buf_clear(&matching->packed);
}

static int run_reads(struct matching *matching)
{
    struct hs_buf why = {0};
    int status;
    do {
        uint64_t line;
        hs_buf_clear(&why);
        status = hitctl_match_reads_next(matching->reads, &matching->packed, &why, &line);
        if (status == 1) {
            matching->lines[matching->count] = line;
            matching->ends[matching->count++] = matching->packed.len;
        } else if (status == HS_EFORMAT) {
            refuse(matching, line, hs_buf_text(&why));
        }
        if (matching->count == BATCH_READS || status == 0) {
            run_batch(matching);
        }
    } while (status == 1 || status == HS_EFORMAT);
    hs_buf_fini(&why);
    if (status != 0) {
        hitctl_error("cannot read '%s' on: %s", matching->options.reads, hs_strerror(status));
        return HITCTL_FAILED;
    }
    return matching->refused ? HITCTL_REFUSED : HITCTL_OK;
}

// By tier, to stderr; as JSON with the hits.
static void say_totals(struct matching *matching)
{
    const struct hs_matcher_stats *stats = hs_matcher_stats(matching->matcher);
    uint64_t hits = 0;
    json_t *tiers = json_object();
    struct hs_buf text = {0};
    for (int tier = HS_TIER_EXACT; tier <= HS_TIER_WILDCARD; tier++) {
        hits += stats->hits[tier];
        if (stats->hits[tier]) {
            json_object_set_new(tiers, hs_tier_name(tier),
                                json_integer((json_int_t)stats->hits[tier]));
            hs_buf_printf(&text, "%s%s %" PRIu64, text.len ? ", " : "", hs_tier_name(tier),
                          stats->hits[tier]);
        }
    }
    if (matching->hits) {
        hitctl_print_json(json_pack("{s:I, s:I, s:o, s:O}", "reads", (json_int_t)stats->reads,
                                    "refused", (json_int_t)matching->refused, "tiers", tiers,
                                    "hits", matching->hits));
    } else {
        json_decref(tiers);
        fprintf(stderr, "%" PRIu64 " reads, %" PRIu64 " hits%s%s%s, %" PRIu64 " lines refused\n",
                stats->reads, hits, text.len ? " (" : "", hs_buf_text(&text), text.len ? ")" : "",
                matching->refused);
    }
    hs_buf_fini(&text);
}

// ---- the command ----

static int parse_words(struct match_options *options, int argc, char **argv)
{
    int words = hitctl_options_parse(match_table, options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words > 0 || !options->list || !options->reads) {
        hitctl_error("needs --list FILE and --reads FILE, and no other words");
        return HITCTL_USAGE;
    }
    if (strcmp(options->list, "-") == 0 && strcmp(options->reads, "-") == 0) {
        hitctl_error("only one of --list and --reads can be standard input");
        return HITCTL_USAGE;
    }
    if (options->min_confidence > PERCENT_MAX || options->max_confused > UINT32_MAX ||
        options->max_lookalike > UINT32_MAX) {
        hitctl_error("--min-confidence is at most 100, a list's length at most %" PRIu32,
                     UINT32_MAX);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int prepare(struct matching *matching)
{
    int code = build_list(matching);
    code = code ? code : read_cameras(matching);
    code = code ? code : read_confusions(matching);
    code = code ? code : hitctl_match_reads_open(matching->options.reads, &matching->reads);
    if (code == HITCTL_OK && hs_matcher_new(&matching->matcher) != 0) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        code = HITCTL_FAILED;
    }
    return code;
}

static int run_match(struct hitctl *ctl, int argc, char **argv)
{
    struct match_options options = {0};
    int code = parse_words(&options, argc, argv);
    struct matching *matching = code == HITCTL_OK ? calloc(1, sizeof(*matching)) : NULL;
    if (!matching) {
        return code == HITCTL_OK ? HITCTL_FAILED : code;
    }
    matching->options = options;
    matching->hits = ctl->json ? json_array() : NULL;
    code = prepare(matching);
    if (code == HITCTL_OK) {
        code = run_reads(matching);
        say_totals(matching);
    }
    hs_matcher_free(matching->matcher);
    hitctl_match_reads_free(matching->reads);
    hs_confusions_free(matching->confusions);
    hs_cameras_free(matching->cameras);
    hs_snapshot_free(matching->snapshot);
    hs_snapshot_builder_free(matching->builder);
    hs_buf_fini(&matching->packed);
    json_decref(matching->hits);
    free(matching);
    return code;
}

const struct hitctl_command hitctl_match_commands[] = {
    {NULL, "match", "--list FILE --reads FILE [OPTION...]",
     "match reads of a file against a list of a file, without Kafka or Redis, and say why",
     run_match, match_table},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
