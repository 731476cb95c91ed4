// SPDX-License-Identifier: Apache-2.0
/*
 * What the tiers recover, and what they cost: misreads of listed vehicles that are still hit, and
 * hits of vehicles that were not there, by tier, beside exact matching and an edit distance of one.
 *
 *   misreads [SEED]
 *
 * Prints tables for people (Markdown) and the figures as lines of JSON. All is simulated, see
 * model.h; the same seed gives the same numbers.
 */
#include <inttypes.h>
#include <stdio.h>

#include "misreads/trial.h"
#include "support/figure.h"

enum { SEED = 20261122, NATIONAL_READS_MILLION = 90, SIZES = 2, TIER_FIRST = HS_TIER_EXACT };

// Of what an edit distance of one recovers, and of what it hits wrongly.
#define RECOVERED_AT_LEAST 0.5
#define WRONG_AT_MOST      0.005

// How much is simulated.
struct scale {
    const char *name; // of the list's length
    uint32_t entries;
    uint32_t misreads; // a kind, of listed vehicles
    uint32_t reads;    // of vehicles that are not listed
};
static const struct scale scales[SIZES] = {{"10k", 10000, 40000, 4000000},
                                           {"1m", 1000000, 40000, 2000000}};
static const struct scale smoke_scales[SIZES] = {{"10k", 10000, 200, 10000},
                                                 {"1m", 20000, 200, 10000}};

// All that was counted for one length of list.
struct report {
    struct scale scale;
    struct trial_result of_kind[MISREAD_KINDS]; // misreads of listed vehicles
    struct trial_result listed;                 // listed vehicles, read right
    struct trial_result strangers;              // traffic: right and wrong reads of others
};

static const char *const tier_names[TRIAL_TIERS] = {
    "", "EXACT", "GLYPH", "GRAMMAR", "CONFUSED", "LOOKALIKE", "CANDIDATE", "WILDCARD"};

// ---- counting ----

// A listed vehicle that can be misread in this way.
static void read_listed(struct trial *trial, enum misread_kind kind, struct random *random,
                        struct trial_result *result)
{
    struct model_read read;
    uint32_t number;
    do {
        number = random_below(random, trial->count);
    } while (!model_misread(&trial->marks[number], kind, random, &read));
    trial_read(trial, &read, number, result);
}

static void read_stranger(struct trial *trial, struct random *random, struct trial_result *result)
{
    struct hs_vrm plate = trial_stranger(trial, random);
    struct model_read read;
    if (random_below(random, 1000) >= MODEL_MISREADS_PERMILLE ||
        !model_misread(&plate, model_kind(random), random, &read)) {
        read = model_right(&plate, random);
    }
    trial_read(trial, &read, TRIAL_NOT_LISTED, result);
}

static void run_scale(const struct scale *scale, struct random *random, struct report *report)
{
    struct trial trial;
    *report = (struct report){.scale = *scale};
    trial_init(&trial, scale->entries, random);
    for (int kind = 0; kind < MISREAD_KINDS; kind++) {
        for (uint32_t i = 0; i < scale->misreads; i++) {
            read_listed(&trial, (enum misread_kind)kind, random, &report->of_kind[kind]);
        }
    }
    for (uint32_t i = 0; i < scale->misreads; i++) {
        uint32_t number = random_below(random, trial.count);
        struct model_read read = model_right(&trial.marks[number], random);
        trial_read(&trial, &read, number, &report->listed);
    }
    for (uint32_t i = 0; i < scale->reads; i++) {
        read_stranger(&trial, random, &report->strangers);
    }
    trial_fini(&trial);
}

// ---- what it comes to ----

static double percent(uint64_t part, uint64_t of)
{
    return of ? 100.0 * (double)part / (double)of : 0;
}

static uint64_t sum(const uint64_t tiers[TRIAL_TIERS])
{
    uint64_t all = 0;
    for (int tier = TIER_FIRST; tier < TRIAL_TIERS; tier++) {
        all += tiers[tier];
    }
    return all;
}

