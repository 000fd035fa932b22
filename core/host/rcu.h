/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rcu.h - liburcu under the kernel's names, with the edges of a grace period annotated for ThreadSanitizer.
 *
 * liburcu's own barriers are assembly and so invisible to ThreadSanitizer: correct code would be reported. Under it
 * each grace period is numbered, and exactly the edges that RCU guarantees are annotated:
 *
 *   reader    store own counter (rcu_read_lock); barrier; s = gp_started
 *   updater   gp_started = k; barrier; wait for readers (grace period k)
 *
 *   s <  k    grace period k waited for this reader: its unlock happens before the end of k, an edge is annotated;
 *   s >= k    the reader began after k was requested and sees all earlier stores: no edge is needed or annotated.
 *
 * So a reader that uses an object after unlock, or an updater that frees without waiting, is still reported.
 * Pointers are published with store_release() and read with load_acquire(): plain moves on x86.
 */
#ifndef FAULTLINE_CORE_HOST_RCU_H
#define FAULTLINE_CORE_HOST_RCU_H

#include "core/base/assert.h"
#include "core/base/atomic.h"
#include "core/probe/schedule.h"

#if defined(FAULTLINE_RCU_QSBR)
#include <urcu/urcu-qsbr.h>
#define URCU(name)	urcu_qsbr_##name
#define RCU_FLAVOUR	"qsbr"
#elif defined(FAULTLINE_RCU_MB)
#include <urcu/urcu-mb.h>
#define URCU(name)	urcu_mb_##name
#define RCU_FLAVOUR	"mb"
#elif defined(FAULTLINE_RCU_BP)
#include <urcu/urcu-bp.h>
#define URCU(name)	urcu_bp_##name
#define RCU_FLAVOUR	"bp"
#else
#include <urcu/urcu-memb.h>
#define URCU(name)	urcu_memb_##name
#define RCU_FLAVOUR	"memb"
#endif

/* An object that is passed to call_rcu() has one of these. */
struct rcu_cb {
	struct rcu_head head;
#if FAULTLINE_CHECK || FAULTLINE_TSAN
	void (*fn)(struct rcu_head *head);
	unsigned long began;			/* grace_periods() when it was queued */
#endif
#if FAULTLINE_TSAN
	unsigned long gp;			/* number of the grace period waited for */
#endif
};

/* The object of type @type whose member @member (a struct rcu_cb) holds @head; for use in callbacks. */
#define rcu_cb_entry(ptr, type, member)	container_of(ptr, type, member.head)

#if FAULTLINE_TSAN
void rcu_model_read_lock(void);		/* outermost lock taken: note the number of requested grace periods */
void rcu_model_read_unlock(void);	/* outermost unlock ahead: release to the grace periods that waited for it */
unsigned long rcu_model_gp_begin(void);
void rcu_model_gp_end(unsigned long gp);
#else
static inline void rcu_model_read_lock(void) {}
static inline void rcu_model_read_unlock(void) {}
#endif

/* Annotations of a section, for ThreadSanitizer and for a schedule. */
static force_inline void rcu_reader_enters(void)
{
	rcu_model_read_lock();
	if (SCHEDULED())
		schedule_read_lock();
}

/* The same at the end of a section. */
static force_inline void rcu_reader_leaves(void)
{
	rcu_model_read_unlock();
	if (SCHEDULED())
		schedule_read_unlock();
}

/* Every thread that reads under RCU registers first (bp does so by itself). */
void rcu_register(void);
void rcu_unregister(void);

/* Calls @fn in a thread without a cpu, liburcu's or a schedule's, after every reader that could hold @cb's object. */
void call_rcu(struct rcu_cb *cb, void (*fn)(struct rcu_head *head));
/* Waits for a full grace period. Locking: not inside rcu_read_lock(). */
void synchronize_rcu(void);
#if defined(FAULTLINE_RCU_QSBR) && FAULTLINE_CHECK
extern _Thread_local unsigned int rcu_sections;	/* (T) nesting depth: qsbr itself does not know */
static inline bool rcu_read_held(void) { return rcu_sections; }
static inline void rcu_section_begins(void) { rcu_sections++; }
static inline void rcu_section_ends(void) { rcu_sections--; }
#else
/* The calling thread is in a read-side section; in qsbr builds without FAULTLINE_CHECK: it is online. */
static inline bool rcu_read_held(void) { return URCU(read_ongoing)(); }
static inline void rcu_section_begins(void) {}
static inline void rcu_section_ends(void) {}
#endif
/* Dies when the calling thread is in a read-side section. Nothing without FAULTLINE_CHECK. */
static inline void rcu_assert_no_section(void)
{
	ASSERT(!rcu_read_held());
}
/* Waits until every callback already queued has run. Locking: not inside rcu_read_lock(). */
void rcu_barrier(void);

/*
 * The number of grace periods that have ended, counting one of those that overlap. So at most one ends within a
 * reader's section, and a callback runs after at least one more than when it was queued. 0 in builds without
 * FAULTLINE_CHECK.
 */
#if FAULTLINE_CHECK || FAULTLINE_TSAN
unsigned long grace_periods(void);
#else
static inline unsigned long grace_periods(void) { return 0; }
#endif

#if defined(FAULTLINE_RCU_QSBR)
/* qsbr: a thread is a reader except during these calls, so the model tracks them and not the locks. */
static inline void rcu_read_lock(void)
{
	URCU(read_lock)();
	rcu_section_begins();
}

/* Ends the innermost section: what the thread found in it may be freed. Source: include/linux/rcupdate.h. */
static inline void rcu_read_unlock(void)
{
	rcu_section_ends();
	URCU(read_unlock)();
}

static inline void rcu_quiescent(void)
{
	rcu_assert_no_section();
	rcu_reader_leaves();
	URCU(quiescent_state)();
	rcu_reader_enters();
}

static inline void rcu_offline(void)
{
	rcu_assert_no_section();
	rcu_reader_leaves();
	URCU(thread_offline)();
}

static inline void rcu_online(void)
{
	URCU(thread_online)();
	rcu_reader_enters();
}
#else
static force_inline void rcu_read_lock(void)
{
	URCU(read_lock)();
	rcu_reader_enters();
}

static force_inline void rcu_read_unlock(void)
{
	rcu_reader_leaves();
	URCU(read_unlock)();
}

/*
 * The calling thread holds no reference to RCU-protected data here; sleepers go offline (lock/wait.h). Only qsbr
 * needs it.
 */
static inline void rcu_quiescent(void) { rcu_assert_no_section(); }
static inline void rcu_offline(void) { rcu_assert_no_section(); }
static inline void rcu_online(void) {}
#endif

#endif
