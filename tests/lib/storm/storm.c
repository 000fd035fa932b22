/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm.c - threads that do everything to a few address spaces at once. */
#include "tests/lib/storm/storm.h"

#include <stdio.h>
#include <string.h>

#include "core/op/msync.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/storm/storm_file.h"
#include "tests/lib/storm/storm_mirror.h"
#include "tests/lib/storm/storm_pins.h"
#include "tests/lib/storm/storm_rmap.h"
#include "tests/lib/storm/storm_stop.h"

#define WINDOW	0x40000000UL	/* where each mm's window begins: the same in every geometry */

/* (C) while threads run */
struct storm_run {
	const struct storm *storm;
	struct storm_mms mms;		/* its own */
	struct file *file;		/* NULL: none is mapped */
	unsigned int weight_sum;
};

/* One thread's choice of a mm and a range of pages in one table, or of whole tables. */
struct target {
	struct storm_mm *place;
	struct mm_struct *mm;
	unsigned long start, len;
};

struct storm storm_default(const struct mm_policy *policy)
{
	return (struct storm){
		.policy = *policy, .threads = 4, .mms = 3, .tables = 3, .pages = 8, .rounds = 3000, .noise = 20,
		.seed = 1,
		.slots = 64,
		.weight = { [STORM_READ] = 20, [STORM_WRITE] = 30, [STORM_TOUCH] = 20, [STORM_MMAP] = 10,
			    [STORM_MUNMAP] = 5, [STORM_MPROTECT] = 5, [STORM_DONTNEED] = 15, [STORM_POPULATE] = 2,
			    [STORM_GUARD] = 2, [STORM_UNGUARD] = 2, [STORM_WALK] = 4, [STORM_WALK_NOVMA] = 1,
			    [STORM_MINCORE] = 2, [STORM_MREMAP] = 2, [STORM_FORK] = 2, [STORM_RMAP] = 8,
			    [STORM_PIN] = 6 },
	};
}

static unsigned long window_end(const struct storm *storm)
{
	return WINDOW + storm->tables * PMD_SIZE;
}

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

/* Some pages of one table, or whole tables. */
static void pick_range(const struct storm *storm, struct target *t)
{
	unsigned long table = below(storm->tables), page = below(storm->pages);

	t->start = WINDOW + table * PMD_SIZE;
	if (below(4) == 0) {
		t->len = (1 + below(storm->tables - table)) * PMD_SIZE;
	} else {
		t->start += page * PAGE_SIZE;
		t->len = (1 + below(storm->pages - page)) * PAGE_SIZE;
	}
}

/*
 * What a page holds is read and written under its PTL. Locking: mmap_lock or the VMA lock of @vma, which holds
 * t->start.
 */
static void touch(const struct target *t, const struct vm_area_struct *vma)
{
	unsigned long index = linear_page_index(vma, t->start);
	struct mapped_entry entry;
	uint64_t *word, found;
	pte_t pte;

	if (!mapped_entry_lock(&entry, &t->mm->pt, t->start))
		return;
	pte = entry.pte;
	BUG_ON(pte_bad(pte));
	if (pte_present(pte)) {
		word = page_payload(pte_page(pte));
		found = load_relaxed(word);	/* holders of a pin write without the PTL */
		BUG_ON(pte_special(pte) && found);
		BUG_ON(pte_write(pte) && !PageAnonExclusive(entry.owner) && page_type(pte_page(pte)) != PAGE_FILE);
		if (vma->vm_file)
			storm_file_check(index, found);
		else
			storm_word_check(t->place, index, found);
		if (pte_write(pte))
			store_relaxed(word, storm_word(t->place, index));
	}
	mapped_entry_unlock(&entry);
}

static void storm_touch(const struct target *t)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(t->mm, t->start);

	if (vma) {
		touch(t, vma);
		vma_end_read(t->mm, vma);
		return;
	}
	mmap_read_lock(t->mm);
	vma = vma_lookup(t->mm, t->start);
	if (vma)
		touch(t, vma);
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
	unsigned long end = window_end(run->storm);

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

/* To another place of the window, with or without leaving the old range mapped, or longer or shorter where it is. */
static void storm_mremap(const struct storm *storm, const struct target *t)
{
	unsigned long how = below(4);
	struct target to;

	pick_range(storm, &to);
	if (how == 0)
		sys_mremap(t->mm, t->start, t->len, to.len, 0, 0);
	else if (how == 1 && below(4) == 0)	/* of a shared mapping, a second one */
		sys_mremap(t->mm, t->start, 0, t->len, MREMAP_MAYMOVE | MREMAP_FIXED, to.start);
	else
		sys_mremap(t->mm, t->start, t->len, t->len,
			   MREMAP_MAYMOVE | MREMAP_FIXED | (how == 1 ? MREMAP_DONTUNMAP : 0), to.start);
}

