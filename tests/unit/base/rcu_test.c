// SPDX-License-Identifier: Apache-2.0
// A reader holds on to what it saw until its section ends; the writer waits for it.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rcu.h"

enum { READERS = 2, SWAPS = 2000 };

struct object {
    uint64_t a, b; // always equal while the object lives
};

static struct hs_rcu_slot slot;
static _Atomic int stopped; // relaxed: readers may do a round more

static void *read_until_stopped(void *arg)
{
    uint64_t *torn = arg;
    hs_rcu_register_thread();
    while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
        hs_rcu_read_lock();
        const struct object *object = hs_rcu_dereference(&slot);
        *torn += object->a != object->b;
        hs_rcu_read_unlock();
    }
    hs_rcu_unregister_thread();
    return NULL;
}

static void readers_never_see_a_freed_or_half_written_object(void **state)
{
    pthread_t threads[READERS];
    uint64_t torn[READERS] = {0};
    (void)state;
    hs_rcu_publish(&slot, calloc(1, sizeof(struct object)));
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_until_stopped, &torn[i]), 0);
    }
    for (uint64_t n = 1; n <= SWAPS; n++) {
        struct object *next = malloc(sizeof(*next));
        assert_non_null(next);
        *next = (struct object){n, n};
        struct object *old = hs_rcu_publish(&slot, next);
        hs_rcu_synchronize();
        *old = (struct object){n, n + 1}; // nobody may see this
        free(old);
    }
    atomic_store_explicit(&stopped, 1, memory_order_relaxed);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(torn[i], 0);
    }
    free(hs_rcu_publish(&slot, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_never_see_a_freed_or_half_written_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
