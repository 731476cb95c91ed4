// SPDX-License-Identifier: Apache-2.0
#include "base/rcu.h"

// Without _LGPL_SOURCE the read side is a function call: about 10 ns a batch, and no licence
// question.
#include <urcu.h>

#ifdef HS_TSAN
// liburcu is not instrumented, so TSan cannot see what its grace period orders. One address stands
// for it: every unlock releases to it, every synchronize acquires from it. A free without a grace
// period stays visible.
#include <sanitizer/tsan_interface.h>
static char grace_period;
#define TSAN_RELEASE() __tsan_release(&grace_period)
#define TSAN_ACQUIRE() __tsan_acquire(&grace_period)
#else
#define TSAN_RELEASE() ((void)0)
#define TSAN_ACQUIRE() ((void)0)
#endif

void hs_rcu_register_thread(void)
{
    rcu_register_thread();
}

void hs_rcu_unregister_thread(void)
{
    rcu_unregister_thread();
}

void hs_rcu_read_lock(void)
{
    rcu_read_lock();
}

void hs_rcu_read_unlock(void)
{
    TSAN_RELEASE();
    rcu_read_unlock();
}

void hs_rcu_synchronize(void)
{
    synchronize_rcu();
    TSAN_ACQUIRE();
}