/* What is freed, or wiped, reads as zeroes: as a page that was never written to. */
static void storm_advise(const struct target *t)
{
	static const int advice[] = { MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_FREE, MADV_FREE, MADV_COLD };

	sys_madvise(t->mm, t->start, t->len, advice[below(ARRAY_SIZE(advice))]);
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
	case STORM_COLLAPSE:
		sys_madvise(t->mm, ALIGN_DOWN(t->start, PMD_SIZE), PMD_SIZE, MADV_COLLAPSE);
		break;
	case STORM_PAGEOUT:
		if (below(4))
			reclaim_at(t->mm, t->start, t->len);
		else
			sys_madvise(t->mm, t->start, t->len, MADV_PAGEOUT);
		break;
	case STORM_MIGRATE:
		sys_migrate_range(t->mm, t->start, t->len, (unsigned int)below(machine.nr_nodes));
		break;
	case STORM_CLEAR_REFS:
		BUG_ON(sys_clear_refs(t->mm, CLEAR_REFS_SOFT_DIRTY));
		break;
	case STORM_ADVISE:
		storm_advise(t);
		break;
	case STORM_DEVICE:
		sys_migrate_to_device(t->mm, t->start, t->len);
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

/* What concerns the file, which all may map. */
static void storm_file_op(const struct storm_run *run, enum storm_op op, const struct target *t)
{
	if (op == STORM_FILE_MAP)
		storm_file_map(run->file, t->mm, WINDOW, t->start, t->len, random_prot());
	else if (op == STORM_FILE_CUT)
		storm_file_cut(run->file);
	else if (op == STORM_FILE_WRITE && below(2))
		sys_msync(t->mm, t->start, t->len, MS_SYNC);
	else if (op == STORM_FILE_WRITE)
		filemap_writeback(run->file);
	else
		storm_file_rmap(run->file, (t->start - WINDOW) >> PAGE_SHIFT);
}

static enum storm_op pick_op(const struct storm_run *run)
{
	unsigned long dice = below(run->weight_sum);
	unsigned int op = 0;

	while (dice >= run->storm->weight[op])
		dice -= run->storm->weight[op++];
	return (enum storm_op)op;
}

/* What a thread keeps from one operation to the next. */
struct storm_own {
	struct storm_frames frames;
	struct storm_pins pins;
};

/* One operation in an mm. Locking: inside its place. */
static void storm_op(struct storm_run *run, enum storm_op op, const struct target *t, struct storm_own *own)
{
	if (op == STORM_READ || op == STORM_WRITE)
		do_user_addr_fault(t->mm, t->start, op == STORM_WRITE ? FAULT_FLAG_WRITE : 0);
	else if (op == STORM_TOUCH)
		storm_touch(t);
	else if (op == STORM_WALK || op == STORM_WALK_NOVMA)
		storm_walk(run, t->mm, op == STORM_WALK_NOVMA);
	else if (op == STORM_MREMAP)
		storm_mremap(run->storm, t);
	else if (op == STORM_FORK)
		storm_mm_fork(&run->mms, t->place);
	else if (op == STORM_RMAP || op == STORM_POISON)
		storm_meet(&own->frames, t->mm, t->start);
	else if (op == STORM_MIRROR)
		storm_mirror(t->place, t->start, min(t->start + t->len, window_end(run->storm)));
	else if (op == STORM_PIN)
		storm_pin(&own->pins, t->place, t->start);
	else if (op >= STORM_FILE_MAP)
		storm_file_op(run, op, t);
	else
		storm_range_op(op, t);
}

static void storm_thread(void *arg, unsigned int index)
{
	struct storm_run *run = arg;
	struct storm_own own = { .frames.next = 0 };

	(void)index;
	for (unsigned long i = 0; i < run->storm->rounds; i++) {
		enum storm_op op = pick_op(run);
		struct target t = { .place = storm_mm_enter(&run->mms) };

		if (!t.place)
			continue;
		t.mm = t.place->mm;
		pick_range(run->storm, &t);
		storm_op(run, op, &t, &own);
		storm_mm_leave(t.place);
		if (op == STORM_RMAP)
			storm_rmap(&own.frames);
		else if (op == STORM_POISON)
			storm_poison(&own.frames);
		rcu_quiescent();
	}
	storm_unpin_all(&own.pins);
	frame_drain_cpu();
}

static bool storm_check(struct storm_run *run, char *why, size_t why_size)
{
	struct mm_struct *mm[STORM_MAX_MMS];
	bool good;

	for (unsigned int i = 0; i < run->mms.nr; i++) {
		mm[i] = run->mms.place[i].mm;
		if (run->mms.place[i].mirror)
			storm_mirror_compare(run->mms.place[i].mirror, WINDOW, window_end(run->storm));
	}
	rcu_barrier();
	good = oracle_at_rest(mm, run->mms.nr, why, why_size);
	if (good)
		storm_mms_stop(&run->mms);
	if (good && run->file)
		storm_file_drop(run->file);
	return good;
}

bool storm_run(const struct storm *storm, char *why, size_t why_size)
{
	struct storm_run run = { .storm = storm };
	bool good;

	for (unsigned int i = 0; i < NR_STORM_OPS; i++)
		run.weight_sum += storm->weight[i];
	run_seed = storm->seed;
	BUG_ON(faultline_start(&(struct machine_config){ .nr_nodes = storm->weight[STORM_MIGRATE] ? 2 : 1,
							  .frames_per_node = 65536, .payload = CACHE_LINE }));
	BUG_ON(storm->weight[STORM_PAGEOUT] && swap_on(storm->slots));
	BUG_ON(cpu_register(0, MEM_LOCAL, storm->seed));
	if (storm->weight[STORM_FILE_MAP])
		run.file = storm_file_create(storm->tables * PTRS_PER_PTE, storm->file_order, storm->seed);
	storm_mms_start(&run.mms, &storm->policy, storm->mms);
	if (storm->weight[STORM_MIRROR])
		storm_mms_mirror(&run.mms, WINDOW, window_end(storm));
	syncpoint_noise(storm->noise);
	threads_run(storm->threads, storm_thread, &run);
	syncpoint_noise(0);
	good = storm_check(&run, why, why_size);
	return storm_stop(good, why, why_size);
}
