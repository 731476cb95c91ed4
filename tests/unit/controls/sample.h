// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_CONTROLS_SAMPLE_H
#define HS_TEST_CONTROLS_SAMPLE_H
/*
 * A small set of controls for tests: two forces, a covert list.
 */

#define SAMPLE_CAMERAS                                                                             \
    "camera,site,road,force,area,latitude,longitude\n"                                             \
    "c1,s1,A4,avon,east,51.4,-2.4\n"                                                               \
    "c2,s2,A36,wilts,border,51.3,-2.3\n"

#define SAMPLE_OPEN_QUEUES                                                                         \
    "queues:\n"                                                                                    \
    "  avon-intel:\n"                                                                              \
    "    owner: avon\n"                                                                            \
    "    kind: intelligence\n"                                                                     \
    "    lists: [\"*\"]\n"                                                                         \
    "    forces: [avon]\n"                                                                         \
    "    default: true\n"

#define SAMPLE_COVERT_QUEUE                                                                        \
    "  avon-covert:\n"                                                                             \
    "    owner: avon\n"                                                                            \
    "    kind: intelligence\n"                                                                     \
    "    covert_lists: [ocg]\n"

#endif
