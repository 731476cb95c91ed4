// SPDX-License-Identifier: Apache-2.0
#include "hitsim/town.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const town_forces[3] = {"northvale", "eastmoor", "westbrook"};

enum { SITE_NUMBERS = 100, LINE_BYTES = 256 };

// Ways out of one site in one hour.
struct exits {
    struct exit {
        unsigned to;    // index of a camera
        double share;   // of all that go on, summed up to here; the last is 1
        double mean_ms; // journey time
    } * rows;           // owned
    unsigned count;
    double departures; // vehicles counted to go on from here
    double arrivals;   // vehicles counted to come here from another site
};

struct town {
    struct town_camera cameras[TOWN_SITES_MAX];
    unsigned count;
    int index_of[SITE_NUMBERS]; // camera of a survey's site, -1: none
    struct exits exits[TOWN_SITES_MAX][TOWN_HOURS];
    double entering[TOWN_SITES_MAX][TOWN_HOURS]; // share that enters here, summed up to here
    double reads_per_trip[TOWN_HOURS];
};

// Splits a line of plain CSV in place; returns the number of fields.
static unsigned split(char *line, char **fields, unsigned max)
{
    unsigned count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    while (count < max) {
        fields[count++] = line;
        line = strchr(line, ',');
        if (!line) {
            break;
        }
        *line++ = '\0';
    }
    return count;
}

// "Charlotte St Car Park E" becomes "charlotte-st-car-park-e".
static void slug(const char *text, char *ret, size_t size)
{
    size_t len = 0;
    for (; *text && len + 1 < size; text++) {
        ret[len++] = isalnum((unsigned char)*text) ? (char)tolower((unsigned char)*text) : '-';
    }
    ret[len] = '\0';
}

// Three made-up force areas: sectors round the middle of the town.
static unsigned force_at(double latitude_deg, double longitude_deg)
{
    double north = latitude_deg - 51.3811;
    double east = (longitude_deg + 2.3590) * 0.624;
    double bearing_deg = atan2(east, north) * 180.0 / 3.14159265358979;
    if (fabs(bearing_deg) < 60.0) {
        return 0;
    }
    return bearing_deg > 0 ? 1 : 2;
}

static void fill_camera(struct town_camera *camera, char **fields)
{
    unsigned location = (unsigned)atoi(fields[1]);
    bool outer = strcmp(fields[4], "outer") == 0 || strcmp(fields[4], "unclassified") == 0;
    camera->number = (unsigned)atoi(fields[0]);
    camera->longitude_deg = atof(fields[6]);
    camera->latitude_deg = atof(fields[7]);
    char site[TOWN_NAME_MAX - 4];
    slug(fields[3], site, sizeof(site));
    snprintf(camera->site_id, sizeof(camera->site_id), "%s", site);
    snprintf(camera->camera_id, sizeof(camera->camera_id), "%s-%c", site,
             tolower((unsigned char)fields[2][0]));
    snprintf(camera->direction, sizeof(camera->direction), "%.2s", fields[2]);
    if (strcmp(fields[4], "car park") != 0) {
        snprintf(camera->road, sizeof(camera->road), "%c9%02u", outer ? 'A' : 'B', location % 100);
    }
    camera->force = force_at(camera->latitude_deg, camera->longitude_deg);
    snprintf(camera->area, sizeof(camera->area), "%s-%s", town_forces[camera->force],
             outer ? "outer" : "inner");
}

static FILE *open_data(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "hitsim: cannot read '%s': %s\n", path, strerror(errno));
    }
    return file;
}

static bool read_sites(struct town *town, const char *folder)
{
    char line[LINE_BYTES];
    char *fields[8];
    FILE *file = open_data(folder, "sites.csv");
    if (!file) {
        return false;
    }
    bool good = fgets(line, sizeof(line), file) != NULL; // header
    while (good && fgets(line, sizeof(line), file)) {
        good = split(line, fields, 8) == 8 && town->count < TOWN_SITES_MAX;
        if (good) {
            struct town_camera *camera = &town->cameras[town->count];
            fill_camera(camera, fields);
            good = camera->number < SITE_NUMBERS;
        }
        if (good) {
            town->index_of[town->cameras[town->count].number] = (int)town->count;
            town->count++;
        }
    }
    fclose(file);
    return good && town->count > 0;
}

static bool add_movement(struct town *town, char **fields)
{
    unsigned from_site = (unsigned)atoi(fields[0]);
    unsigned to_site = (unsigned)atoi(fields[1]);
    unsigned hour = (unsigned)atoi(fields[2]);
    double vehicles = atof(fields[3]);
    if (from_site >= SITE_NUMBERS || to_site >= SITE_NUMBERS || hour >= TOWN_HOURS ||
        town->index_of[from_site] < 0 || town->index_of[to_site] < 0) {
        return false;
    }
    unsigned from = (unsigned)town->index_of[from_site];
    unsigned to = (unsigned)town->index_of[to_site];
    struct exits *exits = &town->exits[from][hour];
    struct exit *rows = realloc(exits->rows, (exits->count + 1) * sizeof(*rows));
    if (!rows) {
        return false;
    }
    exits->rows = rows;
    exits->departures += vehicles;
    rows[exits->count++] = (struct exit){to, exits->departures, atof(fields[4]) * 1000.0};
    town->exits[to][hour].arrivals += vehicles;
    return true;
}

