// SPDX-License-Identifier: Apache-2.0
#include "hitctl/controls_edit.h"

#include "hitctl/store_open.h"

int controls_edit_begin(const struct hitctl *ctl, const char *against, struct controls_edit *edit)
{
    int code = hitctl_store_open(ctl, &edit->store);
    if (code == HITCTL_OK) {
        code = controls_head_read(edit->store, &edit->head);
    }
    if (code == HITCTL_OK && against && strcmp(against, edit->head.hash) != 0) {
        code = controls_head_conflict(edit->store, against, &edit->head);
    }
    return code;
}

int controls_edit_activate(const struct hitctl *ctl, struct controls_edit *edit, const char *file,
                           const char *what, bool dry_run)
{
    struct hs_controls *controls = NULL;
    if (hs_buf_status(&edit->text) != 0) {
        return HITCTL_FAILED;
    }
    int code = controls_head_exchange(&edit->head, file, hs_buf_str(&edit->text), &controls);
    if (code == HITCTL_OK) {
        code = controls_head_change(ctl, edit->store, &edit->head, controls, what, dry_run);
    }
    hs_controls_unref(controls);
    return code;
}

void controls_edit_end(struct controls_edit *edit)
{
    hs_buf_fini(&edit->text);
    hs_controls_unref(edit->head.controls);
    hs_store_free(edit->store);
}
