/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.c - allocation by policy, node and order; the contents of frames. */
#include "core/phys/frame.h"

#include <string.h>

#include "core/base/cpu.h"
#include "core/base/poison.h"
#include "core/phys/buddy.h"
#include "core/phys/deferred_split.h"
#include "core/phys/folio.h"
#include "core/phys/hugetlb_pool.h"
#include "core/phys/lru.h"
#include "core/phys/pcp.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(FRAME_WRONG_NODE, "frames from another node than requested");
DEFINE_RETRY_LOOP(PAGE_REF, 10000, "exchange: a page's reference");
DEFINE_OBJECT_KIND(folio, "folios");

DEFINE_KNOCKOUT(PAGE_REF_A,
	.name = "page-ref:A",
	.removes = "the release in dropping a reference",
	.breaks = "a reference to another owner's page",
	.detected_by = "knockout.page_ref, under ThreadSanitizer",
	.hunt = "serial pin_vs_munmap" HUNT_C11);

DEFINE_KNOCKOUT(PAGE_REF_B,
	.name = "page-ref:B",
	.removes = "the acquire in taking a reference that may be zero",
	.breaks = "a reference to another owner's page",
	.detected_by = "knockout.page_ref, under ThreadSanitizer",
	.hunt = "serial reuse_vs_fault" HUNT_C11);

DEFINE_KNOCKOUT(PAGE_REF_NOT_ZERO,
	.name = "page-ref:not-zero",
	.removes = "the refusal of references to free pages",
	.breaks = "a frame with two owners",
	.detected_by = "knockout.page_ref",
	.hunt = HUNT_PINS);

/* ---- contents ---- */

/*
 * An empty payload does not call the string functions: one with AVX-512 stores zero bytes under an all-false mask, and
 * on an untouched page that costs over 100 ns.
 */
void clear_payload(struct page *page)
{
	if (machine.payload)
		memset(page_payload(page), 0, machine.payload);
}

/*
 * A device that has @from pinned may be writing to it: words are copied one by one, as ThreadSanitizer needs to know.
 */
void copy_payload(struct page *to, const struct page *from)
{
	const uint64_t *source = page_payload(from);
	uint64_t *target = page_payload(to);

	if (!FAULTLINE_TSAN && machine.payload)
		memcpy(target, source, machine.payload);
	for (unsigned int i = 0; FAULTLINE_TSAN && i < machine.payload / sizeof(*source); i++)
		target[i] = load_relaxed(&source[i]);
}

static void poison_block(struct page *page, unsigned int order)
{
	if (page_type(page) == PAGE_TABLE) {
		poison(page_address(page), FRAME_SIZE << order);
		return;
	}
	for (struct page *p = page; p < page + (1ul << order); p++)
		poison(page_payload(p), machine.payload);
}

/* ---- folios of many pages ---- */

/* Initialises tail pages before their head has a reference: a reader that finds one gets to the head. */
static void make_tails(struct page *head, unsigned int order)
{
	for (unsigned int i = 1; i < 1u << order; i++) {
		struct page *page = head + i;

		BUG_ON(load_relaxed(&page->_refcount));
		store_relaxed(&page->_mapcount, -1);
		store_relaxed(&page->flags, 0);
		store_relaxed(&page->tail, i);
		page_set_type(page, page_type(head));
	}
	spin_lock_init(&head[1].large_lock, SPIN_TTAS, RANK_LARGE_MAPCOUNT);
	store_relaxed(&head[1].large_mapcount, -1);
	store_relaxed(&head[1].entire_mapcount, -1);
	for (unsigned int slot = 0; slot < 2; slot++) {
		head[1].mm_id[slot] = 0;
		head[1].mm_id_mapcount[slot] = -1;
	}
	store_relaxed(&head[1].nr_pages_mapped, 0);
	store_relaxed(&head[1].mapped_shared, false);
	if (order > 1) {
		store_relaxed(&head[2].queued, false);
		store_relaxed(&head[2].partially_mapped, false);
	}
}

DEFINE_KNOCKOUT(DEFERRED_FREE,
	.name = "deferred:free",
	.removes = "taking a folio off the queue of folios to split, when it is freed",
	.breaks = "a queue of frames with other owners",
	.detected_by = "the at-rest check of the queues: knockout.deferred_split",
	.hunt = "test knockout.deferred_split");

static void unmake_tails(struct page *head, unsigned int order)
{
	BUG_ON(load_relaxed(&head[1].large_mapcount) != -1 || load_relaxed(&head[1].entire_mapcount) != -1);
	BUG_ON(load_relaxed(&head[1].nr_pages_mapped));
	if (!KNOCKED_OUT(DEFERRED_FREE))
		folio_unqueue_deferred_split(page_folio(head));
	for (unsigned int i = 1; i < 1u << order; i++) {
		BUG_ON(load_relaxed(&head[i]._mapcount) != -1);
		store_relaxed(&head[i].tail, 0);
		page_set_type(head + i, PAGE_FREE);
	}
}

/* ---- ages, in check builds: of each frame by itself, since blocks are split and merged ---- */

static force_inline void frames_begin(struct page *page, unsigned int order)
{
	for (struct page *p = page; FAULTLINE_CHECK && p < page + (1ul << order); p++)
		object_reused(&kind_folio, &p->probe, p);
}

static force_inline void frames_end(struct page *page, unsigned int order)
{
	for (struct page *p = page; FAULTLINE_CHECK && p < page + (1ul << order); p++)
		object_unlinked(&kind_folio, &p->probe, p);
}

