// SPDX-License-Identifier: Apache-2.0
#include "hitsim/scene.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/str.h"
#include "hitsim/lists.h"
#include "hitsim/option.h"
#include "hitsim/read_json.h"
#include "hitsim/way.h"

enum {
    SCENE_READS_MAX = 4000,
    NIGHTS = 3, // on which the courier was in the market before
    FLEET = 8,
    WAYS_IN_LEAST = 3,
    FIRST_VEHICLE = 12000000,
    FIRST_READ = 500000000, // no read of the world has that number
    FORCES_LEAST = 3,
    PAST_GAP_MS = 40, // reads of the past come one after the other, so that they stay in order
    WAY_MAX = 2 * DRIVERS_WAY_MAX,
};
#define MINUTE_S  60.0
#define DAY_S     86400.0
#define STAY_S    (70 * MINUTE_S)
#define BACK_AT_S (52 * MINUTE_S) // in the hub city, after the hour's start
#define HASTE     1.35            // they are in a hurry
#define SITE_KM   7               // as in the world

// Who plays.
enum part { COURIER, ESCORT, CLONED, CLONE, FIRST_OF_FLEET, PARTS = FIRST_OF_FLEET + FLEET };

struct scene {
    const struct net *net;
    struct sim_read reads[SCENE_READS_MAX];
    size_t count;
    int64_t start_ms; // of that hour
};

// Arcs in order of travel.
struct way {
    uint16_t arcs[WAY_MAX];
    unsigned len;
};

static uint32_t vehicle_of(enum part part)
{
    return FIRST_VEHICLE + (uint32_t)part;
}

// Whose plate it bears.
static uint32_t mark_of(enum part part)
{
    return vehicle_of(part == CLONE ? CLONED : part);
}

static bool find_way(const struct net *net, unsigned from, unsigned to, struct way *ret_way)
{
    struct random none = {.state = 1};
    ret_way->len = way_find(net, &none, 0, from, to, ret_way->arcs);
    return ret_way->len > 0;
}

static double seconds_of(const struct net *net, const struct way *way)
{
    double seconds = 0;
    for (unsigned i = 0; i < way->len; i++) {
        seconds += net->arcs[way->arcs[i]].km / (net->arcs[way->arcs[i]].kmh * HASTE) * 3600.0;
    }
    return seconds;
}

// ------------------------------------------------------------------ who drives where

static void pass(struct scene *scene, enum part part, unsigned post, double at_s)
{
    if (scene->count == SCENE_READS_MAX) {
        return;
    }
    struct sim_read *read = &scene->reads[scene->count];
    *read = (struct sim_read){.number = FIRST_READ + scene->count,
                              .captured_at_ms = scene->start_ms + (int64_t)(at_s * 1000.0),
                              .vehicle = vehicle_of(part),
                              .mark = mark_of(part),
                              .camera = scene->net->posts[post].camera_first,
                              .lane = 1};
    struct random sure = {.state = read->number};
    read->reading = plate_read(plate_of_vehicle(read->mark), 0, &sure);
    read->delivered_at_ms = read->captured_at_ms + 120;
    scene->count++;
}

// Drives along the way from `leave_s` on, seconds after the hour's start; returns when it arrives.
static double drive(struct scene *scene, enum part part, const struct way *way, double leave_s)
{
    const struct net *net = scene->net;
    double at_s = leave_s;
    for (unsigned i = 0; i < way->len; i++) {
        const struct net_arc *arc = &net->arcs[way->arcs[i]];
        double arc_s = arc->km / (arc->kmh * HASTE) * 3600.0;
        for (unsigned k = 0; k < arc->post_count; k++) {
            unsigned post = arc->post_first + k;
            pass(scene, part, post, at_s + net->posts[post].share * arc_s);
        }
        at_s += arc_s;
    }
    return at_s;
}

static unsigned count_forces(const struct net *net, const struct way *way)
{
    unsigned forces = 0;
    for (unsigned i = 0; i < way->len; i++) {
        const struct net_arc *arc = &net->arcs[way->arcs[i]];
        for (unsigned k = 0; k < arc->post_count; k++) {
            forces |= 1U << net->sites[net->posts[arc->post_first + k].site].force;
        }
    }
    return (unsigned)__builtin_popcount(forces);
}

// Whether its last camera stands in the hub city.
static bool ends_in_city(const struct net *net, const struct way *way)
{
    for (unsigned i = way->len; i > 0; i--) {
        const struct net_arc *arc = &net->arcs[way->arcs[i - 1]];
        if (arc->post_count > 0) {
            unsigned last = arc->post_first + arc->post_count - 1;
            return strstr(net->sites[net->posts[last].site].area, "-city");
        }
    }
    return false;
}

