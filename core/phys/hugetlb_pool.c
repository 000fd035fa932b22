/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_pool.c - the pools of huge pages. */
#include "core/phys/hugetlb_pool.h"

#include "core/base/cpu.h"
#include "core/lock/spinlock.h"

/*
 * Conservation: every huge page is on its node's list, without a reference, or in use; free = the length of all lists;
 * reserved <= free.
 *
 * Lock key: (L) lock (A) atomic: const while there are huge pages
 */
struct pool {
	spinlock_t lock;
	unsigned int order;			/* (A) */
	struct hugetlb_counts counts;		/* (L) */
	struct page *free[MAX_NODES];		/* (L) heads, linked by ->private */
};

#define POOL	{ .lock = { .kind = SPIN_TTAS, .rank = RANK_HUGETLB } }

static struct pool pools[] = { POOL, POOL };

/* Source: include/linux/hugetlb.h, hstate_is_gigantic(). */
static struct pool *pool_of(unsigned int order)
{
	return &pools[order > MAX_ORDER];
}

/* Locking: the pool's. */
static void push_free(struct pool *pool, struct page *head)
{
	struct page **list = &pool->free[page_to_nid(head)];

	store_relaxed(&head->private, (unsigned long)*list);
	*list = head;
	pool->counts.free++;
}

/* Locking: the pool's. */
static struct page *pop_free(struct pool *pool, unsigned int nid)
{
	struct page *head = pool->free[nid];

	if (!head)
		return NULL;
	pool->free[nid] = (struct page *)load_relaxed(&head->private);
	pool->counts.free--;
	return head;
}

/* From @nid, or the first node after it that has one. Locking: the pool's. */
static struct page *pop_near(struct pool *pool, unsigned int nid)
{
	struct page *head = pop_free(pool, nid);

	for (unsigned int i = 1; !head && i < machine.nr_nodes; i++) {
		head = pop_free(pool, (nid + i) % machine.nr_nodes);
		if (head)
			count_events(EV_FRAME_WRONG_NODE, 1ul << load_relaxed(&pool->order));
	}
	return head;
}

/* ---- size ---- */

/* A new huge page, not counted yet, without a reference, and on no list. */
static struct page *alloc_fresh(const struct pool *pool, unsigned int nid, unsigned int flags)
{
	struct page *head = alloc_pages_node(nid, load_relaxed(&pool->order), PAGE_ANON | ALLOC_COMPOUND | flags);

	if (!head)
		return NULL;
	BUG_ON(!folio_ref_freeze(page_folio(head), 1));
	fetch_or_relaxed(&head->flags, PG_HUGETLB);
	return head;
}

static bool grow_from(struct pool *pool, unsigned int nid)
{
	struct page *head = alloc_fresh(pool, nid, 0);

	if (!head)
		return false;
	spin_lock(&pool->lock);
	pool->counts.nr++;
	push_free(pool, head);
	spin_unlock(&pool->lock);
	return true;
}

/* Frees a huge page that is on no list, and not counted any more. */
static void free_to_node(const struct pool *pool, struct page *head)
{
	fetch_and_relaxed(&head->flags, ~PG_HUGETLB);
	free_frozen_pages(head, load_relaxed(&pool->order));
}

static bool shrink_one(struct pool *pool)
{
	struct page *head = NULL;

	spin_lock(&pool->lock);
	if (pool->counts.free > pool->counts.reserved) {
		head = pop_near(pool, pool->counts.nr % machine.nr_nodes);
		pool->counts.nr--;
	}
	spin_unlock(&pool->lock);
	if (!head)
		return false;
	free_to_node(pool, head);
	return true;
}

unsigned long hugetlb_pool_resize(unsigned int order, unsigned long nr)
{
	struct pool *pool = pool_of(order);

	BUG_ON(pool->counts.nr && load_relaxed(&pool->order) != order);
	store_relaxed(&pool->order, order);
	while (pool->counts.nr < nr && grow_from(pool, pool->counts.nr % machine.nr_nodes))
		;
	while (pool->counts.nr > nr && shrink_one(pool))
		;
	return pool->counts.nr;
}