// Per cent of misreads, each kind by its share.
static double by_share(const struct report *report, uint64_t (*part)(const struct trial_result *))
{
    double all = 0;
    for (int kind = 0; kind < MISREAD_KINDS; kind++) {
        all += misread_rows[kind].share_pct *
               percent(part(&report->of_kind[kind]), report->of_kind[kind].reads) / 100;
    }
    return all;
}
static uint64_t defaults_right(const struct trial_result *result)
{
    return sum(result->right[TRIAL_DEFAULTS]);
}
static uint64_t every_right(const struct trial_result *result)
{
    return sum(result->right[TRIAL_EVERY_TIER]);
}
static uint64_t edit_right(const struct trial_result *result)
{
    return result->edit_right;
}

static double per_million(const struct report *report, uint64_t hits)
{
    return (double)hits * 1e6 / (double)report->strangers.reads;
}

// ---- tables ----

static void print_recovered(const struct report *report)
{
    printf(
        "\nMisreads of vehicles on a list of %u that are hit, per cent, by the tier that the hit "
        "bears (all tiers on):\n\n| misread | share |",
        report->scale.entries);
    for (int tier = HS_TIER_GLYPH; tier < TRIAL_TIERS; tier++) {
        printf(" %s |", tier_names[tier]);
    }
    printf(" all | by the defaults | edit distance 1 |\n| --- |%s\n",
           " --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int kind = 0; kind < MISREAD_KINDS; kind++) {
        const struct trial_result *result = &report->of_kind[kind];
        printf("| %s | %u |", misread_rows[kind].name, misread_rows[kind].share_pct);
        for (int tier = HS_TIER_GLYPH; tier < TRIAL_TIERS; tier++) {
            printf(" %.1f |", percent(result->right[TRIAL_EVERY_TIER][tier], result->reads));
        }
        printf(" %.1f | %.1f | %.1f |\n", percent(every_right(result), result->reads),
               percent(defaults_right(result), result->reads),
               percent(result->edit_right, result->reads));
    }
    printf("| together | 100 |");
    for (int tier = HS_TIER_GLYPH; tier < TRIAL_TIERS; tier++) {
        double all = 0;
        for (int kind = 0; kind < MISREAD_KINDS; kind++) {
            const struct trial_result *result = &report->of_kind[kind];
            all += misread_rows[kind].share_pct *
                   percent(result->right[TRIAL_EVERY_TIER][tier], result->reads) / 100;
        }
        printf(" %.1f |", all);
    }
    printf(" %.1f | %.1f | %.1f |\n", by_share(report, every_right),
           by_share(report, defaults_right), by_share(report, edit_right));
}

static void print_wrong_row(const struct report reports[SIZES], const char *name,
                            const uint64_t wrong[SIZES])
{
    printf("| %s |", name);
    for (int i = 0; i < SIZES; i++) {
        double rate = per_million(&reports[i], wrong[i]);
        printf(" %.2f | %.4f |", rate, rate * NATIONAL_READS_MILLION / reports[i].scale.entries);
    }
    printf("\n");
}

static void print_wrong(const struct report reports[SIZES])
{
    printf(
        "\nHits of vehicles that were not there, a million reads of traffic; and for each entry a "
        "day at %d M reads:\n\n| |",
        NATIONAL_READS_MILLION);
    for (int i = 0; i < SIZES; i++) {
        printf(" %u entries | an entry a day |", reports[i].scale.entries);
    }
    printf("\n| --- | --- | --- | --- | --- |\n");
    for (int tier = TIER_FIRST; tier < TRIAL_TIERS; tier++) {
        print_wrong_row(
            reports, tier_names[tier],
            (const uint64_t[SIZES]){reports[0].strangers.wrong[TRIAL_EVERY_TIER][tier],
                                    reports[1].strangers.wrong[TRIAL_EVERY_TIER][tier]});
    }
    const struct trial_result *a = &reports[0].strangers, *b = &reports[1].strangers;
    print_wrong_row(
        reports, "all tiers",
        (const uint64_t[SIZES]){sum(a->wrong[TRIAL_EVERY_TIER]), sum(b->wrong[TRIAL_EVERY_TIER])});
    print_wrong_row(
        reports, "by the defaults",
        (const uint64_t[SIZES]){sum(a->wrong[TRIAL_DEFAULTS]), sum(b->wrong[TRIAL_DEFAULTS])});
    print_wrong_row(reports, "exact matching",
                    (const uint64_t[SIZES]){a->exact_wrong, b->exact_wrong});
    print_wrong_row(reports, "edit distance 1",
                    (const uint64_t[SIZES]){a->edit_wrong, b->edit_wrong});
}

