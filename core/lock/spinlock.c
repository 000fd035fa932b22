/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spinlock.c - the slow path of each kind of spinlock. */
#include "core/lock/spinlock.h"

#include <errno.h>
#include <string.h>

#include "core/lock/lockstat.h"
#include "core/lock/wait.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_KNOCKOUT(SPIN_LOCK_A,
	.name = "spin-lock:A",
	.removes = "the release in a spinlock's unlock",
	.breaks = "a holder that misses the previous holder's stores",
	.detected_by = "ThreadSanitizer: knockout.tsan; models.spin_lock: x86 has no weaker store",
	.hunt = "serial fault_vs_fault" HUNT_C11);

/* Spins between re-checks for each ticket ahead: about one short section. */
#define TICKET_ROUNDS	4

/* Yields of a queue's head in which others may overtake it; then it waits strictly. Bounds unfairness. */
#define QUEUED_PASSES	16

/*
 * A waiter's place in a queue. One per thread is enough: a thread waits for one lock at a time, and leaves the queue
 * before it enters the section, so a node is never in two queues. Lock key: (A) atomic.
 */
struct queue_node {
	struct queue_node *next;	/* (A) set by the successor */
	uint32_t is_head;		/* (A) set by the predecessor, once */
	uint32_t away;			/* (A) its thread yielded its core: a hint, may be stale */
} __cacheline_aligned;

static struct queue_node nodes[NR_CPUS];

static void ttas_wait(spinlock_t *lock, struct wait_cost *cost)
{
	uint32_t seen;

	do {
		while ((seen = load_relaxed(&lock->val)))
			wait_rounds(cost, 1, &lock->val, seen);
		seen = 0;
	} while (!try_cmpxchg_acquire(&lock->val, &seen, 1u));
}

static void ticket_wait(spinlock_t *lock, uint16_t mine, struct wait_cost *cost)
{
	uint32_t seen;
	uint16_t ahead;

	/* The ticket served is the lower half. */
	while ((ahead = (uint16_t)(mine - (uint16_t)(seen = load_acquire(&lock->val)))))
		wait_rounds(cost, ahead * TICKET_ROUNDS, &lock->val, seen);
}

/* Takes the lock if it is free and its queue's head, if any, is off its core; false: join the queue. */
static bool queued_pass(spinlock_t *lock, struct wait_cost *cost)
{
	while (cost->count[LOCKSTAT_SPIN] < SPIN_ROUNDS / 2) {
		uint32_t seen = load_relaxed(&lock->val);

		if (seen >> 16 && !(seen & SPIN_QUEUED_AWAY))
			return false;
		if (!(seen & 0xff) && try_cmpxchg_acquire(&lock->val, &seen, seen | 1))
			return true;
		wait_rounds(cost, 1, &lock->val, seen);
	}
	return false;
}

/* Waits until the predecessor has left the queue. */
static void queued_wait_for_head(struct queue_node *node, struct wait_cost *cost)
{
	while (!load_acquire(&node->is_head)) {
		bool yields = cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS;

		if (yields)
			store_relaxed(&node->away, 1u);
		wait_rounds(cost, 1, &node->is_head, 0);
		if (yields)
			store_relaxed(&node->away, 0u);
	}
}

/* One round of the head's wait for the holder. */
static void queued_head_rounds(spinlock_t *lock, struct wait_cost *cost, uint32_t seen, unsigned int *passes)
{
	bool away = cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS && ++*passes <= QUEUED_PASSES;

	if (away)
		store_relaxed(&lock->head_away, (uint8_t)1);
	wait_rounds(cost, 1, &lock->val, away ? (seen & ~SPIN_QUEUED_AWAY) | 1u << 8 : seen);
	if (away)
		store_relaxed(&lock->head_away, (uint8_t)0);
}

/*
 * MCS queue in a word (Mellor-Crummey and Scott 1991, with the lock apart from the queue as in Linux's qspinlock): a
 * waiter swaps itself in as tail, waits to become head on its own line, then waits for the holder on the lock's.
 *
 * With more threads than cores the head may not be running, and strict order would leave the lock free until it is. So
 * a head that yields its core sets head_away, or its predecessor does, and newcomers then take the lock first (Linux
 * does so for queues of virtual CPUs). Only the exchange on the word decides the holder: head_away is a hint.
 */