/* ---- allocation ---- */
static __noinline unsigned int node_wrapped(struct cpu *cpu, enum frame_use use)
{
	if (cpu->frame_node[use] != NODE_IN_TURN)
		return cpu->frame_node[use] % machine.nr_nodes;
	cpu->next_node[use] = (cpu->next_node[use] + 1) % machine.nr_nodes;
	return cpu->next_node[use];
}

static force_inline unsigned int policy_node(enum frame_use use)
{
	struct cpu *cpu = this_cpu;

	if (unlikely(!cpu))
		return 0;
	return likely(cpu->frame_node[use] < machine.nr_nodes) ? cpu->frame_node[use] : node_wrapped(cpu, use);
}

static force_inline enum frame_use use_of(unsigned int type)
{
	return type == PAGE_TABLE ? FRAME_TABLE : FRAME_DATA;
}

static force_inline struct page *take_from(unsigned int nid, unsigned int order, enum frame_use use)
{
	if (likely(this_cpu && order == 0))
		return pcp_alloc(nid, use);
	return buddy_alloc(nid, order);
}

static __noinline struct page *take_from_others(unsigned int nid, unsigned int order, enum frame_use use)
{
	for (unsigned int i = 1; i < machine.nr_nodes; i++) {
		struct page *page = take_from((nid + i) % machine.nr_nodes, order, use);

		if (!page)
			continue;
		count_events(EV_FRAME_WRONG_NODE, 1ul << order);
		return page;
	}
	return NULL;
}

static force_inline void prepare(struct page *page, unsigned int order, unsigned int flags)
{
	unsigned int type = flags & ALLOC_TYPE;

	BUG_ON(load_relaxed(&page->_refcount));
	frames_begin(page, order);
	page_set_type(page, type ? (enum page_type)type : PAGE_USED);
	store_relaxed(&page->order, (uint8_t)order);
	store_relaxed(&page->flags, 0);
	store_relaxed(&page->tail, 0);
	page->level = 0;
	store_relaxed(&page->_mapcount, -1);
	store_relaxed(&page->_pincount, 0);
	store_relaxed(&page->mapping, NULL);
	page->index = 0;
	store_relaxed(&page->private, 0);
	store_relaxed(&page->mlock_count, 0);
	if (flags & ALLOC_ZERO)
		for (struct page *p = page; p < page + (1ul << order); p++)
			clear_payload(p);
	if (unlikely((flags & ALLOC_COMPOUND) && order))
		make_tails(page, order);
	/* ORDER[page-ref:A] the next life begins after old entries were cleared; pairs with ORDER[page-ref:B]. */
	store_release(&page->_refcount, 1);
}

static force_inline struct page *alloc_from(unsigned int nid, unsigned int order, unsigned int flags)
{
	enum frame_use use = use_of(flags & ALLOC_TYPE);
	struct page *page;

	BUG_ON(order > MAX_FOLIO_ORDER);
	if (unlikely(inject_alloc_fails()))
		return NULL;
	page = take_from(nid, order, use);
	if (unlikely(!page)) {
		page = flags & ALLOC_THISNODE ? NULL : take_from_others(nid, order, use);
		if (!page)
			return NULL;
	}
	prepare(page, order, flags);
	return page;
}

struct page *alloc_pages_node(unsigned int nid, unsigned int order, unsigned int flags)
{
	BUG_ON(nid >= machine.nr_nodes);
	return alloc_from(nid, order, flags);
}

unsigned int alloc_policy_node(void)
{
	return policy_node(FRAME_DATA);
}

struct page *alloc_pages(unsigned int order, unsigned int flags)
{
	return alloc_from(policy_node(use_of(flags & ALLOC_TYPE)), order, flags);
}

struct page *alloc_page(unsigned int flags)
{
	return alloc_from(policy_node(use_of(flags & ALLOC_TYPE)), 0, flags);
}

void free_frozen_pages(struct page *page, unsigned int order)
{
	if (unlikely(page_type(page) < PAGE_USED))
		BUG_BY("twice", "pfn %lu freed twice", page_to_pfn(page));
	if (unlikely(load_relaxed(&page->order) != order))
		BUG("pfn %lu of order %d freed as order %u", page_to_pfn(page), load_relaxed(&page->order), order);
	BUG_ON(load_relaxed(&page->_refcount));
	ASSERT((page_type(page) != PAGE_ANON && page_type(page) != PAGE_FILE) || !load_relaxed(&page->mlock_count));
	if (unlikely(order && PageHuge(page))) {
		hugetlb_pool_give(page_folio(page), false);
		return;
	}
	if (unlikely(load_relaxed(&page->flags) & PG_LRU))
		__page_cache_release(container_of(page, struct folio, page));
	if (unlikely(order && load_relaxed(&page[1].tail)))
		unmake_tails(page, order);
	if (FAULTLINE_CHECK) {
		frames_end(page, order);
		page_life_ends(page);
		poison_block(page, order);
	}
	if (likely(this_cpu && order == 0)) {
		pcp_free(page, use_of(page_type(page)));
	} else {
		page_set_type(page, PAGE_FREE);
		buddy_free(page, order);
	}
}

void free_pages(struct page *page, unsigned int order)
{
	if (unlikely(page_type(page) < PAGE_USED))
		BUG_BY("twice", "pfn %lu freed twice", page_to_pfn(page));
	if (page_ref_sub_and_test(page, 1))
		free_frozen_pages(page, order);
}

void free_page(struct page *page)
{
	free_pages(page, 0);
}

void frame_drain_cpu(void)
{
	if (this_cpu && machine.frames)
		pcp_drain(this_cpu->id);
}