void hugetlb_pool_exit(void)
{
	for (struct pool *pool = pools; pool < pools + ARRAY_SIZE(pools); pool++) {
		hugetlb_pool_resize(load_relaxed(&pool->order), 0);
		pool->counts = (struct hugetlb_counts){ 0 };
	}
}

struct hugetlb_counts hugetlb_pool_counts(unsigned int order)
{
	struct pool *pool = pool_of(order);
	struct hugetlb_counts counts;

	spin_lock(&pool->lock);
	counts = pool->counts;
	spin_unlock(&pool->lock);
	return counts;
}

/* ---- reservations ---- */

bool hugetlb_pool_reserve(unsigned int order, unsigned long nr)
{
	struct pool *pool = pool_of(order);
	bool enough;

	spin_lock(&pool->lock);
	enough = nr <= pool->counts.free - pool->counts.reserved;
	if (enough)
		pool->counts.reserved += nr;
	spin_unlock(&pool->lock);
	return enough;
}

void hugetlb_pool_unreserve(unsigned int order, unsigned long nr)
{
	struct pool *pool = pool_of(order);

	spin_lock(&pool->lock);
	BUG_ON(nr > pool->counts.reserved);
	pool->counts.reserved -= nr;
	spin_unlock(&pool->lock);
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

struct folio *hugetlb_pool_take(unsigned int order, bool reserved)
{
	struct pool *pool = pool_of(order);
	struct page *head = NULL;

	if (unlikely(inject_alloc_fails()))
		return NULL;
	spin_lock(&pool->lock);
	if (reserved || pool->counts.free > pool->counts.reserved) {
		head = pop_near(pool, alloc_policy_node());
		BUG_ON(reserved && (!head || !pool->counts.reserved));
		pool->counts.reserved -= reserved;
	}
	spin_unlock(&pool->lock);
	return head ? prepare(head) : NULL;
}

/* It takes the place of the one that is moved, and is not counted before. */
static struct folio *take_temporary(const struct pool *pool, unsigned int nid)
{
	struct page *head = alloc_fresh(pool, nid, ALLOC_THISNODE);
	struct folio *folio = head ? prepare(head) : NULL;

	if (folio)
		fetch_or_relaxed(&head->flags, PG_TEMPORARY);
	return folio;
}

struct folio *hugetlb_pool_take_node(unsigned int order, unsigned int nid)
{
	struct pool *pool = pool_of(order);
	struct page *head = NULL;

	if (unlikely(inject_alloc_fails()))
		return NULL;
	spin_lock(&pool->lock);
	if (pool->counts.free > pool->counts.reserved)
		head = pop_free(pool, nid);
	spin_unlock(&pool->lock);
	return likely(head) ? prepare(head) : take_temporary(pool, nid);
}

void hugetlb_pool_move(struct folio *to, struct folio *from)
{
	if (likely(!(load_relaxed(&to->page.flags) & PG_TEMPORARY)))
		return;
	fetch_and_relaxed(&to->page.flags, ~PG_TEMPORARY);
	fetch_or_relaxed(&from->page.flags, PG_TEMPORARY);
}

void hugetlb_pool_set_type(struct folio *folio, enum page_type type)
{
	for (unsigned long i = 0; i < folio_nr_pages(folio); i++)
		page_set_type(folio_page(folio, i), type);
}

void hugetlb_pool_give(struct folio *folio, bool reserve)
{
	struct pool *pool = pool_of(folio_order(folio));
	struct page *head = &folio->page;
	bool leaves = load_relaxed(&head->flags) & PG_TEMPORARY;

	BUG_ON(folio_ref_count(folio) || folio_mapped(folio) || load_relaxed(&head->_pincount));
	if (page_type(head) != PAGE_ANON)
		hugetlb_pool_set_type(folio, PAGE_ANON);
	page_life_ends(head);
	store_relaxed(&head->mapping, NULL);
	store_relaxed(&head->flags, PG_HUGETLB);
	if (unlikely(leaves)) {
		BUG_ON(reserve);
		free_to_node(pool, head);
		return;
	}
	spin_lock(&pool->lock);
	push_free(pool, head);
	pool->counts.reserved += reserve;
	spin_unlock(&pool->lock);
}
