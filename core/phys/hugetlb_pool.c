/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_pool.c - the pool of huge pages. */
#include "core/phys/hugetlb_pool.h"

#include "core/base/cpu.h"
#include "core/lock/spinlock.h"

/*
 * Conservation: every huge page is on its node's list, without a reference, or in use; free = the length of all lists;
 * reserved <= free.
 *
 * Lock key: (L) lock (C) const while there are huge pages
 */
static struct {
	spinlock_t lock;
	unsigned int order;			/* (C) */
	struct hugetlb_counts counts;		/* (L) */
	struct page *free[MAX_NODES];		/* (L) heads, linked by ->private */
} pool = { .lock = { .kind = SPIN_TTAS, .rank = RANK_HUGETLB } };

/* Locking: the pool's. */
static void push_free(struct page *head)
{
	struct page **list = &pool.free[page_to_nid(head)];

	store_relaxed(&head->private, (unsigned long)*list);
	*list = head;
	pool.counts.free++;
}

/* Locking: the pool's. */
static struct page *pop_free(unsigned int nid)
{
	struct page *head = pool.free[nid];

	if (!head)
		return NULL;
	pool.free[nid] = (struct page *)load_relaxed(&head->private);
	pool.counts.free--;
	return head;
}

/* From @nid, or the first node after it that has one. Locking: the pool's. */
static struct page *pop_near(unsigned int nid)
{
	struct page *head = pop_free(nid);

	for (unsigned int i = 1; !head && i < machine.nr_nodes; i++) {
		head = pop_free((nid + i) % machine.nr_nodes);
		if (head)
			count_events(EV_FRAME_WRONG_NODE, 1ul << pool.order);
	}
	return head;
}

/* ---- size ---- */

static bool grow_from(unsigned int nid)
{
	struct page *head = alloc_pages_node(nid, pool.order, PAGE_ANON | ALLOC_COMPOUND);

	if (!head)
		return false;
	BUG_ON(!folio_ref_freeze(page_folio(head), 1));
	fetch_or_relaxed(&head->flags, PG_HUGETLB);
	spin_lock(&pool.lock);
	pool.counts.nr++;
	push_free(head);
	spin_unlock(&pool.lock);
	return true;
}

static bool shrink_one(void)
{
	struct page *head = NULL;

	spin_lock(&pool.lock);
	if (pool.counts.free > pool.counts.reserved) {
		head = pop_near(pool.counts.nr % machine.nr_nodes);
		pool.counts.nr--;
	}
	spin_unlock(&pool.lock);
	if (!head)
		return false;
	fetch_and_relaxed(&head->flags, ~PG_HUGETLB);
	free_frozen_pages(head, pool.order);
	return true;
}

unsigned long hugetlb_pool_resize(unsigned int order, unsigned long nr)
{
	BUG_ON(pool.counts.nr && pool.order != order);
	pool.order = order;
	while (pool.counts.nr < nr && grow_from(pool.counts.nr % machine.nr_nodes))
		;
	while (pool.counts.nr > nr && shrink_one())
		;
	return pool.counts.nr;
}

void hugetlb_pool_exit(void)
{
	hugetlb_pool_resize(pool.order, 0);
	pool.counts = (struct hugetlb_counts){ 0 };
}

struct hugetlb_counts hugetlb_pool_counts(void)
{
	struct hugetlb_counts counts;

	spin_lock(&pool.lock);
	counts = pool.counts;
	spin_unlock(&pool.lock);
	return counts;
}

/* ---- reservations ---- */

bool hugetlb_pool_reserve(unsigned long nr)
{
	bool enough;

	spin_lock(&pool.lock);
	enough = nr <= pool.counts.free - pool.counts.reserved;
	if (enough)
		pool.counts.reserved += nr;
	spin_unlock(&pool.lock);
	return enough;
}

void hugetlb_pool_unreserve(unsigned long nr)
{
	spin_lock(&pool.lock);
	BUG_ON(nr > pool.counts.reserved);
	pool.counts.reserved -= nr;
	spin_unlock(&pool.lock);
}

/* ---- huge pages ---- */

/* Initialises a folio as alloc_pages() does, except for its contents. */
static struct folio *prepare(struct page *head)
{
	head->index = 0;
	store_relaxed(&head->private, 0);
	store_relaxed(&head->_pincount, 0);
	ASSERT(load_relaxed(&head->flags) == PG_HUGETLB && !load_relaxed(&head->_refcount));
	/* ORDER[page-ref:A] the next life begins after old entries were cleared; pairs with ORDER[page-ref:B]. */
	store_release(&head->_refcount, 1);
	return page_folio(head);
}

struct folio *hugetlb_pool_take(bool reserved)
{
	struct page *head = NULL;

	if (unlikely(inject_alloc_fails()))
		return NULL;
	spin_lock(&pool.lock);
	if (reserved || pool.counts.free > pool.counts.reserved) {
		head = pop_near(alloc_policy_node());
		BUG_ON(reserved && (!head || !pool.counts.reserved));
		pool.counts.reserved -= reserved;
	}
	spin_unlock(&pool.lock);
	return head ? prepare(head) : NULL;
}

void hugetlb_pool_set_type(struct folio *folio, enum page_type type)
{
	for (unsigned long i = 0; i < folio_nr_pages(folio); i++)
		page_set_type(folio_page(folio, i), type);
}

void hugetlb_pool_give(struct folio *folio, bool reserve)
{
	struct page *head = &folio->page;

	BUG_ON(folio_ref_count(folio) || folio_mapped(folio) || load_relaxed(&head->_pincount));
	if (page_type(head) != PAGE_ANON)
		hugetlb_pool_set_type(folio, PAGE_ANON);
	page_life_ends(head);
	store_relaxed(&head->mapping, NULL);
	store_relaxed(&head->flags, PG_HUGETLB);
	spin_lock(&pool.lock);
	push_free(head);
	pool.counts.reserved += reserve;
	spin_unlock(&pool.lock);
}
