/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - a swap device in memory. */
#include "core/mm/swap.h"

#include <errno.h>
#include <string.h>

#include "core/host/arena.h"
#include "core/mm/filemap.h"
#include "core/mm/swap_slots.h"
#include "core/pgtable/pgtable.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(SWAP_IN, "pages read from swap");
DEFINE_EVENT(SWAP_OUT, "pages written to swap");
DEFINE_EVENT(SWAP_FROZEN, "lookups that waited for a large folio to leave its swap slots");
DEFINE_EVENT(SWAP_OUT_LARGE, "large folios written to swap as a whole");

/* Lock key: (S) the slot's lock (D) the device's lock */
struct swap_slot {
	spinlock_t lock;
	uint32_t count;			/* (S) shares; 0: free */
	struct folio *folio;		/* (S) NULL: the contents are on the device */
};

/* Lock key: (C) const while there is a device */
static struct swap_device {
	spinlock_t freeze_lock;		/* see swap_writeout_large() */
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
	if (swap_slots_init(slots))
		goto out_slots;
	if (device.contents_size) {
		device.contents = node_alloc(0, device.contents_size, CACHE_LINE);
		if (!device.contents)
			goto out_free_slots;
	}
	spin_lock_init(&device.freeze_lock, SPIN_TTAS, RANK_SWAP_FREEZE);
	for (unsigned long i = 1; i <= slots; i++)
		spin_lock_init(&device.slots[i].lock, SPIN_TTAS, RANK_SWAP);
	device.nr = slots;
	return 0;
out_free_slots:
	swap_slots_exit();
out_slots:
	node_free(device.slots, 0, device.slots_size);
	device.slots = NULL;
	return -ENOMEM;
}

unsigned long swap_off(void)
{
	unsigned long used = nr_swap_used();

	if (device.slots)
		swap_slots_exit();
	node_free(device.slots, 0, device.slots_size);
	node_free(device.contents, 0, device.contents_size);
	device = (struct swap_device){ 0 };
	return used;
}

unsigned long nr_swap_used(void)
{
	return device.slots ? swap_slots_used() : 0;
}

