/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_scene.h - one mm with one area, faults in it, and what they left. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_FAULT_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_FAULT_SCENE_H

#include "core/op/fault.h"
#include "core/op/mmap.h"
#include "core/phys/page_flags.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)
#define LEN	(2 * PMD_SIZE)

/* One mm with one area, and what it counted before. */
struct scene {
	struct mm_struct *mm;
	uint64_t vma_lock, mmap_lock, spurious;
};

static inline struct scene scene_of(const char *policy, int prot)
{
	struct scene s = { .mm = world_mm(policy) };

	BUG_ON(sys_mmap(s.mm, AREA, LEN, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)AREA);
	s.vma_lock = events_total(EV_FAULT_VMA_LOCK);
	s.mmap_lock = events_total(EV_FAULT_MMAP_LOCK);
	s.spurious = events_total(EV_FAULT_SPURIOUS);
	return s;
}

static inline struct mm_struct *mm_with_area(const char *policy)
{
	return scene_of(policy, PROT_READ | PROT_WRITE).mm;
}

/* The same with a page at AREA. */
static inline struct mm_struct *mm_with_page(const char *policy)
{
	struct mm_struct *mm = mm_with_area(policy);

	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	return mm;
}

static inline uint64_t spurious(const struct scene *s)
{
	return events_total(EV_FAULT_SPURIOUS) - s->spurious;
}

static inline vm_fault_t do_read(const struct scene *s, unsigned long addr)
{
	return do_user_addr_fault(s->mm, addr, 0);
}

static inline vm_fault_t do_write(const struct scene *s, unsigned long addr)
{
	return do_user_addr_fault(s->mm, addr, FAULT_FLAG_WRITE);
}

static inline struct page *page_at(const struct scene *s, unsigned long addr)
{
	return pte_page(tree_pte(s->mm, addr));
}

static inline bool payload_is(const struct page *page, int byte)
{
	const unsigned char *bytes = page_payload(page);

	for (unsigned int i = 0; i < machine.payload; i++)
		if (bytes[i] != byte)
			return false;
	return true;
}

static inline void put_bits(const struct scene *s, unsigned long addr, uint64_t bits)
{
	uint64_t *entry = tree_entry(s->mm->pt.pgd, LEVEL_PTE, addr);

	store_release(entry, (*entry & ENTRY_PFN_MASK) | bits);
}

/* As a fork leaves a page, whose child is gone again: read-only, and not exclusive. */
static inline void share(const struct scene *s, unsigned long addr)
{
	put_bits(s, addr, ENTRY_PRESENT | ENTRY_ACCESSED | ENTRY_DIRTY);
	ClearPageAnonExclusive(page_at(s, addr));
}

#endif
