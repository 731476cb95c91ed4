// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_RIGHTS_FILE_H
#define HITCTL_RIGHTS_FILE_H
/*
 * The local rules of who may do what: /etc/hitstream/rights.yaml, persons with their roles and what
 * these reach. Every fault is told with its place. Threads: one. Ownership: the rights own their
 * texts until hitctl_rights_free(). Bounds: HITCTL_PERSONS_MAX persons, 1 MiB.
 */

#include "config/yaml.h"

enum { HITCTL_PERSONS_MAX = 4096 };

enum hitctl_role { // bits
    HITCTL_ROLE_READER = 1,
    HITCTL_ROLE_CONTROLLER = 2,
    HITCTL_ROLE_LEAD = 4,
    HITCTL_ROLE_ADMINISTRATOR = 8,
    HITCTL_ROLE_AUDITOR = 16,
};
// Words of the roles, in the order of their bits; ends with NULL.
extern const char *const hitctl_role_words[];

// Words of one key.
struct hitctl_words {
    const struct hs_str *rows;
    size_t count;
};

struct hitctl_person {
    const char *name;
    unsigned roles;                  // of enum hitctl_role
    struct hs_str force;             // whose officer or member of staff
    struct hitctl_words logins;      // login names that may act as this person
    struct hitctl_words redis_users; // the same for users of Redis (redis.user of the settings)
    struct hitctl_words lists;       // lists to change; "*": each open list of the own force
    struct hitctl_words audiences;   // "open", and each covert or trial list by its id
    struct hitctl_words queues;      // queues to watch and to speak for
};

struct hitctl_rights {
    struct hitctl_person *persons; // in the file's order
    size_t person_count;
    bool authority_required; // nothing is changed or looked at without --authority
    const char *path;
    struct hs_yaml *document; // owns the texts
    struct hs_bump bump;
};

// From a text. HS_EFORMAT: faults are in `diags`.
int hitctl_rights_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                        struct hitctl_rights **ret_rights);
// From a file, which nobody but its owner may be able to write. HS_ENOTFOUND: there is none.
int hitctl_rights_read(const char *path, struct hs_diags *diags, struct hitctl_rights **ret_rights);
void hitctl_rights_free(struct hitctl_rights *rights);

bool hitctl_words_have(const struct hitctl_words *words, const char *word);
// "lead, auditor"
void hitctl_roles_say(unsigned roles, struct hs_buf *out);

#endif
