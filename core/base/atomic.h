/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * atomic.h - every access to shared data, with its memory order in its name.
 *
 * Shared fields are plain scalars; the access names the order, never a parameter. The builtins are the C11 ones, so
 * ThreadSanitizer sees each access and each edge. It sees no stand-alone fence, hence the rule of this project:
 *
 *   every happens-before edge is carried by acquire/release on the accesses themselves; a stand-alone smp_mb() only
 *   ever adds store -> load order (store buffering), and each of its two sides carries an ORDER tag.
 *
 * Outside core/base and core/lock, each acquire, release and fully ordered access has a mark as well: a tag, whose two
 * sides are places, or a class, for an access that pairs with all of its kind. ORDERING.md lists them.
 *
 *   ORDER: refcount     a drop releases its thread's accesses; the last one acquires all before the object is freed
 *   ORDER: init         the first value of a field, before a later release lets other threads reach the object
 *   ORDER: entry-bits   accessed and dirty bits change in one operation, so that none set meanwhile is lost
 */
#ifndef FAULTLINE_CORE_BASE_ATOMIC_H
#define FAULTLINE_CORE_BASE_ATOMIC_H

#include "core/base/compiler.h"

#define load_relaxed(p)		__atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define load_seq_cst(p)		__atomic_load_n((p), __ATOMIC_SEQ_CST)
#define store_relaxed(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define store_seq_cst(p, v)	__atomic_store_n((p), (v), __ATOMIC_SEQ_CST)

#define xchg_relaxed(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_RELAXED)
#define xchg_acquire(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define xchg_release(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_RELEASE)
#define xchg_acq_rel(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define xchg_seq_cst(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

/* True if *@p was *@old and is now @new; else *@old is the value read. A failure has the order of its load only. */
#define try_cmpxchg_relaxed(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define try_cmpxchg_acquire(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)
#define try_cmpxchg_release(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)
#define try_cmpxchg_acq_rel(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
#define try_cmpxchg_seq_cst(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Return the value before the operation. */
#define fetch_add_relaxed(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define fetch_add_acquire(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_ACQUIRE)
#define fetch_add_release(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define fetch_add_acq_rel(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define fetch_add_seq_cst(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define fetch_sub_relaxed(p, v)	__atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define fetch_sub_release(p, v)	__atomic_fetch_sub((p), (v), __ATOMIC_RELEASE)
#define fetch_sub_acq_rel(p, v)	__atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define fetch_or_relaxed(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define fetch_or_acquire(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_ACQUIRE)
#define fetch_or_acq_rel(p, v)	__atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define fetch_and_relaxed(p, v)	__atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define fetch_and_release(p, v)	__atomic_fetch_and((p), (v), __ATOMIC_RELEASE)
#define fetch_and_acq_rel(p, v)	__atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)

/* A counter that one thread writes and others may read: no locked instruction, no torn read. */
#define count_own(p, v)		store_relaxed((p), load_relaxed(p) + (v))

/* Full fence: orders this thread's earlier stores before its later loads, which nothing weaker does. */
static force_inline void smp_mb(void)
{
#if FAULTLINE_EXPLORE
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#elif defined(__x86_64__)
	__asm__ __volatile__("lock; addl $0, -4(%%rsp)" ::: "memory", "cc");
#elif defined(__aarch64__)
	__asm__ __volatile__("dmb ish" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/* Full fence behind a read-modify-write: on x86 each of those is one already. */
static force_inline void smp_mb__after_atomic(void)
{
#if defined(__x86_64__) && !FAULTLINE_EXPLORE
	__asm__ __volatile__("" ::: "memory");
#else
	smp_mb();
#endif
}

/* A hint to the core that this is a spin loop. */
static force_inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield" ::: "memory");
#endif
}

/* Keeps the compiler from moving accesses across; no instruction. */
#define barrier()	__asm__ __volatile__("" ::: "memory")

#endif
