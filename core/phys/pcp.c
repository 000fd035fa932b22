/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcp.c - per-cpu lists of single free frames. */
#include "core/phys/pcp.h"

#include <errno.h>
#include <sys/mman.h>

#include "core/base/cpu.h"
#include "core/phys/buddy.h"

DEFINE_EVENT(FRAME_REFILL, "per-thread frame lists refilled or drained");

_Static_assert(3 * MAX_BATCH < PCP_CAPACITY, "a list holds three batches and the frame that makes it give one back");

/*
 * A ring: frames are freed to and taken from its top, drained from its bottom. Lock key: (T) the thread in this slot
 * only (A) atomic: written by (T), read by any
 */
struct pcp_list {
	uint32_t count;			/* (A) frames in the ring */
	uint32_t bottom;		/* (T) index of the coldest */
	uint32_t pfns[PCP_CAPACITY];	/* (T) last freed last */
};

/*
 * [NR_CPUS][nr_nodes][NR_FRAME_USES], each cpu's lists on pages of their own: the cpu's thread touches them first,
 * which places them.
 */
static char *lists;			/* (C) between pcp_init() and pcp_exit() */
static size_t cpu_stride;		/* (C) the same */

static force_inline struct pcp_list *pcp_list(unsigned int cpu, unsigned int nid, enum frame_use use)
{
	return (struct pcp_list *)(void *)(lists + cpu * cpu_stride) + nid * NR_FRAME_USES + use;
}

int pcp_init(void)
{
	cpu_stride = ALIGN_UP(machine.nr_nodes * NR_FRAME_USES * sizeof(struct pcp_list), 4096);
	lists = mmap(NULL, NR_CPUS * cpu_stride, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (lists == MAP_FAILED)
		return -ENOMEM;
	madvise(lists, NR_CPUS * cpu_stride, MADV_NOHUGEPAGE);
	return 0;
}

void pcp_exit(void)
{
	munmap(lists, NR_CPUS * cpu_stride);
	lists = NULL;
}

/*
 * A batch leaves the list in the order in which the node returned it: ascending where a block was split, or where
 * frames were freed so. Hardware prefetches upwards from frame to frame: walks over many tables are three times as
 * fast for it.
 */
static __noinline uint32_t refill(struct pcp_list *list, unsigned int nid, enum frame_use use)
{
	uint32_t *first = list->pfns, *last, nr = buddy_alloc_batch(nid, list->pfns, use);

	count_event(EV_FRAME_REFILL);
	list->bottom = 0;
	for (last = first + nr; first + 1 < last; first++) {
		uint32_t pfn = *--last;

		*last = *first;
		*first = pfn;
	}
	return nr;
}

static force_inline uint32_t *pcp_slot(struct pcp_list *list, uint32_t index)
{
	return &list->pfns[(list->bottom + index) % PCP_CAPACITY];
}

static force_inline struct page *pop(struct pcp_list *list, uint32_t count)
{
	store_relaxed(&list->count, count - 1);
	return pfn_to_page(*pcp_slot(list, count - 1));
}

/* The node has none left: takes a frame from this cpu's list for the other use. */
static __noinline struct page *take_other_use(unsigned int nid, enum frame_use use)
{
	struct pcp_list *list = pcp_list(this_cpu->id, nid, use == FRAME_DATA ? FRAME_TABLE : FRAME_DATA);
	uint32_t count = load_relaxed(&list->count);

	return count ? pop(list, count) : NULL;
}

struct page *pcp_alloc(unsigned int nid, enum frame_use use)
{
	struct pcp_list *list = pcp_list(this_cpu->id, nid, use);
	uint32_t count = load_relaxed(&list->count);

	if (unlikely(!count)) {
		count = refill(list, nid, use);
		if (!count)
			return take_other_use(nid, use);
	}
	return pop(list, count);
}

/* Drains the coldest @nr, at most a batch. Returns how many are left. */
static __noinline uint32_t drain_batch(struct pcp_list *list, unsigned int nid, uint32_t count, bool stock)
{
	uint32_t batch[MAX_BATCH], nr = min(count, machine.pcp_batch);

	for (uint32_t i = 0; i < nr; i++)
		batch[i] = *pcp_slot(list, i);
	buddy_free_bulk(nid, batch, nr, stock);
	list->bottom = (list->bottom + nr) % PCP_CAPACITY;
	return count - nr;
}

void pcp_free(struct page *page, enum frame_use use)
{
	unsigned int nid = page_to_nid(page), high = use == FRAME_TABLE ? 3 * TABLE_BATCH : machine.pcp_high;
	struct pcp_list *list = pcp_list(this_cpu->id, nid, use);
	uint32_t count = load_relaxed(&list->count);

	if (unlikely(count >= high)) {
		count = drain_batch(list, nid, count, use == FRAME_DATA);
		count_event(EV_FRAME_REFILL);
	}
	page_set_type(page, PAGE_PCP);
	*pcp_slot(list, count) = (uint32_t)page_to_pfn(page);
	store_relaxed(&list->count, count + 1);
}

void pcp_drain(unsigned int cpu)
{
	for (unsigned int i = 0; i < machine.nr_nodes * NR_FRAME_USES; i++) {
		struct pcp_list *list = pcp_list(cpu, i / NR_FRAME_USES, i % NR_FRAME_USES);

		for (uint32_t count = load_relaxed(&list->count); count; store_relaxed(&list->count, count))
			count = drain_batch(list, i / NR_FRAME_USES, count, false);
	}
}

unsigned long pcp_free_frames(void)
{
	unsigned long sum = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		for (unsigned int i = 0; i < machine.nr_nodes * NR_FRAME_USES; i++)
			sum += load_relaxed(&pcp_list(cpu, i / NR_FRAME_USES, i % NR_FRAME_USES)->count);
	return sum;
}
