/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb_vs_all.c - accesses through TLBs while others take the pages away in every way there is, and move them. Under any
 * policy there are TLBs; they are flushed by interrupts unless it says how.
 */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/taken.h"

enum { ACCESSOR, TAKER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index * 2 < threads ? ACCESSOR : TAKER;
}

static int setup(struct workload_run *run)
{
	if (run->policy.tlb == TLB_OFF)
		run->policy.tlb = TLB_IPI;
	return taken_open(run);
}

static int use_word(struct page *page, unsigned long addr, void *arg)
{
	uint64_t *word = page_payload(page), *count = arg;

	(void)addr;
	if (!machine.payload || page_type(page) == PAGE_ZERO)
		return 0;
	if (count)
		store_relaxed(word, ++*count);
	else
		(void)load_relaxed(word);
	return 0;
}

static int64_t access_part(struct worker *worker)
{
	struct taken_part part = taken_any(worker);
	struct space *space = space_of(worker);
	uint64_t count = 0;

	for (unsigned int i = 0; i < 4 * TAKEN_PART; i++) {
		unsigned long addr = part.start + rng_below(&worker->rng, part.end - part.start);
		bool write = rng_below(&worker->rng, 2);
		vm_fault_t ret = user_access_page(space->mm, addr, write ? FAULT_FLAG_WRITE : 0, use_word,
						  write ? &count : NULL);

		if (ret && !(ret & VM_FAULT_SIGSEGV))
			return space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT,
					  "an access to %#lx failed: %#x", addr, ret);
	}
	enter_lazy_tlb();
	return 4 * TAKEN_PART;
}

/* Away, and back. Others may have unmapped some of it. */
static int64_t take(struct worker *worker)
{
	struct taken_part part = taken_any(worker);
	unsigned long len = part.end - part.start, away = part.start + PUD_SIZE;
	struct mm_struct *mm = space_of(worker)->mm;

	if (rng_below(&worker->rng, 4))
		return taken_take(worker);
	if (sys_mremap(mm, part.start, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, away) == (long)away)
		sys_mremap(mm, away, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, part.start);
	return (int64_t)(len >> PAGE_SHIFT);
}

WORKLOAD(tlb_vs_all,
	.what = "half: access random pages through TLBs; half: unmap, protect, fork, page out, migrate, drop or move "
		"them",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [ACCESSOR] = { "access", access_part, NULL }, [TAKER] = { "take", take, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = space_check,
	.teardown = taken_close)
