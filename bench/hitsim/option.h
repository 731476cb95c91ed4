// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_OPTION_H
#define HITSIM_OPTION_H
/*
 * Words of the command lines of hitsim and of the programs that drive its world. Threads: the main one. Ownership: none.
 */

// getopt's optarg as a number within that range; else says what --NAME allows, and ends with 2.
double sim_option_number(const char *name, double min, double max);

#endif
