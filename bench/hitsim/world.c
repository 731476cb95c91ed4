// SPDX-License-Identifier: Apache-2.0
#include "hitsim/world.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "hitsim/desks.h"
#include "hitsim/option.h"
#include "hitsim/read_json.h"
#include "hitsim/sim.h"
#include "hitsim/truth.h"

enum value_kind { VALUE_U32, VALUE_U64, VALUE_DOUBLE, VALUE_SHARE, VALUE_SECONDS_MS, VALUE_DAYS };

// An option with a number.
struct number_option {
    const char *name;
    enum value_kind kind;
    size_t at; // in struct sim_plan
    double min, max;
    const char *help;
};
#define AT(member) offsetof(struct sim_plan, member)

static const struct number_option numbers[] = {
    {"seed", VALUE_U64, AT(seed), 0, 9e15, "another seed, another stream"},
    {"seconds", VALUE_DOUBLE, AT(seconds), 0.001, 1e9, "length of the stream"},
    {"days", VALUE_DAYS, AT(seconds), 0.001, 10000, "the same in days"},
    {"rate", VALUE_DOUBLE, AT(rate), 0.01, 1e7, "reads a second, averaged over a day"},
    {"speed", VALUE_DOUBLE, AT(speed), 0.1, 10000, "so much faster than in life"},
    {"hour", VALUE_DOUBLE, AT(hour), 0, 24, "hour of the day at the start"},
    {"site-km", VALUE_DOUBLE, AT(site_km), 3, 100, "between two sites of a road"},
    {"listed", VALUE_U32, AT(listed), 0, 1e6, "listed vehicles"},
    {"vehicles", VALUE_U32, AT(vehicles), 100, 8e6, "other vehicles"},
    {"listed-pause-s", VALUE_DOUBLE, AT(listed_pause_s), 0.001, 1e9,
     "mean pause between two trips of a listed vehicle, in life"},
    {"misread-pct", VALUE_SHARE, AT(misread_share), 0, 100, "of reads"},
    {"partial-pct", VALUE_SHARE, AT(partial_share), 0, 100,
     "of reads: two or three characters lost"},
    {"missed-pct", VALUE_SHARE, AT(missed_share), 0, 100, "of passages, by each sensor"},
    {"late-pct", VALUE_SHARE, AT(late_share), 0, 100, "of spells in which a camera's line is down"},
    {"late-s", VALUE_DOUBLE, AT(late_s), 1, 1e6, "how long such a spell is"},
    {"duplicate-pct", VALUE_SHARE, AT(duplicate_share), 0, 100, "of reads, sent twice"},
    {"coincidence-pct", VALUE_SHARE, AT(coincidence_share), 0, 100,
     "of listed trips, followed along one road by chance"},
    {"convoys", VALUE_U32, AT(convoys), 0, 1e6, "listed vehicles that travel with another"},
    {"couriers", VALUE_U32, AT(couriers), 0, 1e6, "listed vehicles between hub and market"},
    {"clones", VALUE_U32, AT(clones), 0, 1e6, "listed plates that a second vehicle bears"},
    {"clock-faults", VALUE_U32, AT(clock_faults), 0, 400, "cameras whose clock goes wrong"},
    {"place-faults", VALUE_U32, AT(place_faults), 0, 400, "cameras wrong in the register"},
    {"silent-faults", VALUE_U32, AT(silent_faults), 0, 400, "cameras that fall silent"},
    {"collapse-faults", VALUE_U32, AT(collapse_faults), 0, 400, "cameras that see little more"},
    {"quiet-s", VALUE_SECONDS_MS, AT(quiet_ms), 1, 604800, "no hit for so long ends an incident"},
    {"repeat-window-s", VALUE_SECONDS_MS, AT(repeat_window_ms), 0, 86400,
     "repeats at one place within it are silent"},
};
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]), OPT_FIRST = 256 };
enum {
    OPT_START = OPT_FIRST + NUMBERS,
    OPT_LIVE,
    OPT_PACE,
    OPT_TRUTH,
    OPT_LISTS,
    OPT_CONTROLS,
    OPT_DATA,
    OPT_FILES_ONLY,
    OPT_HELP,
    OPT_END
};

