// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_SCENARIO_SCORPION_H
#define HS_TEST_SCENARIO_SCORPION_H
/*
 * The controls of tests that count what came of the joint operation 'scorpion', and of the groups of
 * the district 'bath'.
 */

#define SCORPION_QUEUES                                                                            \
    "queues:\n"                                                                                    \
    "  avon-intel: {owner: avon, kind: intelligence, lists: [\"*\"], forces: [avon]}\n"            \
    "  avon-live: {owner: avon, kind: live, lists: [stolen], forces: [avon], default: true,\n"     \
    "    intelligence_queue: avon-intel}\n"                                                        \
    "  joint: {owner: avon, kind: live, lists: [], intelligence_queue: avon-intel}\n"              \
    "  partner: {owner: council, kind: intelligence, lists: [], partner: true, default: true,\n"   \
    "    disclose: [priority]}\n"                                                                  \
    "  quiet: {owner: avon, kind: intelligence, covert_lists: [covert-a]}\n"                       \
    "  wilts-intel: {owner: wilts, kind: intelligence, lists: [drugs], forces: [wilts]}\n"         \
    "  wilts-live: {owner: wilts, kind: live, lists: [drugs], forces: [wilts], default: true,\n"   \
    "    intelligence_queue: wilts-intel}\n"
#define SCORPION_OPERATIONS                                                                        \
    "operations:\n"                                                                                \
    "  scorpion: {authority: ACC/7, lead: avon, forces: [wilts], from: 2026-01-13T06:00:00Z,\n"    \
    "    to: 2026-01-13T12:00:00Z, lists: [stolen, drugs], queues: [joint, partner],\n"            \
    "    covert_lists: [covert-a], covert_queues: [quiet]}\n"
#define SCORPION_GROUPS                                                                            \
    "groups:\n"                                                                                    \
    "  jay: {name: The Jays, lead: DI Jones, owner: avon, district: bath, review_date: "           \
    "2026-12-31,"                                                                                  \
    "\n    authority: x, county_line: JAY}\n"                                                      \
    "  owl: {name: The Owls, lead: x, owner: avon, district: bath, review_date: 2026-12-31,\n"     \
    "    authority: x, covert_list: covert-a}\n"

#endif
