/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buddy.c - split on allocation, merge on free, under one lock per node. */
#include "core/phys/buddy.h"

#include <string.h>

#include "core/host/topology.h"

struct machine machine;	/* machine.c sets it up */

#define STOCK_BATCHES	32u	/* at most 8 MiB of frames that are not merged into large blocks */

/*
 * Conservation: a free frame of a node is in one of: a block on @free, a batch of @stock, a thread's list (pcp.c).
 * Lock key: (N) this node's lock (A) atomic (C) const once published
 */
struct frame_node {
	spinlock_t lock;
	unsigned int nr_batches;		/* (N) */
	unsigned long nr_free;			/* (A) frames in blocks and stock; written under (N) */
	unsigned long first_pfn;		/* (C) */
	unsigned long end_pfn;			/* (C) the node's frames end below */
	struct page *free[MAX_ORDER + 1];	/* (N) blocks of each order */
	uint32_t stock[STOCK_BATCHES][MAX_BATCH];	/* (N) pfns; of each batch the first machine.pcp_batch count */
} __attribute__((aligned(4096)));		/* pages of its own, on its node */

static struct frame_node nodes[MAX_NODES];

static void add_free(struct frame_node *node, unsigned long frames)
{
	assert_spin_locked(&node->lock);
	count_own(&node->nr_free, frames);
}

static void list_push(struct frame_node *node, struct page *page, unsigned int order)
{
	assert_spin_locked(&node->lock);
	page->next = node->free[order];
	page->prev = NULL;
	if (page->next)
		page->next->prev = page;
	node->free[order] = page;
	store_relaxed(&page->order, (uint8_t)order);
	page_set_type(page, PAGE_BUDDY);
}

static void list_remove(struct frame_node *node, struct page *page, unsigned int order)
{
	assert_spin_locked(&node->lock);
	if (page->prev)
		page->prev->next = page->next;
	else
		node->free[order] = page->next;
	if (page->next)
		page->next->prev = page->prev;
	page_set_type(page, PAGE_FREE);
}

/* PAGE_BUDDY is set and cleared only under the node's lock, so the result is stable here. */
static bool is_free_block(const struct frame_node *node, unsigned long pfn, unsigned int order)
{
	const struct page *page = pfn_to_page(pfn);

	return pfn + (1ul << order) <= node->end_pfn && page_type(page) == PAGE_BUDDY &&
	       load_relaxed(&page->order) == order;
}

/* ---- free blocks in a row, for more than MAX_ORDER ---- */

/* Number of frames from @pfn on, @nr at most, that are free blocks of MAX_ORDER in a row. */
static unsigned long free_row(const struct frame_node *node, unsigned long pfn, unsigned long nr)
{
	unsigned long n = 0;

	while (n < nr && is_free_block(node, pfn + n, MAX_ORDER))
		n += 1ul << MAX_ORDER;
	return n;
}

/* The first aligned one; NULL without one. */
static struct page *take_row(struct frame_node *node, unsigned int order)
{
	unsigned long nr = 1ul << order;

	for (unsigned long pfn = ALIGN_UP(node->first_pfn, nr); pfn + nr <= node->end_pfn; pfn += nr) {
		if (free_row(node, pfn, nr) < nr)
			continue;
		for (unsigned long n = 0; n < nr; n += 1ul << MAX_ORDER)
			list_remove(node, pfn_to_page(pfn + n), MAX_ORDER);
		return pfn_to_page(pfn);
	}
	return NULL;
}

static struct page *take(struct frame_node *node, unsigned int order)
{
	unsigned int o = order;
	struct page *page;

	while (o <= MAX_ORDER && !node->free[o])
		o++;
	if (o > MAX_ORDER)
		return order > MAX_ORDER ? take_row(node, order) : NULL;
	page = node->free[o];
	list_remove(node, page, o);
	while (o-- > order)
		list_push(node, page + (1ul << o), o);
	return page;
}

static void give(struct frame_node *node, unsigned long pfn, unsigned int order)
{
	while (order < MAX_ORDER && is_free_block(node, pfn ^ (1ul << order), order)) {
		list_remove(node, pfn_to_page(pfn ^ (1ul << order)), order);
		page_set_type(pfn_to_page(pfn), PAGE_FREE);
		pfn &= ~(1ul << order);
		order++;
	}
	list_push(node, pfn_to_page(pfn), order);
}

static void unstock(struct frame_node *node)
{
	while (node->nr_batches) {
		const uint32_t *pfns = node->stock[--node->nr_batches];

		for (unsigned int i = 0; i < machine.pcp_batch; i++)
			give(node, pfns[i], 0);
	}
}

struct page *buddy_alloc(unsigned int nid, unsigned int order)
{
	struct frame_node *node = &nodes[nid];
	struct page *page;

	spin_lock(&node->lock);
	page = take(node, order);
	if (unlikely(!page && node->nr_batches)) {
		unstock(node);
		page = take(node, order);
	}
	if (page)
		add_free(node, -(1ul << order));
	spin_unlock(&node->lock);
	return page;
}