struct options {
    struct sim_plan plan;
    const char *data_folder;
    const char *truth_path;      // NULL: none
    const char *lists_folder;    // NULL: none
    const char *controls_folder; // NULL: none
    double pace;                 // each read leaves when its time has come, so much faster than
                                 // the clock; 0: at once
    bool files_only;             // no stream
};

static double *double_at(struct sim_plan *plan, size_t at)
{
    return (double *)(void *)((char *)plan + at);
}

static void print_usage(FILE *file)
{
    fputs("usage: hitsim world [OPTION...] > reads.jsonl\n", file);
    for (unsigned i = 0; i < NUMBERS; i++) {
        fprintf(file, "  --%-18s %s\n", numbers[i].name, numbers[i].help);
    }
    fputs(
        "  --start-ms           Unix ms of the start (now)\n"
        "  --live               write each read when it arrives\n"
        "  --pace N             the same, the stream's time running N times as fast as the clock\n"
        "  --truth FILE         JSON lines: what is true, see truth.h\n"
        "  --lists FOLDER       watchlists that belong to it, as CSV\n"
        "  --controls FOLDER    cameras.csv, queues.yaml and rules.yaml that belong to it\n"
        "  --files-only         no stream\n"
        "  --data FOLDER        sites.csv and movements.csv of another surveyed town\n"
        "Convoys, couriers and clones together are at most the listed vehicles.\n",
        file);
}

static void take_number(struct sim_plan *plan, const struct number_option *option)
{
    double value = sim_option_number(option->name, option->min, option->max);
    char *at = (char *)plan + option->at;
    switch (option->kind) {
    case VALUE_U32:
        *(uint32_t *)(void *)at = (uint32_t)value;
        break;
    case VALUE_U64:
        *(uint64_t *)(void *)at = (uint64_t)value;
        break;
    case VALUE_DOUBLE:
        *double_at(plan, option->at) = value;
        break;
    case VALUE_SHARE:
        *double_at(plan, option->at) = value / 100.0;
        break;
    case VALUE_DAYS:
        *double_at(plan, option->at) = value * 86400.0;
        break;
    case VALUE_SECONDS_MS:
        *(int64_t *)(void *)at = (int64_t)(value * 1000.0);
        break;
    }
}

static void take(struct options *options, int option)
{
    switch (option) {
    case OPT_START:
        options->plan.start_ms = (int64_t)sim_option_number("start-ms", 1e11, 1e14);
        break;
    case OPT_LIVE:
        options->pace = 1;
        break;
    case OPT_PACE:
        options->pace = sim_option_number("pace", 0.01, 1e6);
        break;
    case OPT_FILES_ONLY:
        options->files_only = true;
        break;
    case OPT_TRUTH:
        options->truth_path = optarg;
        break;
    case OPT_LISTS:
        options->lists_folder = optarg;
        break;
    case OPT_CONTROLS:
        options->controls_folder = optarg;
        break;
    case OPT_DATA:
        options->data_folder = optarg;
        break;
    case OPT_HELP:
        print_usage(stdout);
        exit(0);
    default:
        print_usage(stderr);
        exit(2);
    }
}

static void make_long_options(struct option *rows)
{
    static const struct option others[] = {
        {"start-ms", 1, NULL, OPT_START}, {"live", 0, NULL, OPT_LIVE},
        {"pace", 1, NULL, OPT_PACE},      {"truth", 1, NULL, OPT_TRUTH},
        {"lists", 1, NULL, OPT_LISTS},    {"controls", 1, NULL, OPT_CONTROLS},
        {"data", 1, NULL, OPT_DATA},      {"files-only", 0, NULL, OPT_FILES_ONLY},
        {"help", 0, NULL, OPT_HELP},      {NULL, 0, NULL, 0}};
    for (int i = 0; i < NUMBERS; i++) {
        rows[i] = (struct option){numbers[i].name, 1, NULL, OPT_FIRST + i};
    }
    memcpy(rows + NUMBERS, others, sizeof(others));
}

