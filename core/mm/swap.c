/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - a swap device in memory. */
#include "core/mm/swap.h"

#include <errno.h>
#include <string.h>

#include "core/host/arena.h"
#include "core/pgtable/pgtable.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(SWAP_IN, "pages read from swap");
DEFINE_EVENT(SWAP_OUT, "pages written to swap");

/* Lock key: (S) the slot's lock (D) the device's lock */
struct swap_slot {
	spinlock_t lock;
	uint32_t count;			/* (S) shares; 0: free */
	uint32_t next_free;		/* (D) while it is free: the next free one; 0: the last */
	struct folio *folio;		/* (S) NULL: the contents are on the device */
};

/* Lock key: (C) const while there is a device (D) lock */
static struct swap_device {
	spinlock_t lock;
	uint32_t first_free;		/* (D) 0: all are in use */
	unsigned long used;		/* (D) */
	unsigned long nr;		/* (C) slots, 1 … nr */
	struct swap_slot *slots;	/* (C) NULL: there is no device; by number */
	char *contents;			/* (C) machine.payload bytes for each slot */
	size_t slots_size, contents_size;	/* (C) */
} device;

int swap_on(unsigned long slots)
{
	if (!slots || slots > UINT32_MAX || slots > ENTRY_PFN_MASK >> PAGE_SHIFT)
		return -EINVAL;
	if (device.slots)
		return -EBUSY;
	device.slots_size = (slots + 1) * sizeof(*device.slots);
	device.contents_size = (slots + 1) * machine.payload;
	device.slots = node_zalloc(0, device.slots_size, CACHE_LINE);
	if (!device.slots)
		return -ENOMEM;
	if (device.contents_size) {
		device.contents = node_alloc(0, device.contents_size, CACHE_LINE);
		if (!device.contents) {
			node_free(device.slots, 0, device.slots_size);
			device.slots = NULL;
			return -ENOMEM;
		}
	}
	spin_lock_init(&device.lock, SPIN_TTAS, RANK_SWAP);
	for (unsigned long i = 1; i <= slots; i++) {
		spin_lock_init(&device.slots[i].lock, SPIN_TTAS, RANK_SWAP);
		device.slots[i].next_free = (uint32_t)(i < slots ? i + 1 : 0);
	}
	device.first_free = 1;
	device.used = 0;
	device.nr = slots;
	return 0;
}

unsigned long swap_off(void)
{
	unsigned long used = device.slots ? device.used : 0;

	node_free(device.slots, 0, device.slots_size);
	node_free(device.contents, 0, device.contents_size);
	device = (struct swap_device){ 0 };
	return used;
}

unsigned long nr_swap_used(void)
{
	return device.slots ? device.used : 0;
}

unsigned long nr_swap_slots(void)
{
	return device.nr;
}

/* ---- free slots ---- */

static unsigned long take_free_slot(void)
{
	unsigned long slot;

	if (!device.slots || unlikely(inject_alloc_fails()))
		return 0;
	spin_lock(&device.lock);
	slot = device.first_free;
	if (slot) {
		device.first_free = device.slots[slot].next_free;
		device.used++;
	}
	spin_unlock(&device.lock);
	return slot;
}

static void give_slot_back(unsigned long slot)
{
	spin_lock(&device.lock);
	device.slots[slot].next_free = device.first_free;
	device.first_free = (uint32_t)slot;
	device.used--;
	spin_unlock(&device.lock);
}

/* ---- slots in use ---- */

static struct swap_slot *lock_slot(unsigned long slot)
{
	struct swap_slot *s = &device.slots[slot];

	BUG_ON(!slot || slot > device.nr);
	spin_lock(&s->lock);
	return s;
}

/* Locking: the slot's lock, or the only owner of the folio's frame. */
static void copy_contents(void *to, const void *from)
{
	if (machine.payload)		/* else there is no contents, and no room for it */
		memcpy(to, from, machine.payload);
}

static void *contents_of(unsigned long slot)
{
	return device.contents + slot * machine.payload;
}

/* The slot of @folio, locked, and its number in *@slot; NULL if it has none. Locking: the folio lock. */
static struct swap_slot *lock_slot_of(struct folio *folio, unsigned long *slot)
{
	struct swap_slot *s;