// The quickest way between a market town and the hub city through three forces; there and back.
static bool find_run(const struct net *net, struct way *ret_out, struct way *ret_back)
{
    double best_s = INFINITY;
    for (unsigned market = 0; market < net->node_count; market++) {
        for (unsigned hub = 0; net->nodes[market].market && hub < net->node_count; hub++) {
            struct way out, back;
            if (net->nodes[hub].hub && find_way(net, hub, market, &out) &&
                find_way(net, market, hub, &back) && ends_in_city(net, &back) &&
                count_forces(net, &out) >= FORCES_LEAST &&
                count_forces(net, &back) >= FORCES_LEAST && seconds_of(net, &back) < best_s) {
                best_s = seconds_of(net, &back);
                *ret_out = out;
                *ret_back = back;
            }
        }
    }
    return isfinite(best_s);
}

// Half past eleven at night, so many nights before the last, after the hour's start.
static double at_night(const struct scene *scene, int nights)
{
    struct hs_civil now = hs_civil_london(scene->start_ms);
    double midnight_s = -(now.hour * 60.0 + now.minute) * MINUTE_S;
    return midnight_s - 30 * MINUTE_S - nights * DAY_S;
}

static void play_courier(struct scene *scene, const struct way *out, const struct way *back)
{
    double there_s = BACK_AT_S - seconds_of(scene->net, back) - STAY_S; // and in the market by then
    for (int night = NIGHTS; night >= 0; night--) {
        double arrive_s = night > 0 ? at_night(scene, night) + night * 4 * MINUTE_S : there_s;
        drive(scene, COURIER, out, arrive_s - seconds_of(scene->net, out));
        drive(scene, COURIER, back, arrive_s + STAY_S);
        if (night < 2) {
            drive(scene, ESCORT, back, arrive_s + STAY_S + 6 + night);
        }
    }
}

static bool uses(const struct way *way, unsigned arc)
{
    for (unsigned i = 0; i < way->len; i++) {
        if (way->arcs[i] == arc) {
            return true;
        }
    }
    return false;
}

static bool join(const struct way *a, unsigned arc, const struct way *b, struct way *ret_way)
{
    if (a->len + 1 + b->len > WAY_MAX) {
        return false;
    }
    *ret_way = *a;
    ret_way->arcs[ret_way->len++] = (uint16_t)arc;
    memcpy(&ret_way->arcs[ret_way->len], b->arcs, b->len * sizeof(b->arcs[0]));
    ret_way->len += b->len;
    return true;
}

// How many ways lead to the arc, other than straight back.
static unsigned count_ways_in(const struct net *net, unsigned arc)
{
    unsigned ways = 0;
    for (unsigned i = 0; i < net->arc_count; i++) {
        ways += net->arcs[i].to == net->arcs[arc].from && i != (arc ^ 1U);
    }
    return ways;
}

// The longest arc behind a junction that the courier does not take: its first camera is the wrong
// one, which vehicles reach from different cameras.
static unsigned find_wrong_arc(const struct net *net, const struct way *out, const struct way *back)
{
    unsigned best = NET_NONE;
    for (unsigned i = 0; i < net->arc_count; i++) {
        if (!uses(out, i) && !uses(back, i) && net->arcs[i].post_count >= 2 &&
            count_ways_in(net, i) >= WAYS_IN_LEAST &&
            (best == NET_NONE || net->arcs[i].km > net->arcs[best].km)) {
            best = i;
        }
    }
    return best;
}

// Ways through the arc from everywhere, as many by each way in as by the others.
static unsigned find_ways_through(const struct net *net, unsigned arc, struct way ret_ways[FLEET],
                                  double ret_before_s[FLEET])
{
    unsigned count = 0, by[NET_ARCS_MAX] = {0};
    for (unsigned most = 1; most <= FLEET && count < FLEET; most++) {
        for (unsigned node = 0; node < net->node_count && count < FLEET; node++) {
            struct way before, after;
            unsigned to = net->node_count - 1 - node;
            if (net->nodes[node].weight > 0 && net->nodes[to].weight > 0 &&
                find_way(net, node, net->arcs[arc].from, &before) &&
                find_way(net, net->arcs[arc].to, to, &after) && !uses(&before, arc) &&
                !uses(&before, arc ^ 1U) && !uses(&after, arc ^ 1U) &&
                by[before.arcs[before.len - 1]] < most &&
                join(&before, arc, &after, &ret_ways[count])) {
                by[before.arcs[before.len - 1]]++;
                ret_before_s[count++] = seconds_of(net, &before);
            }
        }
    }
    return count;
}

