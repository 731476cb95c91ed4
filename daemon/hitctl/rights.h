// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_RIGHTS_H
#define HITCTL_RIGHTS_H
/*
 * Who may do what. Without a rights file everybody may do everything, as on a machine of one
 * person. With one, main.c asks for the role before a command runs, and the command asks here about
 * what it is told to touch.
 *
 * What it protects against: mistakes, and people who use hitctl as it is. What not: somebody who
 * talks to Redis and Kafka without hitctl. Redis' ACL and Kafka's principals are the wall.
 *
 * A refusal is told on stderr, in the system's log and, when Redis is reached, in hs:changes as
 * 'refused'; nothing else happens. Threads: one.
 */

#include "hitctl/command.h"
#include "hitctl/rights_file.h"
#include "watchlist/changes.h"

enum hitctl_verb {
    HITCTL_MAY_ANYTHING,    // no right is needed: nothing personal, nothing changed
    HITCTL_MAY_SEE,         // subject: "open", or a covert or trial list's id
    HITCTL_MAY_CHANGE_LIST, // subject: a list's id
    HITCTL_MAY_WATCH,       // subject: a queue; its alerts
    HITCTL_MAY_SPEAK,       // subject: a queue; acknowledge, withdraw, report
    HITCTL_MAY_OPERATE,     // operations and groups
    HITCTL_MAY_CONTROLS,    // controls as a whole
    HITCTL_MAY_ADMINISTER,  // topics, daemons, what was not delivered
    HITCTL_MAY_AUDIT,       // the audit trail
    HITCTL_VERB_COUNT,
};

// May the person that acts do this? `subject` NULL: asks for the role alone. HITCTL_OK, or
// HITCTL_REFUSED after saying and recording it.
int hitctl_may(const struct hitctl *ctl, enum hitctl_verb verb, const char *subject);
// The same for a list whose properties are known: an open one counts as "open" to who looks. A
// covert list that the person may not see is refused with the words for one that is not there.
int hitctl_may_list(const struct hitctl *ctl, enum hitctl_verb verb,
                    const struct hs_store_list *list);
// Whether the person sees a list; says and records nothing: for lines that are left out.
bool hitctl_sees(const struct hitctl *ctl, struct hs_str list_id, bool covert);

// Finds the person: of the rights' persons that this login (or redis.user) may act as, the one that
// `who` names (NULL: the only one, or that of the login's own name). Sets ctl->who and ctl->person.
// An exit code, after saying what is wrong.
int hitctl_rights_act(struct hitctl *ctl, const char *login, const char *who);

// What a command needs, by its words; a command that no row names needs an administrator.
enum hitctl_verb hitctl_rights_of_command(const struct hitctl_command *command);
// The role a verb needs, bits of enum hitctl_role.
unsigned hitctl_verb_roles(enum hitctl_verb verb);

#endif
