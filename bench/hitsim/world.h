// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_WORLD_H
#define HITSIM_WORLD_H
/*
 * `hitsim world`: the world of sim.h as a program. Threads: main.
 */

// Runs with its own options after the word 'world'; returns the exit status.
int world_main(int argc, char **argv);

#endif
