/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm.c - threads that do everything to a few address spaces at once. */
#include "tests/lib/storm.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/threads.h"

#define WINDOW	0x40000000UL	/* where each mm's window begins: the same in every geometry */

/* (C) while threads run */
struct storm_run {
	const struct storm *storm;
	struct mm_struct *mm[STORM_MAX_MMS];
	unsigned int weight_sum;
};

/* One thread's choice of a mm and a range of pages in one table, or of whole tables. */
struct target {
	struct mm_struct *mm;
	unsigned int mm_index;
	unsigned long start, len;
};

struct storm storm_default(const struct mm_policy *policy)
{
	return (struct storm){
		.policy = *policy, .threads = 4, .mms = 2, .tables = 3, .pages = 8, .rounds = 3000, .noise = 20, .seed = 1,
		.weight = { [STORM_READ] = 20, [STORM_WRITE] = 30, [STORM_TOUCH] = 20, [STORM_MMAP] = 10,
			    [STORM_MUNMAP] = 5, [STORM_MPROTECT] = 5, [STORM_DONTNEED] = 15, [STORM_POPULATE] = 2,
			    [STORM_GUARD] = 2, [STORM_UNGUARD] = 2, [STORM_WALK] = 4, [STORM_WALK_NOVMA] = 1,
			    [STORM_MINCORE] = 2 },
	};
}

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static struct target pick(const struct storm_run *run)
{
	const struct storm *storm = run->storm;
	unsigned long table = below(storm->tables), page = below(storm->pages);
	struct target t = { .mm_index = (unsigned int)below(storm->mms), .start = WINDOW + table * PMD_SIZE };

	t.mm = run->mm[t.mm_index];
	if (below(4) == 0) {
		t.len = (1 + below(storm->tables - table)) * PMD_SIZE;
	} else {
		t.start += page * PAGE_SIZE;
		t.len = (1 + below(storm->pages - page)) * PAGE_SIZE;
	}
	return t;
}

/* Locking: mmap_lock or the VMA lock over @addr. What a page holds is read and written under its PTL. */
static void touch(const struct target *t)
{
	uint64_t tag = t->start | (t->mm_index + 1);
	unsigned long addr = t->start;
	struct mm_pgtable *pt = &t->mm->pt;
	spinlock_t *ptl;
	uint64_t *word;
	pmd_t *pmdp = pmd_find_next(pt, &addr, t->start + PAGE_SIZE);
	pte_t *ptep = pmdp ? pte_offset_map_lock(pt, pmdp, addr, &ptl) : NULL, pte;

	if (!ptep)
		return;
	pte = ptep_get(ptep);
	BUG_ON(pte_bad(pte));
	if (pte_present(pte)) {
		word = page_payload(pte_page(pte));
		BUG_ON(*word && (*word != tag || pte_special(pte)));
		if (pte_write(pte))
			*word = tag;
	}
	pte_unmap_unlock(pt, ptl);
}

static void storm_touch(const struct target *t)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(t->mm, t->start);

	if (vma) {
		touch(t);
		vma_end_read(t->mm, vma);
		return;
	}
	mmap_read_lock(t->mm);
	if (vma_lookup(t->mm, t->start))
		touch(t);
	mmap_read_unlock(t->mm);
}

static int look(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	BUG_ON(pte_bad(ptep_get(ptep)));
	return 0;
}

static void storm_walk(const struct storm_run *run, struct mm_struct *mm, bool novma)
{
	static const struct mm_walk_ops ops = { .pte_entry = look, .walk_lock = PGWALK_RDLOCK };
	unsigned long end = WINDOW + run->storm->tables * PMD_SIZE;

	if (novma) {
		mmap_write_lock(mm);
		walk_page_range_novma(mm, WINDOW, end, &ops, NULL, NULL);
		mmap_write_unlock(mm);
	} else {
		mmap_read_lock(mm);
		walk_page_range(mm, WINDOW, end, &ops, NULL);
		mmap_read_unlock(mm);
	}
}

