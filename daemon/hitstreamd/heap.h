// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_HEAP_H
#define HS_HITSTREAMD_HEAP_H
/*
 * The allocator's own business: jemalloc's where the daemon is linked with it, else glibc's.
 *
 * Threads: any.
 */

#ifdef HS_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

// What was freed goes back to the system now, not by and by.
static inline void hs_heap_return(void)
{
#ifdef HS_JEMALLOC
#define HS_HEAP_TEXT_OF(number) #number
#define HS_HEAP_PURGE(arenas)   "arena." HS_HEAP_TEXT_OF(arenas) ".purge"
    mallctl(HS_HEAP_PURGE(MALLCTL_ARENAS_ALL), NULL, NULL, NULL, 0);
#else
    malloc_trim(0);
#endif
}

#endif
