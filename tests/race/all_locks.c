/* SPDX-License-Identifier: GPL-2.0-or-later */
/* all_locks.c - all locks of an mm are taken beside forks, rmap walks, and mappings that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "core/mm/all_locks.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap_walk.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/storm/storm_rmap.h"
#include "tests/lib/storm/storm_stop.h"

#define THREADS	6u
#define PAGES	8ul
#define AREA	(2 * PGDIR_SIZE)

/* (C) while threads run: the two map both files, in opposite orders, and the second was forked from the first. */
static struct mm_struct *mm[2];
static struct file *files[2];
static uint32_t held[2];		/* (A) all locks of the mm are held */
static uint64_t walked;			/* (A) VMAs of them that a walk visited */

static const struct wanted wanted[] = { MET(EV_ALL_LOCKS, 1000), COUNTED(walked, 1000) };

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static void none_holds_all(const struct vm_area_struct *vma)
{
	for (unsigned int i = 0; i < 2; i++)
		if (vma->vm_mm == mm[i] && load_acquire(&held[i]))
			BUG("a walk is inside an mm whose locks are all held");
}

static bool visit(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);

	(void)arg;
	none_holds_all(vma);
	while (page_vma_mapped_walk(&pvmw))
		BUG_ON(page_folio(pte_page(ptep_get(pvmw.pte))) != folio);
	none_holds_all(vma);
	fetch_add_relaxed(&walked, 1u);
	return true;
}

static void walk(struct storm_frames *frames)
{
	struct rmap_walk_control rwc = { .rmap_one = visit, .try_lock = below(4) == 0 };
	struct folio *folio;

	if (below(2)) {
		folio = filemap_get_folio(&files[below(2)]->mapping, below(PAGES));
	} else {
		storm_meet(frames, mm[below(2)], AREA + below(PAGES) * PAGE_SIZE);
		folio = folio_get_anon_by_pfn(frames->pfn[below(STORM_FRAMES)]);
	}
	if (!folio)
		return;
	folio_lock(folio);
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	folio_put(folio);
}

static void take(unsigned int i)
{
	mmap_write_lock(mm[i]);
	mm_take_all_locks(mm[i]);
	store_release(&held[i], 1u);
	SYNCPOINT("test.all_held");
	store_release(&held[i], 0u);
	mm_drop_all_locks(mm[i]);
	mmap_write_unlock(mm[i]);
}

static void fork_and_subscribe(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm[below(2)], &child));
	BUG_ON(mmu_notifier_register(child));
	do_user_addr_fault(child, AREA + below(PAGES) * PAGE_SIZE, FAULT_FLAG_WRITE);
	mm_exit(child);
}

/* Splits, merges and unmaps: locks come to belong to more VMAs, and to fewer. */
static void change_mappings(unsigned int i)
{
	unsigned long addr = AREA + below(PAGES) * PAGE_SIZE;

	switch (below(4)) {
	case 0:
		BUG_ON(sys_mprotect(mm[i], addr, PAGE_SIZE, below(2) ? RW : PROT_READ) == -EINVAL);
		break;
	case 1:
		BUG_ON(sys_mmap(mm[i], addr, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)addr);
		break;
	case 2:
		map_file_at(mm[i], below(2) ? SHARED_AT : PRIVATE_AT, PAGES, RW, below(2) ? MAP_SHARED : MAP_PRIVATE,
			    files[below(2)], 0);
		break;
	default:
		do_user_addr_fault(mm[i], below(2) ? addr : PRIVATE_AT, FAULT_FLAG_WRITE);
	}
}

static void storm_thread(void *arg, unsigned int index)
{
	struct storm_frames frames = { .next = 0 };

	(void)arg;
	for (unsigned int i = 0; i < test_rounds(3000); i++) {
		if (index < 2)
			take((unsigned int)below(2));
		else if (index == 2)
			fork_and_subscribe();
		else if (index < 5)
			walk(&frames);
		else
			change_mappings((unsigned int)below(2));
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static void set_up(uint64_t seed)
{
	struct mm_policy policy = world_policy("linux-6.15");

	run_seed = seed;
	BUG_ON(faultline_start(&(struct machine_config){ 1, 16384, 0 }));
	BUG_ON(cpu_register(0, MEM_LOCAL, seed));
	mm[0] = mm_create(&policy);
	BUG_ON(!mm[0] || sys_mmap(mm[0], AREA, PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	for (unsigned long i = 0; i < PAGES; i++)
		BUG_ON(do_user_addr_fault(mm[0], AREA + i * PAGE_SIZE, FAULT_FLAG_WRITE));
	BUG_ON(sys_fork(mm[0], &mm[1]));
	for (unsigned int i = 0; i < 2; i++)
		files[i] = scene_file();
	for (unsigned int i = 0; i < 2; i++) {
		map_file_at(mm[i], SHARED_AT, PAGES, RW, MAP_SHARED, files[i], 0);
		map_file_at(mm[i], PRIVATE_AT, PAGES, RW, MAP_PRIVATE, files[!i], 0);
		for (unsigned long page = 0; page < PAGES; page++)
			BUG_ON(do_user_addr_fault(mm[i], SHARED_AT + page * PAGE_SIZE, 0));
	}
}

/* Row: A9. */
static void all_locks_exclude_every_walk(void **state)
{
	struct storms storms = STORMS(wanted, 4);
	char why[200] = "";
	bool good;

	(void)state;
	while (another_storm(&storms)) {
		set_up(storms.seed);
		syncpoint_noise(storms.index % 2 ? 50 : 0);
		threads_run(THREADS, storm_thread, NULL);
		syncpoint_noise(0);
		rcu_barrier();
		good = oracle_at_rest(mm, 2, why, sizeof(why));
		for (unsigned int i = 0; good && i < 2; i++)
			mm_exit(mm[i]);
		for (unsigned int i = 0; good && i < 2; i++)
			file_put(files[i]);
		if (!storm_stop(good, why, sizeof(why)))
			fail_msg("seed %lu: %s", (unsigned long)storms.seed, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_locks_exclude_every_walk) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
