// SPDX-License-Identifier: Apache-2.0
//
// A nomination that was made with 'hitctl group nominate' stands in the controls, and leaves them;
// one of a partner's feedback topic is marked, with a record of its own. Both the nomination and the
// no stay in the history.
#include "hitctl/group_decline.h"

#include <stdio.h>

#include "hitctl/controls_edit.h"
#include "hitctl/group_said.h"
#include "hitctl/group_text.h"
#include "hitctl/store_open.h"

struct decline_options {
    const char *queue;
};

const struct hitctl_option group_decline_options[] = {
    {"queue", HITCTL_TEXT, offsetof(struct decline_options, queue), "QUEUE",
     "whose nomination on its feedback topic, when several queues nominate it"},
    {0}};

// Of the controls.
static int decline_made(const struct hitctl *ctl, struct controls_edit *edit,
                        const struct hs_group *group)
{
    if (group->state != HS_GROUP_NOMINATED) {
        hitctl_error("'%.*s' is no nomination, it is %s", HS_STR_ARG(group->id),
                     hs_group_state_text(group->state));
        return HITCTL_REFUSED;
    }
    groups_yaml_without(&edit->text, hs_controls_groups(edit->head.controls), group->id);
    return controls_edit_activate(ctl, edit, GROUPS_FILE, "group decline", false);
}

// Of a feedback topic.
static int decline_said(const struct hitctl *ctl, const struct controls_edit *edit, const char *id,
                        const char *queue)
{
    struct hs_said_rows said = {0};
    struct hs_bump bump = {0};
    struct hs_group group;
    size_t index;
    const struct hs_actor actor = {ctl->who, ctl->authority};
    int code = group_said_read(edit->store, &said);
    code = code ? code
                : group_said_find(&said, hs_controls_groups(edit->head.controls), id, queue, &bump,
                                  &group, &index);
    if (code == HITCTL_OK) {
        int rc = hs_store_decline(edit->store, &actor, &said.rows[index]);
        code = rc == 0 ? HITCTL_OK : hitctl_store_failed(edit->store, rc, "nothing is declined");
    }
    if (code == HITCTL_OK && !ctl->json) {
        printf("declined: %s, nominated by %.*s\n", id, HS_STR_ARG(group.nominated_by));
    }
    hs_bump_fini(&bump);
    hs_said_rows_fini(&said);
    return code;
}

static int decline(const struct hitctl *ctl, struct controls_edit *edit, const char *id,
                   const char *queue)
{
    const struct hs_group *group =
        hs_groups_find(hs_controls_groups(edit->head.controls), hs_str(id));
    if (!group || !group_visible(ctl, group)) {
        return decline_said(ctl, edit, id, queue);
    }
    int code = decline_made(ctl, edit, group);
    if (code == HITCTL_OK && !ctl->json) {
        printf("declined: %s, nominated by %.*s\n", id, HS_STR_ARG(group->nominated_by));
    }
    return code;
}

int group_decline_run(struct hitctl *ctl, int argc, char **argv)
{
    struct decline_options options = {0};
    struct controls_edit edit = {0};
    int words = hitctl_options_parse(group_decline_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("one group's id is expected");
        }
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, NULL, &edit);
    code = code == HITCTL_OK ? decline(ctl, &edit, argv[1], options.queue) : code;
    controls_edit_end(&edit);
    return code;
}
