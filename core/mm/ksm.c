/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.c - stable nodes and rmap items of merged folios. Walks by them: ksm_walk.c. */
#include "core/mm/ksm.h"

#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/lock/wait.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(KSM_STALE, "stable nodes freed: their folio was");
DEFINE_EVENT(KSM_LEFT, "rmap items left by their mm, and kept for relatives");

RB_HEAD(item_tree, ksm_rmap_item);
RB_HEAD(unstable_tree, ksm_rmap_item);
RB_HEAD(stable_tree, ksm_stable_node);

/* Lock key: (K) mutex, which is ksm_thread_mutex in Linux (A) atomic, written under (K) */
static struct {
	struct rwsem mutex;
	struct item_tree items;		/* (K) those with an mm */
	struct unstable_tree unstable;	/* (K) */
	struct stable_tree stable;	/* (K) */
	unsigned long nr_items;		/* (A) all, with an mm or without */
} ksm;

static int by_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_place(const struct ksm_rmap_item *a, const struct ksm_rmap_item *b)
{
	int order = by_number((uintptr_t)a->mm, (uintptr_t)b->mm);

	return order ? order : by_number(a->address, b->address);
}

static int by_item_checksum(const struct ksm_rmap_item *a, const struct ksm_rmap_item *b)
{
	return by_number(a->checksum, b->checksum);
}

static int by_checksum(const struct ksm_stable_node *a, const struct ksm_stable_node *b)
{
	return by_number(a->checksum, b->checksum);
}

RB_GENERATE_INTERNAL(item_tree, ksm_rmap_item, rb, by_place, static __attribute__((unused)))
RB_GENERATE_INTERNAL(unstable_tree, ksm_rmap_item, unstable_rb, by_item_checksum, static __attribute__((unused)))
RB_GENERATE_INTERNAL(stable_tree, ksm_stable_node, rb, by_checksum, static __attribute__((unused)))

void ksm_lock(void)
{
	down_write(&ksm.mutex);
}

void ksm_unlock(void)
{
	up_write(&ksm.mutex);
}

/* ---- the frame of a node ---- */

DEFINE_KNOCKOUT(KSM_RECHECK,
	.name = "ksm:recheck",
	.removes = "the re-check, with a reference, that a stable node's frame is still its folio's",
	.breaks = "a page merged with another owner's",
	.detected_by = "the check in ksm_append(): knockout.ksm",
	.hunt = "test knockout.ksm");

enum found { FOUND, FOUND_FROZEN, FOUND_STALE };

/* A frame that was freed has another type, or other contents in its mapping once it can be referenced again. */
static enum found get_once(const struct ksm_stable_node *node, struct folio *folio)
{
	if (page_type(&folio->page) != PAGE_ANON || load_relaxed(&folio->page.tail))
		return FOUND_STALE;
	SYNCPOINT("ksm.before_get");
	if (!folio_try_get(folio))
		return FOUND_FROZEN;		/* by migration or swap-out; or about to be freed */
	if (likely(folio_stable_node(folio) == node) || KNOCKED_OUT(KSM_RECHECK))
		return FOUND;
	folio_put(folio);
	return FOUND_STALE;
}

static void free_item(struct ksm_rmap_item *item)
{
	store_relaxed(&ksm.nr_items, ksm.nr_items - 1);
	node_free(item, 0, sizeof(*item));
}

/* Locking: the lock of the node's folio, if there is one. */
static void leave_node(struct ksm_rmap_item *item)
{
	TAILQ_REMOVE(&item->node->items, item, same_folio);
	item->node = NULL;
	put_anon_vma(item->anon_vma);
}

/* No thread walks its list: that needs the folio. Source: mm/ksm.c, remove_node_from_stable_tree(). */
static void free_node(struct ksm_stable_node *node)
{
	struct ksm_rmap_item *item;

	while ((item = TAILQ_FIRST(&node->items))) {
		leave_node(item);
		if (!item->mm)
			free_item(item);
	}
	RB_REMOVE(stable_tree, &ksm.stable, node);
	node_free(node, 0, sizeof(*node));
	count_event(EV_KSM_STALE);
}