static bool read_movements(struct town *town, const char *folder)
{
    char line[LINE_BYTES];
    char *fields[5];
    FILE *file = open_data(folder, "movements.csv");
    if (!file) {
        return false;
    }
    bool good = fgets(line, sizeof(line), file) != NULL; // header
    while (good && fgets(line, sizeof(line), file)) {
        good = split(line, fields, 5) == 5 && add_movement(town, fields);
    }
    fclose(file);
    return good;
}

// Turns sums of vehicles into shares, and finds where vehicles enter.
static void settle_hour(struct town *town, unsigned hour)
{
    double entries = 0;
    double movements = 0;
    for (unsigned i = 0; i < town->count; i++) {
        struct exits *exits = &town->exits[i][hour];
        for (unsigned e = 0; e < exits->count; e++) {
            exits->rows[e].share /= exits->departures;
        }
        entries += fmax(0.0, exits->departures - exits->arrivals);
        movements += exits->departures;
        town->entering[i][hour] = entries;
    }
    for (unsigned i = 0; i < town->count; i++) {
        town->entering[i][hour] /= entries;
    }
    town->reads_per_trip[hour] = (entries + movements) / entries;
}

struct town *town_read(const char *folder)
{
    struct town *town = calloc(1, sizeof(*town));
    if (!town) {
        return NULL;
    }
    memset(town->index_of, 0xff, sizeof(town->index_of));
    if (!read_sites(town, folder) || !read_movements(town, folder)) {
        fprintf(stderr, "hitsim: '%s' is not a camera network (sites.csv, movements.csv)\n",
                folder);
        town_free(town);
        return NULL;
    }
    for (unsigned hour = 0; hour < TOWN_HOURS; hour++) {
        settle_hour(town, hour);
    }
    return town;
}

void town_free(struct town *town)
{
    if (!town) {
        return;
    }
    for (unsigned i = 0; i < TOWN_SITES_MAX; i++) {
        for (unsigned hour = 0; hour < TOWN_HOURS; hour++) {
            free(town->exits[i][hour].rows);
        }
    }
    free(town);
}

unsigned town_camera_count(const struct town *town)
{
    return town->count;
}

const struct town_camera *town_camera(const struct town *town, unsigned index)
{
    return &town->cameras[index];
}

unsigned town_enter(const struct town *town, unsigned hour, struct random *random)
{
    double draw = random_unit(random);
    unsigned site = 0;
    while (site + 1 < town->count && town->entering[site][hour] <= draw) {
        site++;
    }
    return site;
}

bool town_next(const struct town *town, unsigned from, unsigned hour, struct random *random,
               unsigned *ret_to, double *ret_ms)
{
    const struct exits *exits = &town->exits[from][hour];
    if (exits->count == 0 ||
        random_unit(random) * fmax(exits->arrivals, exits->departures) > exits->departures) {
        return false;
    }
    double draw = random_unit(random);
    unsigned low = 0;
    unsigned high = exits->count - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (exits->rows[middle].share > draw) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret_to = exits->rows[low].to;
    *ret_ms = exits->rows[low].mean_ms * exp(0.18 * random_normal(random));
    return true;
}

double town_reads_per_trip(const struct town *town, unsigned hour)
{
    return town->reads_per_trip[hour];
}

void town_write_register(const struct town *town, FILE *file)
{
    fputs("camera,site,road,direction,force,area,latitude,longitude,kind\n", file);
    for (unsigned i = 0; i < town->count; i++) {
        const struct town_camera *camera = &town->cameras[i];
        fprintf(file, "%s,%s,%s,%s,%s,%s,%.6f,%.6f,fixed\n", camera->camera_id, camera->site_id,
                camera->road, camera->direction, town_forces[camera->force], camera->area,
                camera->latitude_deg, camera->longitude_deg);
    }
}

void town_write_movements(const struct town *town, FILE *file)
{
    fputs("from_camera,to_camera,hour,vehicles,mean_seconds\n", file);
    for (unsigned i = 0; i < town->count; i++) {
        for (unsigned hour = 0; hour < TOWN_HOURS; hour++) {
            const struct exits *exits = &town->exits[i][hour];
            double before = 0;
            for (unsigned row = 0; row < exits->count; row++) {
                double vehicles = (exits->rows[row].share - before) * exits->departures;
                before = exits->rows[row].share;
                fprintf(file, "%s,%s,%u,%.0f,%.1f\n", town->cameras[i].camera_id,
                        town->cameras[exits->rows[row].to].camera_id, hour, vehicles,
                        exits->rows[row].mean_ms / 1000);
            }
        }
    }
}