static struct options parse(int argc, char **argv)
{
    struct option rows[OPT_END - OPT_FIRST + 1];
    struct options options = {.plan = sim_plan_default(), .data_folder = HITSIM_DATA};
    options.plan.start_ms = hs_clock_realtime_ms();
    make_long_options(rows);
    int option;
    while ((option = getopt_long(argc, argv, "h", rows, NULL)) != -1) {
        if (option >= OPT_FIRST && option < OPT_FIRST + NUMBERS) {
            take_number(&options.plan, &numbers[option - OPT_FIRST]);
        } else {
            take(&options, option == 'h' ? OPT_HELP : option);
        }
    }
    const struct sim_plan *plan = &options.plan;
    if (optind < argc) {
        fprintf(stderr, "hitsim: '%s' is no option\n", argv[optind]);
        exit(2);
    }
    if ((uint64_t)plan->convoys + plan->couriers + plan->clones > plan->listed) {
        fputs("hitsim: --listed: fewer vehicles than convoys, couriers and clones\n", stderr);
        exit(2);
    }
    return options;
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        fprintf(stderr, "hitsim: cannot write '%s': %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

// Waits until so much of the clock's time has gone by, what was written before it being out.
static void wait_until(int64_t began_ms, double after_ms, struct hs_buf *out)
{
    int64_t left_ms = began_ms + (int64_t)after_ms - hs_clock_realtime_ms();
    if (left_ms <= 0) {
        return;
    }
    fwrite(out->len ? out->ptr : "", 1, out->len, stdout);
    hs_buf_clear(out);
    fflush(stdout);
    struct timespec span = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};
    while (nanosleep(&span, &span) != 0 && errno == EINTR) {
    }
}

static bool stream(const struct options *options, struct sim *sim, uint64_t *ret_reads)
{
    enum { CHUNK_BYTES = 1 << 16 };
    struct hs_buf out = {0};
    struct sim_read read;
    uint64_t reads = 0;
    int64_t began_ms = options->pace == 1 ? options->plan.start_ms : hs_clock_realtime_ms();
    for (; sim_next(sim, &read) && !ferror(stdout); reads++) {
        if (options->pace > 0) {
            double after_ms = (double)(read.delivered_at_ms - options->plan.start_ms);
            wait_until(began_ms, after_ms / options->pace, &out);
        }
        read_json(sim_net(sim), options->plan.seed, &read, &out);
        if (out.len >= CHUNK_BYTES) {
            fwrite(out.ptr, 1, out.len, stdout);
            hs_buf_clear(&out);
        }
    }
    fwrite(out.len ? out.ptr : "", 1, out.len, stdout);
    bool good = hs_buf_status(&out) == 0 && fflush(stdout) == 0 && !ferror(stdout);
    hs_buf_fini(&out);
    *ret_reads = reads;
    return good && !sim_broken(sim);
}

static bool write_files(const struct options *options, const struct sim *sim)
{
    bool good = true;
    if (options->controls_folder) {
        good = desks_write(sim, options->controls_folder);
    }
    if (options->lists_folder) {
        good = lists_write(options->lists_folder, options->plan.listed, options->plan.start_ms,
                           sim_span_ms(&options->plan)) &&
               good;
    }
    return good;
}

int world_main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    FILE *file = options.truth_path && !options.files_only ? create(options.truth_path) : NULL;
    struct truth *truth = truth_new(file, &options.plan);
    struct sim *sim = truth ? sim_new(&options.plan, options.data_folder, truth) : NULL;
    bool good = sim && write_files(&options, sim);
    if (good && !options.files_only) {
        uint64_t reads;
        good = stream(&options, sim, &reads);
        sim_end(sim);
        struct truth_counts counts = truth_counts(truth);
        fprintf(stderr,
                "hitsim: %" PRIu64 " reads, %" PRIu64 " passages of listed vehicles, %" PRIu64
                " changes to be told\n",
                reads, counts.passages, counts.changes);
    }
    good = (!file || fclose(file) == 0) && good;
    sim_free(sim);
    truth_free(truth);
    return good ? 0 : 1;
}