	/*
	 * The slot in folio->private may have been freed since, and reused for another folio: the slot itself has the
	 * answer.
	 */
	*slot = load_relaxed(&folio->page.private);
	if (!*slot)
		return NULL;
	s = lock_slot(*slot);
	if (s->folio == folio)
		return s;
	spin_unlock(&s->lock);
	return NULL;
}

unsigned long folio_alloc_swap(struct folio *folio)
{
	struct swap_slot *s;
	unsigned long slot;

	assert_folio_locked(folio);
	s = lock_slot_of(folio, &slot);
	if (!s) {
		slot = take_free_slot();
		if (!slot)
			return 0;
		folio_get(folio);
		store_relaxed(&folio->page.private, slot);
		s = lock_slot(slot);
		ASSERT(!s->count && !s->folio);
		s->folio = folio;
	}
	s->count++;
	spin_unlock(&s->lock);
	return slot;
}

void swap_duplicate(unsigned long slot)
{
	struct swap_slot *s = lock_slot(slot);

	BUG_ON(!s->count);
	s->count++;
	spin_unlock(&s->lock);
}

/* Drops a share and the lock. */
static void free_locked(struct swap_slot *s, unsigned long slot)
{
	struct folio *folio = NULL;
	bool last;

	BUG_ON(!s->count);
	last = --s->count == 0;
	if (last) {
		folio = s->folio;
		s->folio = NULL;
	}
	spin_unlock(&s->lock);
	if (last)
		give_slot_back(slot);
	if (folio)
		folio_put(folio);
}

void swap_free(unsigned long slot)
{
	free_locked(lock_slot(slot), slot);
}

DEFINE_KNOCKOUT(SWAP_RECHECK,
	.name = "swap:recheck",
	.removes = "the re-check, under the PTL, that a swap-in's folio is the slot's",
	.breaks = "a stale page, or another owner's",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap",
	.mirrors = "mm: fix swapin race condition");

bool swap_free_mapped(unsigned long slot, struct folio *folio)
{
	struct swap_slot *s = lock_slot(slot);

	if (unlikely(s->folio != folio && !KNOCKED_OUT(SWAP_RECHECK))) {
		spin_unlock(&s->lock);
		return false;
	}
	free_locked(s, slot);
	return true;
}

struct folio *swap_cache_get(unsigned long slot, struct folio *new)
{
	struct swap_slot *s = lock_slot(slot);
	struct folio *folio = s->folio;

	if (!folio && new && s->count) {
		copy_contents(page_payload(&new->page), contents_of(slot));
		store_relaxed(&new->page.private, slot);
		folio_get(new);		/* the cache's */
		s->folio = folio = new;
		count_event(EV_SWAP_IN);
	}
	if (folio)
		folio_get(folio);
	spin_unlock(&s->lock);
	return folio;
}

DEFINE_KNOCKOUT(SWAP_FREEZE,
	.name = "swap:freeze",
	.removes = "the check for other references before a folio's contents go to swap",
	.breaks = "writes through a reference are lost",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap");

bool swap_writeout(unsigned long slot, struct folio *folio)
{
	struct swap_slot *s = lock_slot(slot);
	bool frozen, done;

	assert_folio_locked(folio);
	ASSERT(s->folio == folio && s->count);
	/*
	 * The caller's reference and the cache's. A thread that gets one later finds the folio here, and waits for the
	 * slot.
	 */
	frozen = folio_ref_freeze(folio, 2);
	done = frozen || (KNOCKED_OUT(SWAP_FREEZE) && !folio_mapped(folio));
	if (done) {
		copy_contents(contents_of(slot), page_payload(&folio->page));
		s->folio = NULL;
		count_event(EV_SWAP_OUT);
	}
	if (frozen)
		folio_ref_unfreeze(folio, 1);
	else if (done)
		folio_put(folio);
	/* In the same step: a swap-in of an exclusive entry then has the slot's last share. */
	free_locked(s, slot);
	return done;
}

bool folio_test_swapcache(struct folio *folio)
{
	unsigned long slot;
	struct swap_slot *s = lock_slot_of(folio, &slot);

	if (s)
		spin_unlock(&s->lock);
	return s;
}

bool swap_slot_at_rest(unsigned long slot, unsigned int *count, struct folio **folio)
{
	if (!device.slots || slot > device.nr)
		return false;
	*count = device.slots[slot].count;
	*folio = device.slots[slot].folio;
	return true;
}
