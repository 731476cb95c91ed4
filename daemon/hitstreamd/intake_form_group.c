// SPDX-License-Identifier: Apache-2.0
// What partners say of groups: nominations and intelligence, judged in form. Whether there is such a
// group is not asked: the answer would tell a partner what it may not know.
#include "config/rows.h"
#include "hitstreamd/intake_form.h"
#include "vrm/vrm.h"

typedef Hitstream__V1__Feedback pb_feedback; // long names of the contract, short in this file
typedef Hitstream__V1__Nomination pb_nomination;

// Stands on one line of what an officer reads.
static bool line_fits(const char *text)
{
    struct hs_str s = hs_str(text);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < ' ' || c == 127) {
            return false;
        }
    }
    return s.len <= HS_FEEDBACK_GROUP_TEXT_BYTES && hs_str_is_utf8(s);
}

static bool nomination_fits(const pb_feedback *feedback)
{
    const pb_nomination *said = feedback->nomination;
    struct hs_vrm vrm;
    const char *const lines[] = {feedback->person,  said->name, said->district,
                                 said->county_line, said->hub,  said->vehicle};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!line_fits(lines[i])) {
            return false;
        }
    }
    return hs_row_is_id(hs_str(said->group_id)) && feedback->reply_token.len == 0 &&
           (said->hub[0] == '\0' || said->county_line[0] != '\0') &&
           (said->vehicle[0] == '\0' || hs_vrm_normalise(hs_str(said->vehicle), &vrm, NULL) == 0);
}

static bool intelligence_fits(const pb_feedback *feedback)
{
    bool of_group = feedback->about_group[0] != '\0', of_alert = feedback->reply_token.len > 0;
    return hs_str_trim(hs_str(feedback->note)).len > 0 && of_group != of_alert &&
           line_fits(feedback->person) &&
           (!of_group || hs_row_is_id(hs_str(feedback->about_group)));
}

enum hs_intake_fault hs_intake_check_group(const pb_feedback *feedback)
{
    bool nomination = feedback->kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOMINATION;
    bool intelligence = feedback->kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE;
    if (nomination != (feedback->nomination != NULL) ||
        (nomination && !nomination_fits(feedback))) {
        return HS_INTAKE_NOMINATION;
    }
    if (intelligence ? !intelligence_fits(feedback) : feedback->about_group[0] != '\0') {
        return HS_INTAKE_INTELLIGENCE;
    }
    return HS_INTAKE_OK;
}
