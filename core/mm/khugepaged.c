/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged.c - the slots of address spaces to scan, and the cursor. Scans: op/khugepaged.c. */
#include "core/mm/khugepaged.h"

#include "core/host/arena.h"
#include "core/lock/wait.h"
#include "core/mm/mmap_lock.h"
#include "core/probe/knockout.h"

TAILQ_HEAD(mm_slots, mm_slot);

/* Lock key: (H) khugepaged_mm_lock (A) atomic (C) const while a scan may run */
static struct {
	spinlock_t mm_lock;
	struct mm_slots mm_head;	/* (H) */
	unsigned long nr_slots;		/* (A) written under (H) */
	uint32_t wakeups;		/* (A) futex: times that a thread was woken */
	struct khugepaged_settings settings;	/* (C) */
} khugepaged = {
	.mm_lock = { .kind = SPIN_TTAS, .rank = RANK_KHUGEPAGED },
	.mm_head = TAILQ_HEAD_INITIALIZER(khugepaged.mm_head),
};

bool khugepaged_enabled;
struct khugepaged_scan khugepaged_scan;

const struct khugepaged_settings *khugepaged_settings(void)
{
	return &khugepaged.settings;
}

unsigned long khugepaged_nr_slots(void)
{
	return load_relaxed(&khugepaged.nr_slots);
}

void khugepaged_enable(const struct khugepaged_settings *settings)
{
	khugepaged.settings = *settings;
	store_relaxed(&khugepaged_enabled, true);
}

/* ---- slots ---- */

DEFINE_KNOCKOUT(KHUGEPAGED_SLOT_REF,
	.name = "khugepaged:slot-ref",
	.removes = "the reference of an mm's slot to its struct",
	.breaks = "a struct that is freed under a scan, or twice",
	.detected_by = "the check of an mm's counts when it is freed",
	.hunt = "test knockout.khugepaged");

void __khugepaged_enter(struct mm_struct *mm)
{
	struct mm_slot *slot;
	bool first;

	if (fetch_or_relaxed(&mm->flags, MMF_VM_HUGEPAGE) & MMF_VM_HUGEPAGE)
		return;
	slot = node_zalloc(0, sizeof(*slot), sizeof(void *));
	if (!slot)
		return;
	slot->mm = mm;
	if (!KNOCKED_OUT(KHUGEPAGED_SLOT_REF))
		mmgrab(mm);
	spin_lock(&khugepaged.mm_lock);
	first = TAILQ_EMPTY(&khugepaged.mm_head);
	TAILQ_INSERT_TAIL(&khugepaged.mm_head, slot, mm_node);
	store_relaxed(&khugepaged.nr_slots, khugepaged.nr_slots + 1);
	mm->khugepaged_slot = slot;
	spin_unlock(&khugepaged.mm_lock);
	if (first)
		khugepaged_wake();
}

/* Locking: khugepaged_mm_lock. */
static void unlink_slot(struct mm_slot *slot)
{
	TAILQ_REMOVE(&khugepaged.mm_head, slot, mm_node);
	store_relaxed(&khugepaged.nr_slots, khugepaged.nr_slots - 1);
	slot->mm->khugepaged_slot = NULL;
}

/* It is on no list. Locking: none held. */
static void free_slot(struct mm_slot *slot)
{
	struct mm_struct *mm = slot->mm;

	node_free(slot, 0, sizeof(*slot));
	mmdrop(mm);
}

DEFINE_KNOCKOUT(KHUGEPAGED_EXIT_WAIT,
	.name = "khugepaged:exit-wait",
	.removes = "the wait of an exit for a scan that is in its mm",
	.breaks = "pages and tables that are freed under a scan",
	.detected_by = "the check of a scan that its mm is not unmapped under it",
	.hunt = "test knockout.khugepaged");

DEFINE_KNOCKOUT(KHUGEPAGED_CURSOR,
	.name = "khugepaged:cursor",
	.removes = "the check of an exit that no scan is in the slot that it frees",
	.breaks = "a slot that is freed under a scan, and a scan in an mm that is unmapped",
	.detected_by = "object age, and the check of a scan that its mm is not unmapped under it",
	.hunt = "test knockout.khugepaged");