static void queued_wait(spinlock_t *lock, struct wait_cost *cost)
{
	struct queue_node *node, *next;
	unsigned int passes = 0;
	uint16_t tail, before;
	uint32_t seen;
	bool last;

	BUG_ON(!this_cpu);
	if (queued_pass(lock, cost))
		return;
	node = &nodes[this_cpu->id];
	tail = (uint16_t)(this_cpu->id + 1);
	store_relaxed(&node->next, NULL);
	store_relaxed(&node->is_head, 0u);
	before = xchg_acq_rel(&lock->tail, tail);
	if (before) {
		store_release(&nodes[before - 1].next, node);
		queued_wait_for_head(node, cost);
		store_relaxed(&lock->head_away, (uint8_t)0);
	}
	do {
		while ((seen = load_relaxed(&lock->val)) & 0xff)
			queued_head_rounds(lock, cost, seen, &passes);
		last = seen >> 16 == tail;
	} while (!try_cmpxchg_acquire(&lock->val, &seen, last ? 1u : seen | 1u));
	if (last)
		return;
	while (!(next = load_acquire(&node->next)))
		wait_rounds(cost, 1, &node->next, 0);
	if (load_relaxed(&next->away))
		store_relaxed(&lock->head_away, (uint8_t)1);
	store_release(&next->is_head, 1u);
}

DEFINE_KNOCKOUT(SPIN_FUTEX_MARK,
	.name = "spin-futex:A",
	.removes = "the waiters mark of a futex spinlock",
	.breaks = "a lost wake-up",
	.detected_by = "knockout.spinlock",
	.hunt = HUNT_JUMBLE " --policy linux-6.15,spin=futex --patience 1");

/*
 * No wake-up is lost: a waiter parks only while the kernel finds the word at 2, and an unlock that turns 2 into 0
 * wakes one. The woken one takes the lock as 2, since it can't know whether others are parked: at worst one wake-up is
 * redundant.
 */
static void futex_lock_wait(spinlock_t *lock, struct wait_cost *cost)
{
	const uint32_t held = KNOCKED_OUT(SPIN_FUTEX_MARK) ? 1 : SPIN_FUTEX_WAITED;
	uint32_t seen;

	do {
		seen = 0;
		if (try_cmpxchg_acquire(&lock->val, &seen, 1u))
			return;
	} while (seen != SPIN_FUTEX_WAITED && wait_spin(cost));
	/* ORDER[spin-futex:A] one exchange marks the waiter and reads the holder; pairs with ORDER[spin-futex:B] */
	while (xchg_acquire(&lock->val, held)) {
		SYNCPOINT("spin.before_park");
		cost->count[LOCKSTAT_PARK]++;
		futex_wait_online(&lock->val, held);
	}
}

DEFINE_KNOCKOUT(SPIN_WAIT,
	.name = "spin-wait",
	.removes = "waiting for a spinlock that is held",
	.breaks = "two threads in one section",
	.detected_by = "knockout.spinlock",
	.hunt = HUNT_JUMBLE " --patience 1");

/* @seen: the word in the failed fast path; for a ticket lock its upper half is the ticket drawn. */
__noinline void spin_lock_slow(spinlock_t *lock, uint32_t seen)
{
	struct wait_cost cost = { .count = { [LOCKSTAT_WAIT] = 1 } };
	bool ranked = lock->rank < NR_LOCK_RANKS;

	/* An overwriting pointer's byte may be a kind, not a rank too. */
	if (unlikely(lock->kind >= NR_SPIN_KINDS || lock->rank > NR_LOCK_RANKS))
		BUG("spinlock of kind 0x%x and rank 0x%x: never initialised, or overwritten", lock->kind, lock->rank);
	if (KNOCKED_OUT(SPIN_WAIT))
		return;
	if (ranked)
		lock_wait_begin(&cost);
	SYNCPOINT("spin.wait");
	switch (lock->kind) {
	case SPIN_TTAS:
		ttas_wait(lock, &cost);
		break;
	case SPIN_TICKET:
		ticket_wait(lock, (uint16_t)(seen >> 16), &cost);
		break;
	case SPIN_QUEUED:
		queued_wait(lock, &cost);
		break;
	case SPIN_FUTEX:
		futex_lock_wait(lock, &cost);
		break;
	}
	if (!ranked)
		return;
	lock_wait_end(lock->rank, &cost);
}

DEFINE_KNOCKOUT(SPIN_FUTEX_WAKE,
	.name = "spin-futex:B",
	.removes = "the wake-up at a futex spinlock's unlock",
	.breaks = "a lost wake-up",
	.detected_by = "knockout.spinlock",
	.hunt = HUNT_JUMBLE " --policy linux-6.15,spin=futex --patience 1");

__noinline void spin_wake_futex(spinlock_t *lock)
{
	if (KNOCKED_OUT(SPIN_FUTEX_WAKE))
		return;
	futex_wake_one(&lock->val);
}

static const char *const kind_names[NR_SPIN_KINDS] = { SPIN_KIND_NAMES };

const char *spin_kind_name(enum spin_kind kind)
{
	return kind < NR_SPIN_KINDS ? kind_names[kind] : NULL;
}

int spin_kind_parse(const char *name, enum spin_kind *kind)
{
	for (unsigned int i = 0; i < NR_SPIN_KINDS; i++) {
		if (strcmp(name, kind_names[i]))
			continue;
		*kind = i;
		return 0;
	}
	return -EINVAL;
}