static void print_leasts(const struct report *report)
{
    printf(
        "\nThe same by a list's least confidence (defaults, %u entries):\n\n| least confidence | "
        "right reads hit, %% | misreads hit, %% | wrong hits a million reads |\n"
        "| --- | --- | --- | --- |\n",
        report->scale.entries);
    for (int i = 0; i < TRIAL_LEASTS; i++) {
        double recovered = 0;
        for (int kind = 0; kind < MISREAD_KINDS; kind++) {
            const struct trial_result *result = &report->of_kind[kind];
            recovered +=
                misread_rows[kind].share_pct * percent(result->right_least[i], result->reads) / 100;
        }
        printf("| %u %% | %.1f | %.1f | %.2f |\n", trial_leasts[i],
               percent(report->listed.right_least[i], report->listed.reads), recovered,
               per_million(report, report->strangers.wrong_least[i]));
    }
}

static void print_figures(const struct report *report)
{
    char name[64], note[256];
    double exact_wrong = per_million(report, report->strangers.exact_wrong);
    snprintf(name, sizeof(name), "misreads-recovered-%s", report->scale.name);
    snprintf(note, sizeof(note),
             "simulated; reference is edit distance 1; every tier %.1f; exact matching 0",
             by_share(report, every_right));
    hs_figure_print(&(struct hs_figure){.name = name,
                                        .unit = "% of misreads hit by the default tiers",
                                        .value = by_share(report, defaults_right),
                                        .reference = by_share(report, edit_right),
                                        .bar = HS_BAR_RATIO_AT_LEAST,
                                        .limit = RECOVERED_AT_LEAST,
                                        .runs = 1,
                                        .note = note});
    snprintf(name, sizeof(name), "misreads-wrong-%s", report->scale.name);
    snprintf(note, sizeof(note),
             "simulated; reference is edit distance 1; every tier %.2f; exact matching %.2f",
             per_million(report, sum(report->strangers.wrong[TRIAL_EVERY_TIER])), exact_wrong);
    hs_figure_print(&(struct hs_figure){
        .name = name,
        .unit = "wrong hits a million reads by the default tiers",
        .value = per_million(report, sum(report->strangers.wrong[TRIAL_DEFAULTS])),
        .reference = per_million(report, report->strangers.edit_wrong),
        .bar = HS_BAR_RATIO_AT_MOST,
        .limit = WRONG_AT_MOST,
        .runs = 1,
        .note = note});
}

int main(int argc, char **argv)
{
    static struct report reports[SIZES];
    struct random random = {argc > 1 ? strtoull(argv[1], NULL, 10) : SEED};
    printf("seed %" PRIu64 "\n", random.state);
    for (int i = 0; i < SIZES; i++) {
        run_scale(hs_bench_smoke() ? &smoke_scales[i] : &scales[i], &random, &reports[i]);
    }
    print_recovered(&reports[0]);
    print_recovered(&reports[1]);
    print_wrong(reports);
    print_leasts(&reports[0]);
    print_leasts(&reports[1]);
    printf("\n");
    for (int i = 0; i < SIZES; i++) {
        print_figures(&reports[i]);
    }
    return 0;
}