struct folio *ksm_get_folio(struct ksm_stable_node *node)
{
	unsigned int rounds = 0;
	RETRY_LOOP(100000, "the folio of a stable node");

	assert_rwsem_held_write(&ksm.mutex);
	for (;;) {
		/* ORDER[ksm-kpfn:B] before the frame's folio is read; pairs with ORDER[ksm-kpfn:A]. */
		unsigned long kpfn = load_acquire(&node->kpfn);
		struct folio *folio = container_of(pfn_to_page(kpfn), struct folio, page);
		enum found found = get_once(node, folio);

		if (found == FOUND)
			return folio;
		/*
		 * ORDER[ksm-kpfn:B] a folio that names no node any more may have been moved: its new frame was stored
		 * before. Pairs with ORDER[ksm-kpfn:A]. Weaker: the node of a folio that is mapped is freed.
		 * ORDER[ref-drop:B] before its items are freed: walks of them have ended.
		 */
		if (found == FOUND_STALE && page_ref_count(&folio->page) >= 0 && load_acquire(&node->kpfn) == kpfn)
			break;
		if (unlikely(++rounds % SPIN_ROUNDS == 0))
			yield_core();		/* the thread that has frozen it may need this core */
		RETRY();
	}
	free_node(node);
	return NULL;
}

/* ---- rmap items ---- */

static struct ksm_rmap_item *find_item(struct mm_struct *mm, unsigned long address)
{
	struct ksm_rmap_item key = { .mm = mm, .address = address };

	return RB_NFIND(item_tree, &ksm.items, &key);
}

struct ksm_rmap_item *ksm_item(struct mm_struct *mm, unsigned long address)
{
	struct ksm_rmap_item *item = find_item(mm, address);

	if (item && item->mm == mm && item->address == address)
		return item;
	item = node_zalloc(0, sizeof(*item), 0);
	if (!item)
		return NULL;
	item->mm = mm;
	item->address = address;
	RB_INSERT(item_tree, &ksm.items, item);
	store_relaxed(&ksm.nr_items, ksm.nr_items + 1);
	return item;
}

DEFINE_KNOCKOUT(KSM_LEAVE,
	.name = "ksm:leave",
	.removes = "keeping an rmap item, which its mm needs no more, for entries of relatives",
	.breaks = "a walk that misses entries",
	.detected_by = "the at-rest check of the reverse map: knockout.ksm",
	.hunt = "test knockout.ksm");

/* True if @item stays on its node's list. */
static bool left_to_relatives(struct ksm_rmap_item *item)
{
	struct folio *folio = ksm_get_folio(item->node);
	bool needed;

	if (!folio)			/* with the node */
		return false;
	folio_lock(folio);
	needed = ksm_item_needed(item, folio) && !KNOCKED_OUT(KSM_LEAVE);
	if (needed)
		item->mm = NULL;
	else
		leave_node(item);
	folio_unlock(folio);
	folio_put(folio);
	return needed;
}

void ksm_remove_item(struct ksm_rmap_item *item)
{
	assert_rwsem_held_write(&ksm.mutex);
	ksm_unstable_remove(item);
	RB_REMOVE(item_tree, &ksm.items, item);
	if (item->node && left_to_relatives(item))
		count_event(EV_KSM_LEFT);
	else
		free_item(item);
}

void ksm_forget(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct ksm_rmap_item *item;

	while ((item = find_item(mm, start)) && item->mm == mm && item->address < end)
		ksm_remove_item(item);
}

/* Without an mm that KSM visits no scan finds stale nodes. */
static void prune(void)
{
	struct ksm_stable_node *node, *next;
	struct folio *folio;

	RB_FOREACH_SAFE(node, stable_tree, &ksm.stable, next) {
		folio = ksm_get_folio(node);
		if (folio)
			folio_put(folio);
	}
}

