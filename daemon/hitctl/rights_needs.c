// SPDX-License-Identifier: Apache-2.0
// Which command needs which right.
#include "hitctl/rights.h"

// Rows are looked at in order; a name NULL stands for all commands of its group.
static const struct {
    const char *group; // NULL: a command of one word
    const char *name;
    enum hitctl_verb verb;
} needs[] = {
    {"rights", "print", HITCTL_MAY_ADMINISTER}, // names every queue
    {"rights", NULL, HITCTL_MAY_ANYTHING},
    {"list", "check", HITCTL_MAY_ANYTHING}, // a file
    {"list", "show", HITCTL_MAY_SEE},
    {"list", "diff", HITCTL_MAY_SEE},
    {"list", "history", HITCTL_MAY_SEE},
    {"list", "export", HITCTL_MAY_SEE},
    {"list", "due", HITCTL_MAY_SEE},
    {"list", "status", HITCTL_MAY_SEE}, // setting it asks again
    {"list", NULL, HITCTL_MAY_CHANGE_LIST},
    {NULL, "check", HITCTL_MAY_SEE},
    {NULL, "trail", HITCTL_MAY_SEE},
    {NULL, "explain", HITCTL_MAY_SEE},
    {NULL, "replay", HITCTL_MAY_SEE},
    {NULL, "match", HITCTL_MAY_ANYTHING}, // files
    {NULL, "decode", HITCTL_MAY_ANYTHING},
    {NULL, "status", HITCTL_MAY_ANYTHING},
    {"alerts", "tail", HITCTL_MAY_WATCH},
    {"alerts", "show", HITCTL_MAY_WATCH},
    {"alerts", NULL, HITCTL_MAY_SPEAK},
    {"operation", "report", HITCTL_MAY_SEE},
    {"operation", NULL, HITCTL_MAY_OPERATE},
    {"group", "trail", HITCTL_MAY_SEE},
    {"group", NULL, HITCTL_MAY_OPERATE},
    {NULL, "profile", HITCTL_MAY_OPERATE},
    {"controls", "check", HITCTL_MAY_ANYTHING}, // a folder
    {"controls", NULL, HITCTL_MAY_CONTROLS},
    {"route", "explain", HITCTL_MAY_SEE},
    {"route", NULL, HITCTL_MAY_CONTROLS},
    {"roads", NULL, HITCTL_MAY_CONTROLS},
    {"cameras", "clear", HITCTL_MAY_ADMINISTER},
    {"cameras", NULL, HITCTL_MAY_SEE},
    {"topics", NULL, HITCTL_MAY_ADMINISTER},
    {"reads", NULL, HITCTL_MAY_ADMINISTER},
    {"dispatch", NULL, HITCTL_MAY_ADMINISTER},
    {"audit", NULL, HITCTL_MAY_AUDIT},
};

enum hitctl_verb hitctl_rights_of_command(const struct hitctl_command *command)
{
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        bool group = command->group ? needs[i].group && strcmp(command->group, needs[i].group) == 0
                                    : !needs[i].group;
        if (group && (!needs[i].name || strcmp(command->name, needs[i].name) == 0)) {
            return needs[i].verb;
        }
    }
    return HITCTL_MAY_ADMINISTER;
}
