/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rcu.c - registration, grace periods and their ThreadSanitizer model. */
#include "core/host/rcu.h"

#include "core/base/cpu.h"
#include "core/probe/knockout.h"

#if defined(FAULTLINE_RCU_QSBR) && FAULTLINE_CHECK
_Thread_local unsigned int rcu_sections;
#endif

#if FAULTLINE_CHECK || FAULTLINE_TSAN
/* A thread without a cpu is not registered: it is no reader, and liburcu must not count it as one. */
static inline void leave_readers(void)
{
	if (this_cpu)
		rcu_offline();
}

static inline void join_readers(void)
{
	if (this_cpu)
		rcu_online();
}
#endif

/* ---- liburcu, or the active schedule, decides when readers have left ---- */
static inline void queue_callback(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	if (SCHEDULED())
		schedule_call_rcu(head, fn);
	else
		URCU(call_rcu)(head, fn);
}

static inline void wait_for_readers(void)
{
	if (SCHEDULED())
		schedule_synchronize_rcu();
	else
		URCU(synchronize_rcu)();
}

static inline void wait_for_callbacks(void)
{
	if (SCHEDULED())
		schedule_rcu_barrier();
	else
		URCU(barrier)();
}

#if FAULTLINE_TSAN
#include <sanitizer/tsan_interface.h>

void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

/* Bound of (grace periods requested - own) without loss of precision; a wrap-round only adds edges. */
#define RCU_MODEL_SLOTS	8192u

static struct {
	_Alignas(8) char sync[8];
} rcu_slot[RCU_MODEL_SLOTS];
static char rcu_callbacks_done;
static unsigned long rcu_gp_started;			/* (A) relaxed: no edge may come from it */
static _Thread_local unsigned long rcu_seen;		/* (T) grace periods requested when this reader began */
static _Thread_local unsigned long rcu_acquired;	/* (T) edges held from all readers with rcu_seen below this */
static _Thread_local unsigned int rcu_nesting;		/* (T) */

void rcu_model_read_lock(void)
{
	if (rcu_nesting++)
		return;
	rcu_seen = load_relaxed(&rcu_gp_started);
#if defined(__aarch64__)
	__asm__ __volatile__("dmb ish" ::: "memory");
#else
	barrier();
#endif
}

void rcu_model_read_unlock(void)
{
	if (--rcu_nesting == 0)
		__tsan_release(&rcu_slot[rcu_seen % RCU_MODEL_SLOTS]);
}

unsigned long rcu_model_gp_begin(void)
{
	return fetch_add_relaxed(&rcu_gp_started, 1) + 1;
}

void rcu_model_gp_end(unsigned long gp)
{
	unsigned long s = rcu_acquired;

	if (gp > RCU_MODEL_SLOTS && s < gp - RCU_MODEL_SLOTS)
		s = gp - RCU_MODEL_SLOTS;
	for (; s < gp; s++)
		__tsan_acquire(&rcu_slot[s % RCU_MODEL_SLOTS]);
	if (rcu_acquired < gp)
		rcu_acquired = gp;
}

/* liburcu's bookkeeping is not instrumented, but its calls into the allocator are. */
static void ignore_begin(void)
{
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

static void ignore_end(void)
{
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

static void model_queued(struct rcu_cb *cb)
{
	cb->gp = rcu_model_gp_begin();
	__tsan_release(cb);
}

static void model_called(struct rcu_cb *cb)
{
	__tsan_acquire(cb);
	rcu_model_gp_end(cb->gp);
}

static void model_returned(void)
{
	__tsan_release(&rcu_callbacks_done);
}

static void model_barrier(void)
{
	__tsan_acquire(&rcu_callbacks_done);
}
#elif FAULTLINE_CHECK
static inline unsigned long rcu_model_gp_begin(void) { return 0; }
static inline void rcu_model_gp_end(unsigned long gp) { (void)gp; }
static inline void ignore_begin(void) {}
static inline void ignore_end(void) {}
static inline void model_queued(struct rcu_cb *cb) { (void)cb; }
static inline void model_called(struct rcu_cb *cb) { (void)cb; }
static inline void model_returned(void) {}
static inline void model_barrier(void) {}
#endif

DEFINE_KNOCKOUT(RCU_GRACE,
	.name = "rcu:grace",
	.removes = "the wait of synchronize_rcu() and of call_rcu()",
	.breaks = "any reader in freed memory",
	.detected_by = "ages; ThreadSanitizer: knockout.tsan",
	.hunt = HUNT_JUMBLE);

#if FAULTLINE_CHECK || FAULTLINE_TSAN
static unsigned long periods;				/* (A) relaxed: no edge may come from it */

unsigned long grace_periods(void)
{
	return load_relaxed(&periods);
}

/*
 * ORDER[age:B] a grace period that began at count @began is counted if no other was counted since: so it began after
 * the last counted one ended. Pairs with ORDER[age:A] in age.c. Weaker: two overlapping periods count as two, and a
 * reader may outlive both.
 */
static void period_ended(unsigned long began)
{
	try_cmpxchg_relaxed(&periods, &began, began + 1);
}

static void rcu_callback(struct rcu_head *head)
{
	struct rcu_cb *cb = container_of(head, struct rcu_cb, head);

	model_called(cb);
	period_ended(cb->began);
	cb->fn(head);
	model_returned();
}

void call_rcu(struct rcu_cb *cb, void (*fn)(struct rcu_head *head))
{
	if (KNOCKED_OUT(RCU_GRACE)) {
		fn(&cb->head);
		return;
	}
	cb->fn = fn;
	cb->began = grace_periods();
	model_queued(cb);
	ignore_begin();
	queue_callback(&cb->head, rcu_callback);
	ignore_end();
}

void synchronize_rcu(void)
{
	unsigned long began, gp;

	if (KNOCKED_OUT(RCU_GRACE))
		return;
	leave_readers();
	began = grace_periods();
	gp = rcu_model_gp_begin();
	wait_for_readers();
	rcu_model_gp_end(gp);
	period_ended(began);
	join_readers();
}

void rcu_barrier(void)
{
	leave_readers();
	ignore_begin();
	wait_for_callbacks();
	ignore_end();
	model_barrier();
	join_readers();
}

#else
void call_rcu(struct rcu_cb *cb, void (*fn)(struct rcu_head *head))
{
	queue_callback(&cb->head, fn);
}

void synchronize_rcu(void)
{
	wait_for_readers();
}

void rcu_barrier(void)
{
	wait_for_callbacks();
}
#endif

void rcu_register(void)
{
	URCU(register_thread)();
#if defined(FAULTLINE_RCU_QSBR)
	rcu_reader_enters();
#endif
}

void rcu_unregister(void)
{
#if defined(FAULTLINE_RCU_QSBR)
	rcu_reader_leaves();
#endif
	URCU(unregister_thread)();
}

static const struct cpu_client rcu_client = { rcu_register, rcu_unregister };
CPU_CLIENT(rcu_client);
