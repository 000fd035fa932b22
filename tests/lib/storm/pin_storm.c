/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pin_storm.c - pages pinned, while others fork, share, zap, protect and write to them. */
#include "tests/lib/storm/pin_storm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/op/share_page.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/storm/storm_stop.h"

#define BASE		(3 * PGDIR_SIZE)
#define MAX_PAGES	64

/* (C) while threads run, but for what is (A) */
struct pin_storm_run {
	const struct pin_storm *storm;
	struct mm_struct *mm;
	struct unmap_count unmaps[MAX_PAGES];	/* (A) of each page */
	unsigned int failed;			/* (A) */
	char *why;				/* of the thread that set failed */
	size_t why_size;
};

struct pin_storm pin_storm_default(const struct mm_policy *policy)
{
	return (struct pin_storm){
		.policy = *policy,
		.threads = { [PIN_PINNER] = 3, [PIN_FORKER] = 1, [PIN_SHARER] = 1, [PIN_ZAPPER] = 1,
			[PIN_PROTECTOR] = 1,
			     [PIN_WRITER] = 1 },
		.pages = 8, .rounds = 400, .noise = 20, .seed = 1,
	};
}

static void fail(struct pin_storm_run *run, const char *why)
{
	if (!xchg_acq_rel(&run->failed, 1u))
		snprintf(run->why, run->why_size, "%s", why);
}

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static unsigned long pick(const struct pin_storm_run *run)
{
	return BASE + (below(run->storm->pages) << PAGE_SHIFT);
}

/* ---- the roles ---- */

static void pin(struct pin_storm_run *run, unsigned int slot)
{
	struct pin_check check = { .mm = run->mm, .addr = pick(run), .slot = slot };
	unsigned int flags = below(3) ? FOLL_WRITE : FOLL_LONGTERM;
	char why[256];
	long got;

	check.unmaps = &run->unmaps[(check.addr - BASE) >> PAGE_SHIFT];
	got = checked_pin(&check, flags);
	if (got == 1 && (flags & FOLL_WRITE))
		checked_write(&check);
	if (got == 1 && !checked_unpin(&check, why, sizeof(why)))
		fail(run, why);
	else if (got < 0 && got != -EFAULT)	/* the right to write may be gone */
		fail(run, "a page could not be pinned");
}

static void fork_look_exit(struct pin_storm_run *run)
{
	unsigned long end = BASE + (run->storm->pages << PAGE_SHIFT);
	struct mm_struct *child;
	char why[256];
	uint64_t now;

	BUG_ON(sys_fork(run->mm, &child));
	now = pin_clock();
	do_user_addr_fault(child, pick(run), FAULT_FLAG_WRITE);
	if (!pin_check_child(child, BASE, end, now, why, sizeof(why)))
		fail(run, why);
	mm_exit(child);
}

static void share(struct pin_storm_run *run)
{
	uint64_t held[PIN_SLOTS];
	const uint64_t *words;
	struct page *page;

	if (share_page(run->mm, pick(run), &page))
		return;
	words = page_payload(page);
	for (unsigned int i = 0; i < PIN_SLOTS; i++)
		held[i] = load_acquire(&words[i]);
	SYNCPOINT("test.shared");
	for (unsigned int i = 0; i < PIN_SLOTS; i++)
		if (load_acquire(&words[i]) != held[i])
			fail(run, "a page was written to while it was shared");
	put_page(page);
}

static void zap(struct pin_storm_run *run)
{
	unsigned long page = run->storm->pages / 2 + below(run->storm->pages / 2);

	unmap_begin(&run->unmaps[page]);
	BUG_ON(sys_madvise(run->mm, BASE + (page << PAGE_SHIFT), PAGE_SIZE, MADV_DONTNEED));
	unmap_end(&run->unmaps[page]);
}

static void protect(struct pin_storm_run *run)
{
	unsigned long addr = pick(run);

	BUG_ON(sys_mprotect(run->mm, addr, PAGE_SIZE, PROT_READ));
	BUG_ON(sys_mprotect(run->mm, addr, PAGE_SIZE, PROT_READ | PROT_WRITE));
}

static void collapse(struct pin_storm_run *run)
{
	int err = sys_madvise(run->mm, BASE, PMD_SIZE, MADV_COLLAPSE);

	/* Nothing there, a VMA split by protection, a page with a foreign reference. */
	if (err && err != -EINVAL && err != -EAGAIN)
		fail(run, "pages could not be put into a huge page");
}

static void act(struct pin_storm_run *run, enum pin_role role, unsigned int index)
{
	switch (role) {
	case PIN_PINNER:
		pin(run, index);
		break;
	case PIN_FORKER:
		fork_look_exit(run);
		break;
	case PIN_SHARER:
		share(run);
		break;
	case PIN_ZAPPER:
		zap(run);
		break;
	case PIN_PROTECTOR:
		protect(run);
		break;
	case PIN_COLLAPSER:
		collapse(run);
		break;
	default:
		do_user_addr_fault(run->mm, pick(run), below(2) ? FAULT_FLAG_WRITE : 0);
		break;
	}
}

/* ---- the run ---- */

static void storm_thread(void *arg, unsigned int index)
{
	struct pin_storm_run *run = arg;
	enum pin_role role = 0;

	while (index >= run->storm->threads[role])
		index -= run->storm->threads[role++];
	for (unsigned long i = 0; i < run->storm->rounds && !load_relaxed(&run->failed); i++) {
		act(run, role, index);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static struct mm_struct *make_mm(const struct pin_storm *storm)
{
	unsigned long len = storm->threads[PIN_COLLAPSER] ? PMD_SIZE : storm->pages << PAGE_SHIFT;
	struct mm_struct *mm = mm_create(&storm->policy);
	long addr;

	BUG_ON(!mm || storm->pages > MAX_PAGES || storm->threads[PIN_PINNER] > PIN_SLOTS);
	addr = sys_mmap(mm, BASE, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	BUG_ON(addr != (long)BASE);
	return mm;
}

static unsigned int nr_threads(const struct pin_storm *storm)
{
	unsigned int nr = 0;

	for (unsigned int role = 0; role < NR_PIN_ROLES; role++)
		nr += storm->threads[role];
	return nr;
}

bool pin_storm_run(const struct pin_storm *storm, char *why, size_t why_size)
{
	struct pin_storm_run run = { .storm = storm, .why = why, .why_size = why_size };

	run_seed = storm->seed;
	BUG_ON(faultline_start(
		&(struct machine_config){ .nr_nodes = 1, .frames_per_node = 16384, .payload = CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, storm->seed));
	run.mm = make_mm(storm);
	syncpoint_noise(storm->noise);
	threads_run(nr_threads(storm), storm_thread, &run);
	syncpoint_noise(0);
	rcu_barrier();
	if (!run.failed && !oracle_at_rest(&run.mm, 1, why, why_size))
		run.failed = 1;
	if (run.failed)
		return false;		/* what is broken cannot be taken down */
	mm_exit(run.mm);
	return storm_stop(true, why, why_size);
}
