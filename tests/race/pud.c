/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pud.c - a device's memory, mapped by leaves of PUD tables in two mms: faults that set a leaf against all that unmaps
 * it, against GUP-fast, snapshots and walks. At each address only one page of the device may ever be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/pagewalk.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/op/truncate.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/scene/pud_scene.h"
#include "tests/lib/storm/storm_mirror.h"

#define MMS	2u
#define THREADS	4u
#define PAGES	64ul		/* that are used: half of them before the end of a PMD table's entry */
#define FIRST	(PLACE + 9 * PMD_SIZE - PAGES / 2 * PAGE_SIZE)

static const char *const policies[] = {
	"linux-6.15", "linux-2.6.14", "linux-6.4", "linux-6.15,tables=shootdown", "linux-2.6.15",
};

/* Lock key: (C) const while threads run */
static struct {
	struct pud_device d;		/* (C) with the first mm */
	struct mm_struct *mm[MMS];	/* (C) */
	struct hmm_mirror mirror[MMS];	/* has its own lock key */
} place;

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static struct page *page_of(unsigned long addr)
{
	return place.d.pages + ((addr - PLACE) >> PAGE_SHIFT);
}

/* ---- what finds pages ---- */

static void get(struct mm_struct *mm, unsigned long addr)
{
	struct page *pages[4];
	unsigned int flags = below(2) ? FOLL_WRITE : 0;
	bool pin = below(2);
	long nr = pin ? pin_user_pages_fast(mm, addr, 4, flags | (below(2) ? FOLL_LONGTERM : 0), pages)
		      : get_user_pages_fast(mm, addr, 4, flags, pages);

	for (long i = 0; i < nr; i++) {
		BUG_ON(pages[i] != page_of(addr + (unsigned long)i * PAGE_SIZE));
		pin ? unpin_user_page(pages[i]) : put_page(pages[i]);
	}
}

static void find(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct folio_walk fw;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && folio_walk_start(&fw, vma, addr, 0)) {
		BUG_ON(fw.page != page_of(addr) || !folio_mapped(place.d.folio));
		folio_walk_end(&fw, vma);
	}
	mmap_read_unlock(mm);
}

static int see_pud(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pud_t pud = pudp_get(pudp);

	(void)next, (void)walk;
	BUG_ON(pud_trans_huge(pud) && addr >= PLACE && pud_page(pud) != place.d.pages);
	return 0;
}

static int see_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)next, (void)walk;
	BUG_ON(pte_present(ptep_get(ptep)) && pte_page(ptep_get(ptep)) != page_of(addr));
	return 0;
}

/* Small entries are walked below no leaf: it is unmapped. */
static void walk(struct mm_struct *mm, unsigned long addr)
{
	static const struct mm_walk_ops above = { .pud_entry = see_pud };
	static const struct mm_walk_ops all = { .pud_entry = see_pud, .pte_entry = see_pte };

	mmap_read_lock(mm);
	BUG_ON(walk_page_range(mm, addr, FIRST + PAGES * PAGE_SIZE, below(8) ? &above : &all, NULL));
	mmap_read_unlock(mm);
}

static void mirror(struct hmm_mirror *mirror, unsigned long addr)
{
	hmm_mirror_fill(mirror, addr, addr + 4 * PAGE_SIZE);
	storm_mirror_compare(mirror, FIRST, FIRST + PAGES * PAGE_SIZE);
}

/* ---- what unmaps them ---- */

static void unmap_by_file(unsigned long addr)
{
	unsigned long first = page_to_pfn(page_of(addr));

	if (below(2))
		unmap_mapping_range(&place.d.file->mapping, first, 1, true);
	else
		unmap_mapping_range(&place.d.file->mapping, place.d.frames.first, HPAGE_PUD_NR, true);
}

/* A hole, which is filled again: then the mapping is whole, or of two parts. */
static void unmap_and_map(struct mm_struct *mm, unsigned long addr)
{
	sys_munmap(mm, addr, PAGE_SIZE);
	pud_map(&place.d, mm, 0, PUD_SIZE, RW);
}

static void protect(struct mm_struct *mm, unsigned long addr)
{
	bool all = below(2);

	sys_mprotect(mm, all ? PLACE : addr, all ? PUD_SIZE : PAGE_SIZE, below(3) ? RW : PROT_READ);
}

static void fork_and_exit(struct mm_struct *mm, unsigned long addr)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm, &child));
	do_user_addr_fault(child, addr, 0);
	get(child, addr);
	mm_exit(child);
}

static void one_operation(void)
{
	unsigned int which = (unsigned int)below(MMS);
	struct mm_struct *mm = place.mm[which];
	unsigned long page = below(PAGES - 4), addr = FIRST + page * PAGE_SIZE, dice = below(100);

	if (dice < 40)
		do_user_addr_fault(mm, addr, below(2) ? FAULT_FLAG_WRITE : 0);
	else if (dice < 62)
		get(mm, addr);
	else if (dice < 70)
		mirror(&place.mirror[which], addr);
	else if (dice < 76)
		find(mm, addr);
	else if (dice < 82)
		walk(mm, addr);
	else if (dice < 90)
		unmap_by_file(addr);
	else if (dice < 94)
		unmap_and_map(mm, addr);
	else if (dice < 98)
		protect(mm, addr);
	else
		fork_and_exit(mm, addr);
}

static void operate(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	for (unsigned int i = 0; i < 1500; i++) {
		one_operation();
		rcu_quiescent();
	}
	frame_drain_cpu();
}

/* ---- a run ---- */

static void set_up(const char *policy)
{
	world_start(PUD_FRAMES, 0);
	pud_device_open_as(&place.d, &dax_device, RW, policy);
	place.mm[0] = place.d.mm;
	place.mm[1] = world_mm(policy);
	BUG_ON(pud_map(&place.d, place.mm[1], 0, PUD_SIZE, RW) < 0);
	for (unsigned int i = 0; i < MMS; i++)
		BUG_ON(hmm_mirror_create(&place.mirror[i], place.mm[i], FIRST, FIRST + PAGES * PAGE_SIZE));
}

/* One mirror before its mm, one after it. */
static void tear_down(void)
{
	hmm_mirror_destroy(&place.mirror[0]);
	for (unsigned int i = 0; i < MMS; i++)
		mm_exit(place.mm[i]);
	hmm_mirror_destroy(&place.mirror[1]);
	pud_device_close(&place.d);
}

/* Rows: A3, L6, L7, H3, H4, W12, M4. */
static void leaves_of_devices_hold(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_PUD_INSERT, 100), MET(EV_PUD_FAULT_RACED, 1), MET(EV_THP_SPLIT_PUD, 100), MET(EV_GUP_LEAF, 100),
		MET(EV_GUP_CHANGED, 1),	 MET(EV_HMM_COMPARED, 100),  MET(EV_HMM_STALE, 1),	 MET(EV_FORK, 10),
		MET(EV_VMA_SPLIT, 10),	 MET(EV_FAULT_RETRY, 1),   MET(EV_PUD_PROTECT, 5),
	};
	struct storms storms = STORMS(wanted, test_rounds(ARRAY_SIZE(policies)));

	(void)state;
	needs_thp();
	while (another_storm(&storms)) {
		run_seed = storms.seed;
		set_up(policies[storms.index % ARRAY_SIZE(policies)]);
		syncpoint_noise(50);
		threads_run(THREADS, operate, NULL);
		syncpoint_noise(0);
		rcu_barrier();
		assert_at_rest(place.mm[0], place.mm[1]);
		tear_down();
		assert_true(world_stop());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_of_devices_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
