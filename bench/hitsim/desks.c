// SPDX-License-Identifier: Apache-2.0
#include "hitsim/desks.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define JOINT_LIST   "county-lines"
#define COVERT_LIST  "lantern"
#define COVERT_OWNER 0 // northvale

unsigned desks_make(struct desk ret_desks[DESKS_MAX])
{
    unsigned count = 0;
    for (unsigned force = 0; force < NET_FORCES; force++) {
        for (unsigned live = 2; live-- > 0;) {
            struct desk *desk = &ret_desks[count++];
            *desk = (struct desk){.force = force, .live = live};
            snprintf(desk->name, sizeof(desk->name), "%s-%s", net_forces[force],
                     live ? "control" : "intel");
            desk->covert_list = !live && force == COVERT_OWNER ? COVERT_LIST : NULL;
        }
    }
    for (unsigned live = 2; live-- > 0;) {
        struct desk *desk = &ret_desks[count++];
        *desk = (struct desk){.everywhere = true, .live = live, .list = JOINT_LIST};
        snprintf(desk->name, sizeof(desk->name), "joint-lines%s", live ? "" : "-intel");
    }
    ret_desks[count++] = (struct desk){.name = "lantern-desk",
                                       .everywhere = true,
                                       .live = true,
                                       .covert_list = COVERT_LIST,
                                       .covert_only = true};
    return count;
}

bool desk_cares(const struct desk *desk, const struct sim_list *list, unsigned force)
{
    if (list->trial) {
        return false;
    }
    if (list->covert) {
        return desk->covert_list && strcmp(desk->covert_list, list->list_id) == 0;
    }
    return !desk->covert_only && (!desk->list || strcmp(desk->list, list->list_id) == 0) &&
           (desk->everywhere || desk->force == force);
}

static void write_desk(const struct desk *desk, FILE *file)
{
    fprintf(file, "  %s:\n    owner: %s\n    kind: %s\n", desk->name, net_forces[desk->force],
            desk->live ? "live" : "intelligence");
    if (desk->list) {
        fprintf(file, "    lists: [%s]\n", desk->list);
    } else if (!desk->covert_only) {
        fputs("    lists: [\"*\"]\n", file);
    }
    if (desk->covert_list) {
        fprintf(file, "    covert_lists: [%s]\n", desk->covert_list);
    }
    if (!desk->everywhere) {
        fprintf(file, "    forces: [%s]\n", net_forces[desk->force]);
    }
    if (desk->live && !desk->everywhere) {
        fputs("    default: true\n", file);
    }
    if (desk->live) {
        const char *stem = desk->covert_only ? net_forces[COVERT_OWNER] : desk->name;
        int len = desk->everywhere ? (int)strlen(stem) : (int)strlen(net_forces[desk->force]);
        fprintf(file, "    intelligence_queue: %.*s-intel\n", len, stem);
    }
}

static FILE *create(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file) {
        fprintf(stderr, "hitsim: cannot write '%s': %s\n", path, strerror(errno));
    }
    return file;
}

static bool write_queues(const char *folder)
{
    struct desk desks[DESKS_MAX];
    unsigned count = desks_make(desks);
    FILE *file = create(folder, "queues.yaml");
    if (!file) {
        return false;
    }
    fputs("# The desks of hitsim's world.\nqueues:\n", file);
    for (unsigned i = 0; i < count; i++) {
        write_desk(&desks[i], file);
    }
    return fclose(file) == 0;
}

static bool write_rules(const struct sim_plan *plan, const char *folder)
{
    FILE *file = create(folder, "rules.yaml");
    if (!file) {
        return false;
    }
    fprintf(file,
            "# By these hitsim's truth goes.\nlateness:\n  recent_ms: %" PRId64
            "\nincident:\n  quiet_ms: %" PRId64 "\n  repeat_window_ms: %" PRId64 "\n",
            plan->recent_ms, plan->quiet_ms, plan->repeat_window_ms);
    return fclose(file) == 0;
}

bool desks_write(const struct sim *sim, const char *folder)
{
    FILE *file = create(folder, "cameras.csv");
    if (!file) {
        return false;
    }
    net_write_register(sim_net(sim), file);
    return fclose(file) == 0 && write_queues(folder) && write_rules(sim_plan_of(sim), folder);
}
