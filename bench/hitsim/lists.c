// SPDX-License-Identifier: Apache-2.0
#include "hitsim/lists.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/hash.h"
#include "hitsim/plate.h"

enum { WEED_DAYS = 60 };

const struct sim_list sim_lists[] = {
    {"county-lines", "Joint operation on county lines", "northvale", false, false, NULL, "medium",
     "DR", "courier vehicle of a county line"},
    {"stolen", "Stolen vehicles", "eastmoor", false, false, "STOP", "medium", "",
     "stolen, not yet recovered"},
    {"safeguarding", "Missing and exploited people", "westbrook", false, false, "STOP", "high",
     "VI", "vehicle linked to a missing person"},
    {"lantern", "Operation Lantern", "northvale", true, false, "SILENT", "high", "FI",
     "subject vehicle, do not disclose"},
    {"cloned", "Plates reported cloned, on trial", "eastmoor", false, true, "SILENT", "low", "",
     "keeper reports tickets from elsewhere"},
};
const struct sim_list *const sim_list_at_risk = &sim_lists[2];
const unsigned sim_list_count = sizeof(sim_lists) / sizeof(sim_lists[0]);

static const char *const makes[][2] = {
    {"FORD", "FIESTA"},      {"FORD", "FOCUS"},   {"VAUXHALL", "CORSA"}, {"VOLKSWAGEN", "GOLF"},
    {"BMW", "3 SERIES"},     {"AUDI", "A3"},      {"NISSAN", "QASHQAI"}, {"TOYOTA", "YARIS"},
    {"MERCEDES", "A CLASS"}, {"KIA", "SPORTAGE"}, {"FORD", "TRANSIT"},   {"VAUXHALL", "VIVARO"}};
static const char *const colours[] = {"BLACK",  "GREY", "WHITE", "BLUE",
                                      "SILVER", "RED",  "GREEN", "YELLOW"};

struct looks looks_of_vehicle(uint32_t vehicle)
{
    uint64_t mix = hs_hash_u64(vehicle + 1);
    unsigned make = (unsigned)(mix % (sizeof(makes) / sizeof(makes[0])));
    unsigned colour = (unsigned)((mix >> 32) % (sizeof(colours) / sizeof(colours[0])));
    return (struct looks){makes[make][0], makes[make][1], colours[colour]};
}

const struct sim_list *list_of_vehicle(uint32_t vehicle)
{
    static const unsigned char lists[20] = {0, 1, 0, 2, 0, 1, 3, 1, 0, 2,
                                            0, 1, 0, 2, 0, 1, 4, 1, 0, 2};
    return &sim_lists[lists[vehicle % 20]];
}

bool second_entry(uint32_t vehicle, int64_t start_ms, int64_t span_ms, int64_t *ret_from_ms)
{
    const struct sim_list *list = list_of_vehicle(vehicle);
    uint64_t mix = hs_hash_u64(vehicle ^ UINT64_C(0x5ec0));
    if (span_ms <= 0 || list->covert || list->trial || list == sim_list_at_risk || mix % 10 != 0) {
        return false;
    }
    *ret_from_ms = start_ms + (int64_t)((double)(mix >> 11) * 0x1p-53 * (double)span_ms);
    return true;
}

static void write_entry(FILE *file, const struct sim_list *list, uint32_t vehicle,
                        uint32_t weed_date, int64_t from_ms)
{
    struct looks looks = looks_of_vehicle(vehicle);
    const char *action = list->action ? list->action : hs_hash_u64(vehicle) & 1 ? "STOP" : "SILENT";
    char from[HS_CIVIL_TEXT_BYTES] = "";
    if (from_ms > 0) {
        hs_civil_format(from_ms, from);
    }
    fprintf(file,
            "%s,%s,%s,%s,%s,%s,\"%s\",E41,\"made up by hitsim, vehicle "
            "%u\",%s,%04u-%02u-%02u,,OFFICIAL-SENSITIVE,,"
            "verify the image before any stop,hitsim,%s,Insp. A. Example,0100 000 0000,%s,%s\n",
            plate_of_vehicle(vehicle).text, looks.make, looks.model, looks.colour, action,
            list->markers, list->reason, (unsigned)vehicle, list->owner,
            (unsigned)(weed_date / 10000), (unsigned)(weed_date / 100 % 100),
            (unsigned)(weed_date % 100), list->priority,
            list == sim_list_at_risk ? "missing" : "none", from);
}

static FILE *open_file(const char *folder, const char *name, const char *suffix, const char *how)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, how);
    if (!file) {
        fprintf(stderr, "hitsim: cannot write '%s': %s\n", path, strerror(errno));
    }
    return file;
}

static bool write_list(const char *folder, const struct sim_list *list, uint32_t listed,
                       int64_t start_ms, int64_t span_ms)
{
    uint32_t weed_date =
        hs_civil_date(start_ms + (span_ms > 0 ? span_ms : 0) + WEED_DAYS * HS_MS_PER_DAY);
    FILE *file = open_file(folder, list->list_id, ".csv", "we");
    if (!file) {
        return false;
    }
    fputs(
        "VRM,make,model,colour,action,warning markers,reason,NIM intelligence grading,information,"
        "force and area,weed date,PNC id,protective marking,CAD information,spare 1,spare 2,"
        "priority,authoriser,contact 24h,safeguarding,valid from\n",
        file);
    for (uint32_t vehicle = 0; vehicle < listed; vehicle++) {
        int64_t from_ms;
        if (list_of_vehicle(vehicle) == list) {
            write_entry(file, list, vehicle, weed_date, 0);
        } else if (list == sim_list_at_risk && second_entry(vehicle, start_ms, span_ms, &from_ms)) {
            write_entry(file, list, vehicle, weed_date, from_ms);
        }
    }
    return fclose(file) == 0;
}

bool lists_add(const char *folder, const struct sim_list *list, uint32_t vehicle, int64_t start_ms)
{
    FILE *file = open_file(folder, list->list_id, ".csv", "ae");
    if (!file) {
        return false;
    }
    write_entry(file, list, vehicle, hs_civil_date(start_ms + WEED_DAYS * HS_MS_PER_DAY), 0);
    return fclose(file) == 0;
}

bool lists_write(const char *folder, uint32_t listed, int64_t start_ms, int64_t span_ms)
{
    FILE *index = open_file(folder, "lists", ".tsv", "we");
    if (!index) {
        return false;
    }
    bool good = true;
    for (unsigned i = 0; i < sim_list_count; i++) {
        const struct sim_list *list = &sim_lists[i];
        fprintf(index, "%s\t%s\t%s\t%s\t%s\n", list->list_id, list->owner,
                list->covert ? "covert" : "open", list->trial ? "trial" : "live", list->title);
        good = write_list(folder, list, listed, start_ms, span_ms) && good;
    }
    return fclose(index) == 0 && good;
}
