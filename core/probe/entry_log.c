/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry_log.c - the last change of each page-table entry, in a table of fixed size. */
#include "core/probe/entry_log.h"

#if FAULTLINE_CHECK
#include "core/base/cpu.h"
#include "core/probe/operation.h"

#define LOG_SLOTS	(1u << 15)
#define MAX_NESTED	8

bool entry_log_on;
static uint64_t last_seq;		/* (A) */

/* Lock key: (L) the slot's lock */
static struct log_slot {
	bool lock;			/* (A) held */
	unsigned int cpu;		/* (L) */
	const uint64_t *entry;		/* (L) */
	uint64_t seq;			/* (L) */
	uint64_t round;			/* (L) its cpu's */
	const char *operation, *where;	/* (L) */
} slots[LOG_SLOTS];

/* Lock key: (A) atomic (T) its cpu's */
static struct cpu_rounds {
	uint64_t round;			/* (A) odd inside an outermost operation; changes where one begins or ends */
	unsigned int depth;		/* (T) */
	const char *names[MAX_NESTED];	/* (T) */
} __cacheline_aligned rounds[NR_CPUS];

static struct log_slot *lock_slot(const uint64_t *entry)
{
	struct log_slot *slot = &slots[((uintptr_t)entry >> 3) * 0x9e3779b97f4a7c15ul >> 49];

	/* Nothing in here waits, and a serial schedule switches nowhere in here. */
	while (xchg_acquire(&slot->lock, true))
		cpu_relax();
	return slot;
}

static void unlock_slot(struct log_slot *slot)
{
	store_release(&slot->lock, false);
}

void entry_changes(const uint64_t *entry, const char *where)
{
	struct cpu_rounds *mine = this_cpu ? &rounds[this_cpu->id] : NULL;
	struct log_slot *slot;

	if (!mine || !load_relaxed(&entry_log_on))
		return;
	slot = lock_slot(entry);
	slot->entry = entry;
	slot->seq = fetch_add_relaxed(&last_seq, 1) + 1;
	slot->cpu = this_cpu->id;
	slot->round = load_relaxed(&mine->round);
	slot->operation = mine->depth ? mine->names[min(mine->depth, (unsigned int)MAX_NESTED) - 1] : NULL;
	slot->where = where;
	unlock_slot(slot);
}

void entry_replaced(const uint64_t *entry, uint64_t val, uint64_t rights, uint64_t frame)
{
	uint64_t old = load_relaxed(entry);

	if ((old & ~val & rights) || ((old & rights) && ((old ^ val) & frame)))
		entry_changes(entry, "replaced");
}

struct entry_change entry_last_change(const uint64_t *entry)
{
	struct log_slot *slot = lock_slot(entry);
	struct entry_change change = { 0 };

	if (slot->entry == entry) {
		change = (struct entry_change){ slot->seq, slot->operation, slot->where, slot->cpu, false };
		/* Outside of operations no moment is known at which the flush is due. */
		change.ended = (slot->round & 1) && load_acquire(&rounds[slot->cpu].round) != slot->round;
	}
	unlock_slot(slot);
	return change;
}

static void operation_begins(const struct operation_event *event)
{
	struct cpu_rounds *mine = this_cpu ? &rounds[this_cpu->id] : NULL;

	if (!mine)
		return;
	if (mine->depth < MAX_NESTED)
		mine->names[mine->depth] = event->site->name;
	if (!mine->depth++)
		store_release(&mine->round, load_relaxed(&mine->round) + 1);
}

/* A thread that became a cpu in the middle of an operation has none to end. */
static void operation_ends(const struct operation_event *event)
{
	struct cpu_rounds *mine = this_cpu ? &rounds[this_cpu->id] : NULL;

	(void)event;
	if (mine && mine->depth && !--mine->depth)
		store_release(&mine->round, load_relaxed(&mine->round) + 1);
}

static const struct operation_subscriber entry_log_rounds = { .begins = operation_begins, .ends = operation_ends };
OPERATION_SUBSCRIBER(entry_log_rounds);
#endif