static int random_prot(void)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };

	return prots[below(ARRAY_SIZE(prots))];
}

static void storm_range_op(enum storm_op op, const struct target *t)
{
	unsigned char vec[64];

	switch (op) {
	case STORM_MMAP:
		sys_mmap(t->mm, t->start, t->len, random_prot(), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
		break;
	case STORM_MUNMAP:
		sys_munmap(t->mm, t->start, t->len);
		break;
	case STORM_MPROTECT:
		sys_mprotect(t->mm, t->start, t->len, random_prot());
		break;
	case STORM_DONTNEED:
		sys_madvise(t->mm, t->start, t->len, MADV_DONTNEED);
		break;
	case STORM_POPULATE:
		sys_madvise(t->mm, t->start, min(t->len, 8 * PAGE_SIZE), MADV_POPULATE_WRITE);
		break;
	case STORM_GUARD:
		sys_madvise(t->mm, t->start, min(t->len, 8 * PAGE_SIZE), MADV_GUARD_INSTALL);
		break;
	case STORM_UNGUARD:
		sys_madvise(t->mm, t->start, t->len, MADV_GUARD_REMOVE);
		break;
	default:
		sys_mincore(t->mm, t->start, min(t->len, sizeof(vec) * PAGE_SIZE), vec);
		break;
	}
}

static enum storm_op pick_op(const struct storm_run *run)
{
	unsigned long dice = below(run->weight_sum);
	unsigned int op = 0;

	while (dice >= run->storm->weight[op])
		dice -= run->storm->weight[op++];
	return (enum storm_op)op;
}

static void storm_thread(void *arg, unsigned int index)
{
	const struct storm_run *run = arg;

	(void)index;
	for (unsigned long i = 0; i < run->storm->rounds; i++) {
		enum storm_op op = pick_op(run);
		struct target t = pick(run);

		if (op == STORM_READ || op == STORM_WRITE)
			do_user_addr_fault(t.mm, t.start, op == STORM_WRITE ? FAULT_FLAG_WRITE : 0);
		else if (op == STORM_TOUCH)
			storm_touch(&t);
		else if (op == STORM_WALK || op == STORM_WALK_NOVMA)
			storm_walk(run, t.mm, op == STORM_WALK_NOVMA);
		else
			storm_range_op(op, &t);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static bool storm_check(const struct storm_run *run, char *why, size_t why_size)
{
	bool good;

	rcu_barrier();
	good = oracle_at_rest(run->mm, run->storm->mms, why, why_size);
	for (unsigned int i = 0; good && i < run->storm->mms; i++)
		mm_exit(run->mm[i]);
	return good;
}

bool storm_run(const struct storm *storm, char *why, size_t why_size)
{
	struct storm_run run = { .storm = storm };
	struct leaks leaks;
	bool good;

	for (unsigned int i = 0; i < NR_STORM_OPS; i++)
		run.weight_sum += storm->weight[i];
	run_seed = storm->seed;
	BUG_ON(faultline_start(&(struct machine_config){ .nr_nodes = 1, .frames_per_node = 65536, .payload = CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, storm->seed));
	for (unsigned int i = 0; i < storm->mms; i++) {
		run.mm[i] = mm_create(&storm->policy);
		BUG_ON(!run.mm[i]);
	}
	syncpoint_noise(storm->noise);
	threads_run(storm->threads, storm_thread, &run);
	syncpoint_noise(0);
	good = storm_check(&run, why, why_size);
	frame_drain_cpu();
	cpu_unregister();
	leaks = faultline_stop();
	if (good && (leaks.frames || leaks.vmas || leaks.anon_vmas || leaks.bytes)) {
		snprintf(why, why_size, "leaked %lu frames, %lu VMAs, %lu anon_vmas and chains, %zu bytes", leaks.frames,
			 leaks.vmas, leaks.anon_vmas, leaks.bytes);
		good = false;
	}
	return good;
}
