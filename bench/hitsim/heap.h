// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_HEAP_H
#define HITSIM_HEAP_H
/*
 * What happens next: a heap of events by time. Equal pushes and pops give equal orders.
 *
 * Threads: one. Ownership: the heap owns its rows; zero-initialised is empty. Bounds: grows with
 * what is to come.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_event {
    double at_s;
    uint32_t id;    // of whom, by its kind
    uint16_t post;  // by its kind
    uint8_t kind;   // the caller's
    uint8_t detail; // by its kind
};

struct heap {
    struct heap_event *rows; // owned
    size_t count;
    size_t capacity;
};

void heap_fini(struct heap *heap);
// False: out of memory, nothing changed.
bool heap_push(struct heap *heap, struct heap_event event);
// Of a heap that is not empty.
struct heap_event heap_pop(struct heap *heap);

#endif