unsigned long nr_swap_slots(void)
{
	return device.nr;
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

/* The first slot of @folio, which may have been freed since, and reused: the slot itself has the answer. */
static unsigned long first_slot(const struct folio *folio)
{
	return load_relaxed(&folio->page.private);
}

unsigned long folio_swap_refs(struct folio *folio)
{
	unsigned long first = first_slot(folio), nr = first ? folio_nr_pages(folio) : 0, refs = 0;

	for (unsigned long i = 0; i < nr; i++) {
		struct swap_slot *s = lock_slot(first + i);

		refs += s->folio == folio;
		spin_unlock(&s->lock);
	}
	return refs;
}

/* Adds a share for the caller to each slot of @folio. False, with nothing done, unless it is in all of them. */
static bool share_slots(struct folio *folio, unsigned long first)
{
	unsigned long nr = folio_nr_pages(folio), i;

	for (i = 0; i < nr; i++) {
		struct swap_slot *s = lock_slot(first + i);
		bool there = s->folio == folio;

		s->count += there;
		spin_unlock(&s->lock);
		if (!there)
			break;
	}
	if (i == nr)
		return true;
	while (i)
		swap_free(first + --i);
	return false;
}

/* The slots are free. Locking: the folio lock. */
static void put_in_slots(struct folio *folio, unsigned long first)
{
	unsigned long nr = folio_nr_pages(folio);

	folio_ref_add(folio, (int)nr);
	store_relaxed(&folio->page.private, first);
	for (unsigned long i = 0; i < nr; i++) {
		struct swap_slot *s = lock_slot(first + i);

		ASSERT(!s->count && !s->folio);
		s->folio = folio;
		s->count = 1;
		spin_unlock(&s->lock);
	}
}

unsigned long folio_alloc_swap(struct folio *folio)
{
	unsigned long slot = first_slot(folio);

	assert_folio_locked(folio);
	if (slot && share_slots(folio, slot))
		return slot;
	if (!device.slots || unlikely(inject_alloc_fails()) || (slot && folio_swap_refs(folio)))
		return 0;
	slot = swap_slots_alloc(folio_order(folio));
	if (slot)
		put_in_slots(folio, slot);
	return slot;
}

void swap_duplicate(unsigned long slot)
{
	struct swap_slot *s = lock_slot(slot);

	BUG_ON(!s->count);
	s->count++;
	spin_unlock(&s->lock);
}

unsigned int swap_shares(unsigned long slot)
{
	struct swap_slot *s = lock_slot(slot);
	unsigned int shares = s->count;

	spin_unlock(&s->lock);
	return shares;
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
		swap_slots_free(slot);
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
	.hunt = "explore swap_in_vs_slot_reuse",
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

bool swap_slot_caches(unsigned long slot, const struct folio *folio)
{
	struct swap_slot *s = lock_slot(slot);
	bool same = s->folio == folio;

	spin_unlock(&s->lock);
	return same;
}

/* Locking: the slot's lock. NULL: no thread can get references to the folio now, and *@frozen is set. */
static struct folio *get_cached(struct swap_slot *s, unsigned long slot, struct folio *new, bool *frozen)
{
	struct folio *folio = s->folio;

	if (!folio && new && s->count) {
		copy_contents(page_payload(&new->page), contents_of(slot));
		store_relaxed(&new->page.private, slot);
		fetch_or_relaxed(&new->page.flags, PG_DIRTY);	/* a scan may isolate it */
		folio_get(new);		/* the cache's */
		s->folio = folio = new;
		count_event(EV_SWAP_IN);
	}
	*frozen = folio && !folio_try_get(folio);
	return *frozen ? NULL : folio;
}

struct folio *swap_cache_get(unsigned long slot, struct folio *new)
{
	struct folio *folio;
	bool frozen;
	RETRY_LOOP(100000, "a folio that is being removed from its swap slots");

	for (;;) {
		struct swap_slot *s = lock_slot(slot);

		folio = get_cached(s, slot, new, &frozen);
		spin_unlock(&s->lock);
		if (likely(!frozen))
			return folio;
		/* Until it has left its slots. */
		count_event(EV_SWAP_FROZEN);
		spin_lock(&device.freeze_lock);
		spin_unlock(&device.freeze_lock);
		RETRY();
	}
}

DEFINE_KNOCKOUT(SWAP_LARGE_COUNT,
	.name = "swap-large:count",
	.removes = "the check for other references before a large folio's contents go to swap",
	.breaks = "a write through a reference, dropped before the folio is frozen, is lost",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap_large");

DEFINE_KNOCKOUT(SWAP_FREEZE,
	.name = "swap:freeze",
	.removes = "the check for other references before a folio's contents go to swap",
	.breaks = "writes through a reference are lost",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap");

/*
 * A large folio is frozen and leaves its slots one by one, inside a lock that lookups pass through if they find a
 * folio without references: so no lock is held while it is copied. The holder of a reference that was taken before the
 * first check may write; a later one has it from the slots, and needs the folio lock to write.
 */
static bool swap_writeout_large(unsigned long first, struct folio *folio)
{
	unsigned long nr = folio_nr_pages(folio);
	bool alone = (!folio_mapped(folio) && folio_ref_count(folio) == (int)nr + 1) || KNOCKED_OUT(SWAP_LARGE_COUNT);
	bool frozen;

	for (unsigned long i = 0; alone && i < nr; i++)
		copy_contents(contents_of(first + i), page_payload(folio_page(folio, i)));
	SYNCPOINT("swap.large_copied");
	spin_lock(&device.freeze_lock);
	frozen = alone && !folio_mapped(folio) && folio_ref_freeze(folio, (int)nr + 1);
	SYNCPOINT("swap.large_frozen");
	for (unsigned long i = 0; i < nr; i++) {
		struct swap_slot *s = lock_slot(first + i);

		ASSERT(s->folio == folio && s->count);
		s->folio = frozen ? NULL : folio;
		free_locked(s, first + i);
	}
	if (frozen)
		folio_ref_unfreeze(folio, 1);
	spin_unlock(&device.freeze_lock);
	if (frozen) {
		count_events(EV_SWAP_OUT, nr);
		count_event(EV_SWAP_OUT_LARGE);
	}
	return frozen;
}

bool swap_writeout(unsigned long slot, struct folio *folio)
{
	struct swap_slot *s;
	bool frozen, done;

	assert_folio_locked(folio);
	if (folio_test_large(folio))
		return swap_writeout_large(slot, folio);
	s = lock_slot(slot);
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

bool swap_slot_at_rest(unsigned long slot, unsigned int *count, struct folio **folio)
{
	if (!device.slots || slot > device.nr)
		return false;
	*count = device.slots[slot].count;
	*folio = device.slots[slot].folio;
	return true;
}