void ksm_wait_for_scan(void)
{
	if (likely(!load_relaxed(&ksm.nr_items)))
		return;
	ksm_lock();
	ksm_unlock();
}

void ksm_exit(struct mm_struct *mm)
{
	/* Only scans of @mm, and of its ancestors, add items that lead to its pages, and none runs. */
	if (likely(!load_relaxed(&ksm.nr_items)))
		return;
	ksm_lock();
	ksm_forget(mm, 0, ~0ul);
	if (RB_EMPTY(&ksm.items))
		prune();
	ksm_unlock();
}

/* ---- the two trees by contents ---- */

void ksm_unstable_remove(struct ksm_rmap_item *item)
{
	if (item->unstable)
		RB_REMOVE(unstable_tree, &ksm.unstable, item);
	item->unstable = false;
}

struct ksm_rmap_item *ksm_unstable_search_insert(struct ksm_rmap_item *item)
{
	struct ksm_rmap_item *other;

	if (item->unstable)
		return NULL;
	other = RB_INSERT(unstable_tree, &ksm.unstable, item);
	item->unstable = !other;
	return other;
}

struct folio *ksm_stable_search(uint64_t checksum)
{
	struct ksm_stable_node key = { .checksum = checksum }, *node = RB_FIND(stable_tree, &ksm.stable, &key);

	return node ? ksm_get_folio(node) : NULL;
}

void ksm_append(struct ksm_stable_node *node, struct ksm_rmap_item *item, struct anon_vma *anon_vma,
		unsigned long index)
{
	assert_rwsem_held_write(&ksm.mutex);
	if (!node)
		BUG("a folio that is not merged was found by its checksum");
	ksm_unstable_remove(item);
	get_anon_vma(anon_vma);
	item->anon_vma = anon_vma;
	item->index = index;
	item->node = node;
	TAILQ_INSERT_TAIL(&node->items, item, same_folio);
}

bool ksm_make_node(struct folio *folio, struct ksm_rmap_item *item, uint64_t checksum)
{
	struct ksm_stable_node *node = node_zalloc(0, sizeof(*node), 0);

	assert_folio_locked(folio);
	if (!node)
		return false;
	node->checksum = checksum;
	store_relaxed(&node->kpfn, folio_pfn(folio));
	TAILQ_INIT(&node->items);
	if (RB_INSERT(stable_tree, &ksm.stable, node)) {
		node_free(node, 0, sizeof(*node));
		return false;
	}
	ksm_append(node, item, folio_anon_vma(folio), folio->page.index);
	folio_clear_lazyfree(folio);
	folio_set_ksm_mapping(folio, node);
	return true;
}

/* ---- all of them ---- */

void ksm_start(void)
{
	init_rwsem(&ksm.mutex, RANK_KSM);
}

void ksm_stop(void)
{
	struct ksm_stable_node *node;
	struct ksm_rmap_item *item;

	while ((node = RB_MIN(stable_tree, &ksm.stable)))
		free_node(node);
	while ((item = RB_MIN(item_tree, &ksm.items))) {	/* of mms that did not exit */
		ksm_unstable_remove(item);
		RB_REMOVE(item_tree, &ksm.items, item);
		free_item(item);
	}
}

unsigned long ksm_nr_nodes(void)
{
	struct ksm_stable_node *node;
	unsigned long nr = 0;

	RB_FOREACH(node, stable_tree, &ksm.stable)
		nr++;
	return nr;
}

void ksm_each_item(void (*fn)(const struct ksm_rmap_item *item, void *arg), void *arg)
{
	struct ksm_stable_node *node;
	struct ksm_rmap_item *item;

	RB_FOREACH(node, stable_tree, &ksm.stable)
		TAILQ_FOREACH(item, &node->items, same_folio)
			fn(item, arg);
}
