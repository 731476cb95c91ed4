// SPDX-License-Identifier: Apache-2.0
#include "hitctl/command.h"

const struct hitctl_command *const hitctl_tables[] = {
    hitctl_list_commands,      // watchlists
    hitctl_check_commands,     // what a plate would hit
    hitctl_match_commands,     // files against files, offline
    hitctl_controls_commands,  // what is decided by
    hitctl_roads_commands,     // the road table, a part of it
    hitctl_cameras_commands,   // what is wrong with which
    hitctl_topics_commands,    // Kafka's, made and checked
    hitctl_reads_commands,     // into anpr.reads
    hitctl_alerts_commands,    // of dispatch queues
    hitctl_feedback_commands,  // what desks say back
    hitctl_trail_commands,     // what is known of a vehicle
    hitctl_explain_commands,   // what led to an alert
    hitctl_replay_commands,    // and by other rules
    hitctl_dispatch_commands,  // what was not delivered
    hitctl_decode_commands,    // any message as JSON
    hitctl_rights_commands,    // who may do what
    hitctl_audit_commands,     // the trail: does it hold, what does it say
    hitctl_daemon_commands,    // status, reload, resume, deregister
    hitctl_operation_commands, // joint operations, likewise
    hitctl_group_commands,     // organised-crime groups, likewise
    hitctl_profile_commands,   // a district's quarter
    hitctl_route_commands,     // who would be told
    NULL,
};
