// SPDX-License-Identifier: Apache-2.0
/*
 * hitsim: a town's cameras, made of a real network's movements with made-up plates.
 *
 * Writes reads as JSON lines (proto3 JSON of PlateRead, and the site), and beside them what is
 * true: who passed where and when, and who is listed. The same seed and options give the same
 * bytes.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "hitsim/lists.h"
#include "hitsim/option.h"
#include "hitsim/plate.h"
#include "hitsim/scene.h"
#include "hitsim/walk.h"
#include "hitsim/world.h"

struct options {
    struct walk_plan plan;
    const char *data_folder;
    const char *truth_path;     // NULL: none
    const char *lists_folder;   // NULL: none
    const char *cameras_path;   // NULL: none
    const char *movements_path; // NULL: none
    uint64_t reads;             // at most; UINT64_MAX: no limit
    double seconds;             // at most, of the walk's time; 0: no limit
    double misread_share;       // 0 to 1
    bool live;                  // each read leaves when its time has come
};

struct counts {
    uint64_t reads;
    uint64_t misread;
    uint64_t listed;
};

static const char usage[] =
    "usage: hitsim [OPTION...] > reads.jsonl\n"
    "  --reads N            stop after N reads\n"
    "  --seconds N          stop after N seconds of the stream\n"
    "  --rate N             reads a second on average (200)\n"
    "  --seed N             another seed, another stream (1)\n"
    "  --start-ms N         Unix ms of the first read (now)\n"
    "  --hour N             hour of the survey's day at the start (8)\n"
    "  --speed N            vehicles drive N times as fast as in life (1)\n"
    "  --live               write each read when its time has come\n"
    "  --misread-pct N      share of reads that the camera gets wrong (3)\n"
    "  --listed N           listed vehicles (100)\n"
    "  --listed-pause-s N   mean pause between two trips of a listed vehicle (1800)\n"
    "  --vehicles N         other vehicles (1000000)\n"
    "  --truth FILE         JSON lines: who really passed where and when\n"
    "  --lists FOLDER       watchlists that belong to it, as CSV\n"
    "  --cameras FILE       the camera register that belongs to it\n"
    "  --movements FILE     what traffic was counted, for hitctl roads learn\n"
    "  --data FOLDER        sites.csv and movements.csv of another network\n"
    "Without --reads and --seconds only the files are written.\n"
    "hitsim world: five forces, motorways, towns, journeys; see hitsim world --help.\n"
    "hitsim scene: a few vehicles whose story is known; see hitsim scene --help.\n";

enum { OPT_FIRST = 256 };
enum option_id {
    OPT_READS = OPT_FIRST,
    OPT_SECONDS,
    OPT_RATE,
    OPT_SEED,
    OPT_START,
    OPT_HOUR,
    OPT_SPEED,
    OPT_LIVE,
    OPT_MISREAD,
    OPT_LISTED,
    OPT_PAUSE,
    OPT_VEHICLES,
    OPT_TRUTH,
    OPT_LISTS,
    OPT_CAMERAS,
    OPT_MOVEMENTS,
    OPT_DATA,
    OPT_HELP,
};
static const struct option long_options[] = {
    {"reads", 1, NULL, OPT_READS},
    {"seconds", 1, NULL, OPT_SECONDS},
    {"rate", 1, NULL, OPT_RATE},
    {"seed", 1, NULL, OPT_SEED},
    {"start-ms", 1, NULL, OPT_START},
    {"hour", 1, NULL, OPT_HOUR},
    {"speed", 1, NULL, OPT_SPEED},
    {"live", 0, NULL, OPT_LIVE},
    {"misread-pct", 1, NULL, OPT_MISREAD},
    {"listed", 1, NULL, OPT_LISTED},
    {"listed-pause-s", 1, NULL, OPT_PAUSE},
    {"vehicles", 1, NULL, OPT_VEHICLES},
    {"truth", 1, NULL, OPT_TRUTH},
    {"lists", 1, NULL, OPT_LISTS},
    {"cameras", 1, NULL, OPT_CAMERAS},
    {"movements", 1, NULL, OPT_MOVEMENTS},
    {"data", 1, NULL, OPT_DATA},
    {"help", 0, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static void take_text(struct options *options, int option)
{
    switch (option) {
    case OPT_TRUTH:
        options->truth_path = optarg;
        break;
    case OPT_LISTS:
        options->lists_folder = optarg;
        break;
    case OPT_CAMERAS:
        options->cameras_path = optarg;
        break;
    case OPT_MOVEMENTS:
        options->movements_path = optarg;
        break;
    case OPT_DATA:
        options->data_folder = optarg;
        break;
    case OPT_LIVE:
        options->live = true;
        break;
    case OPT_HELP:
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static void take(struct options *options, int option)
{
    struct walk_plan *plan = &options->plan;
    const char *name = option >= OPT_FIRST ? long_options[option - OPT_FIRST].name : "";
    switch (option) {
    case OPT_READS:
        options->reads = (uint64_t)sim_option_number(name, 1, 1e15);
        break;
    case OPT_SECONDS:
        options->seconds = sim_option_number(name, 0.001, 1e9);
        break;
    case OPT_RATE:
        plan->rate = sim_option_number(name, 0.01, 1e7);
        break;
    case OPT_SEED:
        plan->seed = (uint64_t)sim_option_number(name, 0, 9e15);
        break;
    case OPT_START:
        plan->start_ms = (int64_t)sim_option_number(name, 1e11, 1e14);
        break;
    case OPT_HOUR:
        plan->hour = (unsigned)sim_option_number(name, 0, 23);
        break;
    case OPT_SPEED:
        plan->speed = sim_option_number(name, 0.1, 1000);
        break;
    case OPT_MISREAD:
        options->misread_share = sim_option_number(name, 0, 100) / 100.0;
        break;
    case OPT_LISTED:
        plan->listed = (uint32_t)sim_option_number(name, 0, 8e6);
        break;
    case OPT_PAUSE:
        plan->listed_pause_ms = 1000.0 * sim_option_number(name, 0.001, 1e9);
        break;
    case OPT_VEHICLES:
        plan->vehicles = (uint32_t)sim_option_number(name, 1, 8e6);
        break;
    default:
        take_text(options, option);
    }
}

static struct options parse(int argc, char **argv)
{
    struct options options = {.plan = {.seed = 1,
                                       .rate = 200,
                                       .speed = 1,
                                       .hour = 8,
                                       .listed = 100,
                                       .vehicles = 1000000,
                                       .listed_pause_ms = 1800000.0},
                              .data_folder = HITSIM_DATA,
                              .reads = UINT64_MAX,
                              .misread_share = 0.03};
    int option;
    options.plan.start_ms = hs_clock_realtime_ms();
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        take(&options, option == 'h' ? OPT_HELP : option);
    }
    if (optind < argc) {
        fprintf(stderr, "hitsim: '%s' is no option\n%s", argv[optind], usage);
        exit(2);
    }
    return options;
}

// Base64 of at most PLATE_MAX bytes.
static void print_base64(const unsigned char *bytes, size_t len, FILE *file)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        unsigned left = (unsigned)(len - i);
        unsigned word = (unsigned)bytes[i] << 16;
        word |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        word |= left > 2 ? bytes[i + 2] : 0;
        fputc(digits[word >> 18 & 63], file);
        fputc(digits[word >> 12 & 63], file);
        fputc(left > 1 ? digits[word >> 6 & 63] : '=', file);
        fputc(left > 2 ? digits[word & 63] : '=', file);
    }
}

static void print_read(const struct options *options, const struct town_camera *camera,
                       const struct pass *pass, const struct reading *reading,
                       struct random *random, uint64_t number_of_read)
{
    struct looks looks = looks_of_vehicle(pass->vehicle);
    int64_t captured_at_ms = (int64_t)pass->at_ms;
    printf("{\"site\":\"%s\",\"vrm\":\"%s\",\"cameraId\":\"%s\",\"capturedAtMs\":\"%" PRId64
           "\",\"charConfidencePct\":\"",
           camera->site_id, reading->text, camera->camera_id, captured_at_ms);
    print_base64(reading->confidence, strlen(reading->text), stdout);
    fputc('"', stdout);
    if (reading->candidate_count > 0) {
        printf(",\"candidates\":[{\"vrm\":\"%s\",\"confidencePct\":%u}]",
               reading->candidates[0].text, reading->candidate_confidence[0]);
    }
    printf(",\"readId\":\"sim-%" PRIu64 "-%" PRIu64 "\",\"receivedAtMs\":\"%" PRId64
           "\",\"direction\":\"%s\",\"lane\":%u,\"make\":\"%s\",\"model\":\"%s\",\"colour\":\"%s\","
           "\"country\":\"GB\"}\n",
           options->plan.seed, number_of_read, captured_at_ms + 40 + random_below(random, 160),
           camera->number % 2 ? "DIRECTION_APPROACHING" : "DIRECTION_RECEDING",
           1 + random_below(random, 2), looks.make, looks.model, looks.colour);
}

static void print_truth(FILE *file, const struct options *options, const struct town_camera *camera,
                        const struct pass *pass, const struct reading *reading,
                        uint64_t number_of_read)
{
    bool listed = pass->vehicle < options->plan.listed;
    fprintf(file,
            "{\"readId\":\"sim-%" PRIu64 "-%" PRIu64
            "\",\"vrm\":\"%s\",\"cameraId\":\"%s\",\"site\":\"%s\","
            "\"atMs\":%" PRId64 ",\"readAs\":\"%s\",\"misread\":%s,\"list\":\"%s\"}\n",
            options->plan.seed, number_of_read, plate_of_vehicle(pass->vehicle).text,
            camera->camera_id, camera->site_id, (int64_t)pass->at_ms, reading->text,
            reading->misread ? "true" : "false",
            listed ? list_of_vehicle(pass->vehicle)->list_id : "");
}

// Waits for a moment by the wall clock, what was written before it being out.
static void wait_until(double at_ms)
{
    int64_t now_ms = hs_clock_realtime_ms();
    if ((double)now_ms >= at_ms) {
        return;
    }
    fflush(stdout);
    int64_t left_ms = (int64_t)at_ms - now_ms;
    struct timespec span = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};
    while (nanosleep(&span, &span) != 0 && errno == EINTR) {
    }
}

static bool stream(const struct options *options, const struct town *town, FILE *truth,
                   struct counts *counts)
{
    double end_ms =
        options->seconds > 0 ? (double)options->plan.start_ms + 1000.0 * options->seconds : 1e300;
    struct walk *walk = walk_new(town, &options->plan);
    struct pass pass;
    if (!walk) {
        return false;
    }
    while (counts->reads < options->reads && walk_step(walk, &pass) && pass.at_ms < end_ms &&
           !ferror(stdout)) {
        const struct town_camera *camera = town_camera(town, pass.camera);
        struct reading reading =
            plate_read(plate_of_vehicle(pass.vehicle), options->misread_share, walk_random(walk));
        if (options->live) {
            wait_until(pass.at_ms);
        }
        print_read(options, camera, &pass, &reading, walk_random(walk), counts->reads);
        if (truth) {
            print_truth(truth, options, camera, &pass, &reading, counts->reads);
        }
        counts->reads++;
        counts->misread += reading.misread;
        counts->listed += pass.vehicle < options->plan.listed;
    }
    walk_free(walk);
    return fflush(stdout) == 0 && !ferror(stdout);
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

static bool write_files(const struct options *options, const struct town *town)
{
    bool good = true;
    if (options->cameras_path) {
        FILE *file = create(options->cameras_path);
        town_write_register(town, file);
        good = fclose(file) == 0;
    }
    if (options->movements_path) {
        FILE *file = create(options->movements_path);
        town_write_movements(town, file);
        good = fclose(file) == 0 && good;
    }
    if (options->lists_folder) {
        good =
            lists_write(options->lists_folder, options->plan.listed, options->plan.start_ms, 0) &&
            good;
    }
    return good;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "world") == 0) {
        return world_main(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "scene") == 0) {
        return scene_main(argc - 1, argv + 1);
    }
    struct options options = parse(argc, argv);
    struct counts counts = {0};
    struct town *town = town_read(options.data_folder);
    if (!town) {
        return 1;
    }
    bool good = write_files(&options, town);
    if (good && (options.reads != UINT64_MAX || options.seconds > 0)) {
        FILE *truth = options.truth_path ? create(options.truth_path) : NULL;
        good = stream(&options, town, truth, &counts);
        good = (!truth || fclose(truth) == 0) && good;
        fprintf(stderr,
                "hitsim: %" PRIu64 " reads, %" PRIu64 " misread, %" PRIu64 " of listed vehicles\n",
                counts.reads, counts.misread, counts.listed);
    }
    town_free(town);
    return good ? 0 : 1;
}