void __khugepaged_exit(struct mm_struct *mm)
{
	struct mm_slot *slot;
	bool idle;

	spin_lock(&khugepaged.mm_lock);
	slot = mm->khugepaged_slot;
	idle = slot && (slot != khugepaged_scan.mm_slot || KNOCKED_OUT(KHUGEPAGED_CURSOR));
	if (idle)
		unlink_slot(slot);
	spin_unlock(&khugepaged.mm_lock);
	if (idle) {
		free_slot(slot);
	} else if (slot && !KNOCKED_OUT(KHUGEPAGED_EXIT_WAIT)) {
		mmap_write_lock(mm);	/* (B3) */
		mmap_write_unlock(mm);
	}
}

DEFINE_KNOCKOUT(KHUGEPAGED_TEST_EXIT,
	.name = "khugepaged:test-exit",
	.removes = "the check of a scan, each time it has taken mmap_lock, that the mm has users",
	.breaks = "a scan that begins in pages and tables which are freed under it",
	.detected_by = "the check of a scan that its mm is not unmapped",
	.hunt = "test knockout.khugepaged");

/* Relaxed: where a scan's mmap_lock comes after B3's, the count is 0; where it comes first, either will do. */
bool hpage_collapse_test_exit(const struct mm_struct *mm)
{
	return !load_relaxed(&mm->mm_users) && !KNOCKED_OUT(KHUGEPAGED_TEST_EXIT);
}

/* ---- the cursor ---- */

struct mm_slot *khugepaged_scan_slot(void)
{
	spin_lock(&khugepaged.mm_lock);
	if (!khugepaged_scan.mm_slot) {
		khugepaged_scan.mm_slot = TAILQ_FIRST(&khugepaged.mm_head);
		khugepaged_scan.address = 0;
	}
	spin_unlock(&khugepaged.mm_lock);
	return khugepaged_scan.mm_slot;
}

bool khugepaged_at_head(void)
{
	return !khugepaged_scan.mm_slot;
}

bool khugepaged_scan_leave(struct mm_slot *slot, bool done)
{
	bool dead;

	spin_lock(&khugepaged.mm_lock);
	ASSERT(khugepaged_scan.mm_slot == slot);
	dead = !load_relaxed(&slot->mm->mm_users);
	if (dead || done) {
		khugepaged_scan.mm_slot = TAILQ_NEXT(slot, mm_node);
		khugepaged_scan.address = 0;
		done = !khugepaged_scan.mm_slot;
	}
	if (dead)
		unlink_slot(slot);
	spin_unlock(&khugepaged.mm_lock);
	if (dead)
		free_slot(slot);
	return done;
}

void khugepaged_disable(void)
{
	struct mm_slot *slot;
	bool dead;

	store_relaxed(&khugepaged_enabled, false);
	spin_lock(&khugepaged.mm_lock);
	slot = khugepaged_scan.mm_slot;
	khugepaged_scan.mm_slot = NULL;
	dead = slot && !load_relaxed(&slot->mm->mm_users);
	if (dead)
		unlink_slot(slot);
	spin_unlock(&khugepaged.mm_lock);
	if (dead)
		free_slot(slot);
}

/* ---- the sleep ---- */

uint32_t khugepaged_wakeups(void)
{
	/* ORDER[khugepaged-wake:B] before the caller looks for the reason; pairs with ORDER[khugepaged-wake:A]. */
	return load_acquire(&khugepaged.wakeups);
}

/*
 * An mm that enters after @seen was read, and before the kernel compares, changes the word: it is looked for again. One
 * that entered before is found by the caller, which takes khugepaged_mm_lock.
 */
void khugepaged_wait(uint32_t seen, unsigned int millisecs)
{
	if (!millisecs && khugepaged_nr_slots())
		sleep_yield();
	else
		futex_wait_for(&khugepaged.wakeups, seen, millisecs);
}

void khugepaged_wake(void)
{
	/*
	 * ORDER[khugepaged-wake:A] after the reason; pairs with ORDER[khugepaged-wake:B]. Weaker: the thread finds the
	 * word changed, but no reason, and sleeps.
	 */
	fetch_add_release(&khugepaged.wakeups, 1u);
	futex_wake_one(&khugepaged.wakeups);
}
