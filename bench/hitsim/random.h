// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_RANDOM_H
#define HITSIM_RANDOM_H
/*
 * Random numbers that are the same on every machine for the same seed (splitmix64). Not secret.
 * Threads: one.
 */

#include <math.h>
#include <stdint.h>

struct random {
    uint64_t state; // any value is a seed
};

static inline uint64_t random_u64(struct random *random)
{
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// 0 to bound - 1.
static inline uint32_t random_below(struct random *random, uint32_t bound)
{
    return (uint32_t)(((random_u64(random) >> 32) * bound) >> 32);
}

// 0 to 1, 1 excluded.
static inline double random_unit(struct random *random)
{
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}

// Waiting time of a Poisson process with this mean.
static inline double random_exponential(struct random *random, double mean)
{
    return -mean * log1p(-random_unit(random));
}

// About normal, mean 0, deviation 1: twelve uniforms.
static inline double random_normal(struct random *random)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++) {
        sum += random_unit(random);
    }
    return sum;
}

#endif