void buddy_free(struct page *page, unsigned int order)
{
	struct frame_node *node = &nodes[page_to_nid(page)];

	spin_lock(&node->lock);
	for (unsigned long n = 0; n < 1ul << order; n += 1ul << MAX_ORDER)
		give(node, page_to_pfn(page) + n, min(order, (unsigned int)MAX_ORDER));
	add_free(node, 1ul << order);
	spin_unlock(&node->lock);
}

/*
 * Takes a batch that is one block, if there is one: the struct pages of 64 frames are then one host page, and a core
 * that prefetches ahead in it does not take lines from the thread that has the next batch.
 */
static unsigned int take_block(struct frame_node *node, uint32_t *pfns)
{
	unsigned int order = (unsigned int)__builtin_ctz(machine.pcp_batch);
	struct page *page = 1u << order == machine.pcp_batch ? take(node, order) : NULL;

	if (!page)
		return 0;
	for (unsigned int i = 0; i < machine.pcp_batch; i++) {
		page_set_type(page + i, PAGE_PCP);
		pfns[i] = (uint32_t)page_to_pfn(page) + i;
	}
	return machine.pcp_batch;
}

unsigned int buddy_alloc_batch(unsigned int nid, uint32_t *pfns, enum frame_use use)
{
	unsigned int got = 0, wanted = use == FRAME_TABLE ? min(TABLE_BATCH, machine.pcp_batch) : machine.pcp_batch;
	struct frame_node *node = &nodes[nid];
	struct page *page;

	spin_lock(&node->lock);
	if (use == FRAME_DATA && node->nr_batches) {
		got = machine.pcp_batch;
		memcpy(pfns, node->stock[--node->nr_batches], got * sizeof(*pfns));
	} else if (use == FRAME_DATA) {
		got = take_block(node, pfns);
	}
	while (got < wanted && (page = take(node, 0))) {
		page_set_type(page, PAGE_PCP);
		pfns[got++] = (uint32_t)page_to_pfn(page);
	}
	add_free(node, -(unsigned long)got);
	spin_unlock(&node->lock);
	return got;
}

void buddy_free_bulk(unsigned int nid, const uint32_t *pfns, unsigned int nr, bool stock)
{
	struct frame_node *node = &nodes[nid];

	spin_lock(&node->lock);
	add_free(node, nr);
	if (stock && nr == machine.pcp_batch && node->nr_batches < STOCK_BATCHES) {
		memcpy(node->stock[node->nr_batches++], pfns, nr * sizeof(*pfns));
		nr = 0;
	}
	for (unsigned int i = 0; i < nr; i++)
		give(node, pfns[i], 0);
	spin_unlock(&node->lock);
}

unsigned long buddy_free_frames(unsigned int nid)
{
	return load_relaxed(&nodes[nid].nr_free);
}

/* The order of the largest block that starts at @pfn, is naturally aligned and ends by @end. */
static unsigned int order_at(unsigned long pfn, unsigned long end)
{
	unsigned int order = 0;

	while (order < MAX_ORDER && IS_ALIGNED(pfn, 2ul << order) && pfn + (2ul << order) <= end)
		order++;
	return order;
}

void buddy_init_node(unsigned int nid, unsigned long pfn, unsigned long end_pfn)
{
	struct frame_node *node = &nodes[nid];

	topology_bind_memory(node, sizeof(*node), nid);
	spin_lock_init(&node->lock, SPIN_TTAS, RANK_FRAME_LIST);
	spin_lock(&node->lock);
	node->nr_batches = 0;
	node->first_pfn = pfn;
	node->end_pfn = end_pfn;
	memset(node->free, 0, sizeof(node->free));
	store_relaxed(&node->nr_free, end_pfn - pfn);
	while (pfn < end_pfn) {
		unsigned int order = order_at(pfn, end_pfn);

		give(node, pfn, order);
		pfn += 1ul << order;
	}
	spin_unlock(&node->lock);
}

static unsigned long check_stock(const struct frame_node *node)
{
	for (unsigned int b = 0; b < node->nr_batches; b++)
		for (unsigned int i = 0; i < machine.pcp_batch; i++)
			BUG_ON(page_type(pfn_to_page(node->stock[b][i])) != PAGE_PCP);
	return node->nr_batches * machine.pcp_batch;
}

static unsigned long check_list(const struct frame_node *node, unsigned int order)
{
	unsigned long nr = 0;

	for (const struct page *page = node->free[order]; page; page = page->next) {
		unsigned long pfn = page_to_pfn(page);

		BUG_ON(page_type(page) != PAGE_BUDDY || load_relaxed(&page->order) != order);
		BUG_ON(!IS_ALIGNED(pfn, 1ul << order) || pfn + (1ul << order) > node->end_pfn);
		BUG_ON(load_relaxed(&page->_refcount));
		BUG_ON(page->next && page->next->prev != page);
		BUG_ON(order < MAX_ORDER && is_free_block(node, pfn ^ (1ul << order), order));
		nr += 1ul << order;
	}
	return nr;
}

void buddy_check(unsigned int nid)
{
	struct frame_node *node = &nodes[nid];
	unsigned long nr;

	spin_lock(&node->lock);
	nr = check_stock(node);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		nr += check_list(node, order);
	BUG_ON(nr != node->nr_free);
	spin_unlock(&node->lock);
}
