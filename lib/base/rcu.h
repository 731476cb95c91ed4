// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_RCU_H
#define HS_BASE_RCU_H
/*
 * Read-copy-update: one pointer, many readers that never wait, a writer that waits for them.
 * This is the only header of ours behind which urcu (memb flavour) and TSan's annotations stand.
 *
 *              may run at the same time as
 *   read section    read sections, publish, synchronize
 *   publish         read sections           (not another publish of the same pointer: one writer)
 *   synchronize     read sections           (never called inside one)
 *
 * The writer:  old = hs_rcu_publish(&slot, new);  hs_rcu_synchronize();  free old.
 * The reader:  hs_rcu_register_thread() once; then one read section a batch:
 *              hs_rcu_read_lock();  p = hs_rcu_dereference(&slot);  use p;  hs_rcu_read_unlock();
 *
 * Orders: publish releases what was written to the object before it, dereference acquires it;
 * unlock releases the reader's last loads, synchronize acquires them, so that a free after it
 * cannot overtake a reader.
 */

#include <stdatomic.h>

// A pointer that is swapped whole. The object it points to is const for readers.
struct hs_rcu_slot {
    _Atomic(void *) ptr; // release store in hs_rcu_publish, acquire load in hs_rcu_dereference
};

void hs_rcu_register_thread(void);
void hs_rcu_unregister_thread(void);
void hs_rcu_read_lock(void);
void hs_rcu_read_unlock(void);
// Waits until every read section that could have seen an older pointer is over. The caller need not
// be registered.
void hs_rcu_synchronize(void);

// The object as last published, or NULL. Inside a read section; valid to its end.
static inline void *hs_rcu_dereference(struct hs_rcu_slot *slot)
{
    return atomic_load_explicit(&slot->ptr, memory_order_acquire);
}

// Returns the object that stood there, for the caller to free after hs_rcu_synchronize().
static inline void *hs_rcu_publish(struct hs_rcu_slot *slot, void *object)
{
    return atomic_exchange_explicit(&slot->ptr, object, memory_order_acq_rel);
}

#endif
