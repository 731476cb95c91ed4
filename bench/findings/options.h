// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_OPTIONS_H
#define FINDINGS_OPTIONS_H
/*
 * Words of the command line that the programs here share. Threads: the main one. Ownership: none.
 */

#include "hitsim/sim.h"

// Rows for getopt_long().
#define FINDINGS_OPTIONS                                                                           \
    {"days", 1, NULL, 'd'}, {"rate", 1, NULL, 'r'}, {"seed", 1, NULL, 's'},                        \
        {"listed", 1, NULL, 'l'},                                                                  \
    {                                                                                              \
        "show", 0, NULL, 'w'                                                                       \
    }

// What they say; as it is by default before.
struct findings_options {
    struct sim_plan *plan; // rate, seed, listed
    double days;
    bool show;
};

// Takes one of them. Anything else, or a value that is none, ends the program with 2.
void findings_option(int option, struct findings_options *options);

#endif
