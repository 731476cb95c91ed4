// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_SCENE_H
#define HITSIM_SCENE_H
/*
 * `hitsim scene`: a few vehicles whose story is known, to be told beside the world's traffic in a
 * demonstration: over the same cameras, as reads like all others.
 *
 *   A courier comes from the hub city to a market town, stays for an hour and goes back, on three
 *   nights and on this day; its last way back is the stream's own hour, all before is the past. On
 *   its last two ways back another vehicle drives with it.
 *   One listed plate is borne by two vehicles that drive far from each other in that hour.
 *   One camera stands elsewhere than the register says: listed vehicles that pass it contradict
 *   themselves there.
 *
 * Threads: main. Bounds: SCENE_READS_MAX.
 */

// Runs with its own options after the word 'scene'; returns the exit status.
int scene_main(int argc, char **argv);

#endif