static void play_fleet(struct scene *scene, unsigned arc)
{
    struct way ways[FLEET];
    double before_s[FLEET];
    unsigned count = find_ways_through(scene->net, arc, ways, before_s);
    for (unsigned i = 0; i < count; i++) {
        double passes_s = (8 + 3.0 * i) * MINUTE_S;
        drive(scene, FIRST_OF_FLEET + i, &ways[i], passes_s - before_s[i]);
    }
}

// Two ways as far from each other as the map allows, one plate.
static void play_clone(struct scene *scene, const struct way *out)
{
    const struct net *net = scene->net;
    struct way best[2] = {{.len = 0}, {.len = 0}};
    double best_km = 0;
    for (unsigned a = 0; a < net->node_count; a++) {
        for (unsigned b = a + 1; b < net->node_count; b++) {
            double km = hypot(net->nodes[a].x_km - net->nodes[b].x_km,
                              net->nodes[a].y_km - net->nodes[b].y_km);
            struct way one, other;
            if (net->nodes[a].market && net->nodes[b].market && km > best_km &&
                find_way(net, a, a + 1, &one) && find_way(net, b, b - 1, &other) &&
                !uses(&one, out->arcs[0]) && !uses(&other, out->arcs[0])) {
                best[0] = one;
                best[1] = other;
                best_km = km;
            }
        }
    }
    double one_s = drive(scene, CLONED, &best[0], 8 * MINUTE_S);
    double other_s = drive(scene, CLONE, &best[1], 10 * MINUTE_S);
    struct way back = best[0];
    for (unsigned i = 0; i < back.len; i++) {
        back.arcs[i] = best[0].arcs[back.len - 1 - i] ^ 1U;
    }
    drive(scene, CLONED, &back, one_s + 3 * MINUTE_S);
    for (unsigned i = 0; i < best[1].len; i++) {
        back.arcs[i] = best[1].arcs[best[1].len - 1 - i] ^ 1U;
    }
    back.len = best[1].len;
    drive(scene, CLONE, &back, other_s + 3 * MINUTE_S);
}

static int by_time(const void *a, const void *b)
{
    const struct sim_read *left = a, *right = b;
    return left->captured_at_ms != right->captured_at_ms
               ? (left->captured_at_ms < right->captured_at_ms ? -1 : 1)
           : left->number < right->number ? -1
                                          : 1;
}

// Makes the scene; the net's wrong camera is listed elsewhere from then on. False: no such network.
static bool play(struct scene *scene, struct net *net, unsigned *ret_camera)
{
    struct way out, back;
    if (!find_run(net, &out, &back)) {
        return false;
    }
    unsigned arc = find_wrong_arc(net, &out, &back);
    if (arc == NET_NONE) {
        return false;
    }
    unsigned post = net->arcs[arc].post_first, far = post;
    for (unsigned i = 0; i < net->post_count; i++) {
        far = net_distance_km(net, post, i) > net_distance_km(net, post, far) ? i : far;
    }
    play_courier(scene, &out, &back);
    play_fleet(scene, arc);
    play_clone(scene, &out);
    qsort(scene->reads, scene->count, sizeof(scene->reads[0]), by_time);
    *ret_camera = net->posts[post].camera_first;
    net->cameras[*ret_camera].listed_post = far;
    return true;
}

// ------------------------------------------------------------------ the program

struct options {
    int64_t start_ms;
    double seconds;
    double pace; // 0: at once
    bool past;   // what was before the hour, else the hour
    const char *lists_folder;
    const char *controls_folder;
    const char *names_path;
};

static const char usage[] =
    "usage: hitsim scene [OPTION...] > reads.jsonl\n"
    "  --start-ms N         Unix ms of the start of its hour (now)\n"
    "  --seconds N          length of that hour (3600)\n"
    "  --past               the days before it, in place of the hour\n"
    "  --pace N             write each read when it is made, N times as fast as the clock; those "
    "of\n"
    "                       the past one by one\n"
    "  --lists FOLDER       put its vehicles on the lists that stand there\n"
    "  --controls FOLDER    write cameras.csv there, one camera wrong in it\n"
    "  --names FILE         who plays which part\n";

