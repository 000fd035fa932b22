/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap_scene.h - a few pages of one mm, each with a word of its own, for tests of what moves or swaps them. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_SWAP_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_SWAP_SCENE_H

#include "core/mm/swap.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/mlock.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/scene/fault_scene.h"

#define SLOTS	64

/*
 * As cmocka's setups, with world_down() as teardown: words in pages, and slots to swap them to; and two nodes to move
 * them between.
 */
static inline int swap_world_up(void **state)
{
	return world_up_with_words(state) || swap_on(SLOTS);
}

static inline int two_nodes_up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 8192, CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	return swap_on(SLOTS);
}

static inline unsigned long page_addr(unsigned long i)
{
	return AREA + i * PAGE_SIZE;
}

static inline pte_t pte_at(struct mm_struct *mm, unsigned long i)
{
	return tree_pte(mm, page_addr(i));
}

static inline void write_word(struct mm_struct *mm, unsigned long i, uint64_t word)
{
	BUG_ON(do_user_addr_fault(mm, page_addr(i), FAULT_FLAG_WRITE));
	BUG_ON(!pte_write(pte_at(mm, i)));
	*(uint64_t *)page_payload(pte_page(pte_at(mm, i))) = word;
}

static inline uint64_t read_word(struct mm_struct *mm, unsigned long i)
{
	BUG_ON(do_user_addr_fault(mm, page_addr(i), 0));
	return *(uint64_t *)page_payload(pte_page(pte_at(mm, i)));
}

static inline struct folio *folio_at(struct mm_struct *mm, unsigned long i)
{
	return page_folio(pte_page(pte_at(mm, i)));
}

/* Swaps page @i out as far as that goes. */
static inline void page_out(struct mm_struct *mm, unsigned long i)
{
	reclaim_at(mm, page_addr(i), PAGE_SIZE);
}

static inline bool swapped(struct mm_struct *mm, unsigned long i)
{
	return pte_is_swap(pte_at(mm, i));
}

/* Page 0 is locked in memory. */
static inline void lock_in_memory(struct mm_struct *mm)
{
	BUG_ON(sys_mlock(mm, AREA, PAGE_SIZE));
}

/* An mm whose first @pages pages hold their numbers from 100 on. */
static inline struct mm_struct *mm_with_words(const char *policy, unsigned long pages)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

	for (unsigned long i = 0; i < pages; i++)
		write_word(s.mm, i, 100 + i);
	return s.mm;
}

#endif
