/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retract_storm.c - one huge page of a file, whose tables are taken away while others are on their way into them. */
#include "tests/lib/storm/retract_storm.h"

#include <stdio.h>

#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/storm/storm_stop.h"

#define MMS	2u
#define PAGES	32ul		/* that faults and pins are for; those of the threads' guards come after them */

/* (C) while threads run, but for what is (A) */
struct retract_run {
	const struct retract_storm *storm;
	struct mm_struct *mm[MMS];		/* the first shares the file, the second may copy */
	struct file *file;
	unsigned int failed;			/* (A) */
	char *why;				/* of the thread that set failed */
	size_t why_size;
};

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static unsigned long addr_of(unsigned long page)
{
	return SHARED_AT + (page << PAGE_SHIFT);
}

/* A guard of this thread's own, looked at and taken out again. */
static void guard(struct retract_run *run, struct mm_struct *mm, unsigned int index)
{
	unsigned long addr = addr_of(PAGES + index);

	BUG_ON(sys_madvise(mm, addr, PAGE_SIZE, MADV_GUARD_INSTALL));
	SYNCPOINT("test.guarded");
	if (do_user_addr_fault(mm, addr, 0) != VM_FAULT_SIGSEGV && !xchg_acq_rel(&run->failed, 1u))
		snprintf(run->why, run->why_size, "the guard at %lx is gone", addr);
	BUG_ON(sys_madvise(mm, addr, PAGE_SIZE, MADV_GUARD_REMOVE));
}

/* Faults may map the huge page too for a while, then only small pages again. */
static void collapse(struct mm_struct *mm)
{
	sys_madvise(mm, SHARED_AT, PMD_SIZE, MADV_HUGEPAGE);
	sys_madvise(mm, SHARED_AT, PMD_SIZE, MADV_COLLAPSE);
	sys_madvise(mm, SHARED_AT, PMD_SIZE, MADV_NOHUGEPAGE);
}

static void pin(struct mm_struct *mm, unsigned long addr)
{
	struct page *pages[4];
	long got = pin_user_pages_fast(mm, addr, ARRAY_SIZE(pages), below(2) ? FOLL_WRITE : 0, pages);

	BUG_ON(got < 0);
	unpin_user_pages(pages, (unsigned long)got);
}

static void fork_and_exit(struct mm_struct *mm)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm, &child));
	do_user_addr_fault(child, addr_of(below(PAGES)), below(2) ? FAULT_FLAG_WRITE : 0);
	mm_exit(child);
}

static void act(struct retract_run *run, unsigned int index)
{
	struct mm_struct *mm = run->mm[below(MMS)];
	unsigned long dice = below(100), page = below(PAGES - 8);
	unsigned char vec[8];

	if (dice < 40)
		do_user_addr_fault(mm, addr_of(page), below(3) ? 0 : FAULT_FLAG_WRITE);
	else if (dice < 60)
		collapse(mm);
	else if (dice < 75)
		guard(run, mm, index);
	else if (dice < 85)
		sys_madvise(mm, addr_of(page), 8 * PAGE_SIZE, MADV_DONTNEED);
	else if (dice < 90)
		pin(mm, addr_of(page));
	else if (dice < 94)
		sys_mincore(mm, addr_of(page), 8 * PAGE_SIZE, vec);
	else if (dice < 97)
		filemap_writeback(run->file);
	else
		fork_and_exit(mm);
}

static void storm_thread(void *arg, unsigned int index)
{
	struct retract_run *run = arg;

	for (unsigned long i = 0; i < run->storm->rounds && !load_relaxed(&run->failed); i++) {
		act(run, index);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static void set_up(struct retract_run *run)
{
	run_seed = run->storm->seed;
	BUG_ON(faultline_start(
		&(struct machine_config){ .nr_nodes = 1, .frames_per_node = 16384, .payload = CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, run->storm->seed));
	run->file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER, run->storm->seed);
	BUG_ON(!run->file);
	for (unsigned int i = 0; i < MMS; i++) {
		run->mm[i] = mm_create(&run->storm->policy);
		BUG_ON(!run->mm[i]);
		map_file_at(run->mm[i], SHARED_AT, HPAGE_PMD_NR, RW, i ? MAP_PRIVATE : MAP_SHARED, run->file, 0);
	}
}

bool retract_storm_run(const struct retract_storm *storm, char *why, size_t why_size)
{
	struct retract_run run = { .storm = storm, .why = why, .why_size = why_size };

	set_up(&run);
	syncpoint_noise(storm->noise);
	threads_run(storm->threads, storm_thread, &run);
	syncpoint_noise(0);
	rcu_barrier();
	if (run.failed || !oracle_at_rest(run.mm, MMS, why, why_size))
		return false;		/* what is broken cannot be taken down */
	for (unsigned int i = 0; i < MMS; i++)
		mm_exit(run.mm[i]);
	file_put(run.file);
	return storm_stop(true, why, why_size);
}