static struct options parse(int argc, char **argv)
{
    enum { START = 256, SECONDS, PAST, PACE, LISTS, CONTROLS, NAMES };
    static const struct option rows[] = {
        {"start-ms", 1, NULL, START}, {"seconds", 1, NULL, SECONDS},
        {"past", 0, NULL, PAST},      {"pace", 1, NULL, PACE},
        {"lists", 1, NULL, LISTS},    {"controls", 1, NULL, CONTROLS},
        {"names", 1, NULL, NAMES},    {NULL, 0, NULL, 0}};
    struct options options = {.start_ms = hs_clock_realtime_ms(), .seconds = 3600};
    int option;
    while ((option = getopt_long(argc, argv, "h", rows, NULL)) != -1) {
        switch (option) {
        case START:
            options.start_ms = (int64_t)sim_option_number("start-ms", 1e11, 1e14);
            break;
        case SECONDS:
            options.seconds = sim_option_number("seconds", 60, 86400);
            break;
        case PAST:
            options.past = true;
            break;
        case PACE:
            options.pace = sim_option_number("pace", 0.01, 1e6);
            break;
        case LISTS:
            options.lists_folder = optarg;
            break;
        case CONTROLS:
            options.controls_folder = optarg;
            break;
        case NAMES:
            options.names_path = optarg;
            break;
        default:
            fputs(usage, option == 'h' ? stdout : stderr);
            exit(option == 'h' ? 0 : 2);
        }
    }
    return options;
}

static FILE *create(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name);
    FILE *file = fopen(path, "we");
    if (!file) {
        fprintf(stderr, "hitsim: cannot write '%s': %s\n", path, strerror(errno));
    }
    return file;
}

static bool write_names(const char *path, const struct net *net, unsigned camera)
{
    static const char *const names[FIRST_OF_FLEET] = {"courier", "escort", "cloned", NULL};
    FILE *file = create("", path);
    if (!file) {
        return false;
    }
    for (unsigned part = 0; part < FIRST_OF_FLEET; part++) {
        if (names[part]) {
            fprintf(file, "%s %s\n", names[part], plate_of_vehicle(mark_of(part)).text);
        }
    }
    fprintf(file, "camera %s\n", net->cameras[camera].camera_id);
    return fclose(file) == 0;
}

static bool write_files(const struct options *options, const struct net *net, unsigned camera)
{
    bool good = !options->names_path || write_names(options->names_path, net, camera);
    for (unsigned part = 0; options->lists_folder && part < PARTS; part++) {
        bool stolen = part == CLONED || part >= FIRST_OF_FLEET;
        if (part != CLONE && part != ESCORT) {
            good = lists_add(options->lists_folder, &sim_lists[stolen ? 1 : 0], mark_of(part),
                             options->start_ms) &&
                   good;
        }
    }
    FILE *file = options->controls_folder ? create(options->controls_folder, "cameras.csv") : NULL;
    if (file) {
        net_write_register(net, file);
        good = fclose(file) == 0 && good;
    }
    return good && (file || !options->controls_folder);
}

static void wait_until(double at_ms)
{
    double left_ms = at_ms - (double)hs_clock_realtime_ms();
    if (left_ms > 0) {
        struct timespec span = {.tv_sec = (time_t)(left_ms / 1000),
                                .tv_nsec = (long)fmod(left_ms, 1000) * 1000000};
        fflush(stdout);
        while (nanosleep(&span, &span) != 0 && errno == EINTR) {
        }
    }
}

static bool stream(const struct options *options, const struct scene *scene)
{
    struct hs_buf line = {0};
    double began_ms = (double)hs_clock_realtime_ms();
    int64_t end_ms = options->start_ms + (int64_t)(options->seconds * 1000.0);
    for (size_t i = 0; i < scene->count && !ferror(stdout); i++) {
        const struct sim_read *read = &scene->reads[i];
        bool past = read->captured_at_ms < options->start_ms;
        if (past != options->past || read->captured_at_ms >= end_ms) {
            continue;
        }
        if (options->pace > 0) {
            double after_ms = (double)(read->delivered_at_ms - options->start_ms) / options->pace;
            wait_until(began_ms + (past ? (double)i * PAST_GAP_MS : after_ms));
        }
        hs_buf_clear(&line);
        read_json(scene->net, 0, read, &line);
        fwrite(line.ptr, 1, line.len, stdout);
    }
    bool good = hs_buf_status(&line) == 0 && fflush(stdout) == 0;
    hs_buf_fini(&line);
    return good;
}

int scene_main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    struct town *town = town_read(HITSIM_DATA);
    struct net *net = town ? net_new(town, SITE_KM) : NULL;
    struct scene *scene = calloc(1, sizeof(*scene));
    unsigned camera;
    bool good = net && scene;
    if (good) {
        scene->net = net;
        scene->start_ms = options.start_ms;
        good = play(scene, net, &camera) && write_files(&options, net, camera) &&
               stream(&options, scene);
    }
    if (!good) {
        fputs("hitsim: no scene\n", stderr);
    }
    free(scene);
    net_free(net);
    town_free(town);
    return good ? 0 : 1;
}
