/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exceptions.c - the one table of named exceptions. */
#include "bench/conform/exceptions.h"

#include <stddef.h>
#include <sys/mman.h>

static bool dontunmap(const struct op *op)
{
	return op->kind == OP_MREMAP && op->flags & MREMAP_DONTUNMAP;
}

static bool locks(const struct op *op)
{
	return op->kind == OP_MLOCK || op->kind == OP_MLOCKALL || (op->kind == OP_MMAP && op->flags & MAP_LOCKED);
}

static bool pages_out(const struct op *op)
{
	return (op->kind == OP_MADVISE || op->kind == OP_PROCESS_MADVISE) && op->advice == MADV_PAGEOUT;
}

/* True if such an operation is among those up to @step. */
static bool came(const struct step *step, bool (*is_one)(const struct op *op))
{
	for (unsigned int i = 0; i < step->nr_earlier; i++)
		if (is_one(&step->earlier[i]))
			return true;
	return false;
}

static bool locked_by_dontunmap(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_COUNT && difference->page == COUNT_LOCKED && came(step, dontunmap);
}

static bool mlocked_by_dontunmap(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_PAGE && difference->bit == PAGE_PRESENT && difference->live &&
	       pages_out(step->op) && came(step, dontunmap) && came(step, locks);
}

/* Both show the page in a leaf; they differ in which page's mapcount bit 56 follows. */
static bool once_in_leaf(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_PAGE && difference->bit == PAGE_MAPPED_ONCE &&
	       (step->live->pages[difference->page].bits & step->core->pages[difference->page].bits & PAGE_HUGE);
}

static bool zeroes_after_split(const struct step *step, const struct difference *difference)
{
	const struct process_state *live = step->live, *core = step->core;

	return (difference->kind == DIFFER_PAGE || difference->kind == DIFFER_MAPCOUNT) &&
	       (live->pages[difference->page].bits & PAGE_ZEROES) &&
	       (core->pages[difference->page].bits & (PAGE_PRESENT | PAGE_ZEROES | PAGE_OF_FILE)) == PAGE_PRESENT;
}

static bool in_locked_vma(const struct process_state *state, long page)
{
	for (unsigned int i = 0; i < state->nr_vmas; i++)
		if (page >= state->vmas[i].first && page < state->vmas[i].end)
			return state->vmas[i].vm_flags & VMA_LOCKED;
	return false;
}

/* The core's VMAs have their vm_flags always. */
static bool swapped_in_locked(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_PAGE && difference->bit == PAGE_ANON_EXCLUSIVE && !difference->live &&
	       in_locked_vma(step->core, difference->page) && came(step, pages_out);
}

/* Of a swap entry, or of a page of a file that is not mapped. */
static bool in_swap_cache(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_PAGE && difference->bit == PAGE_INCORE && difference->live &&
	       !(step->live->pages[difference->page].bits & PAGE_PRESENT) && came(step, pages_out);
}

static bool swapped_in_clean(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_SIZE && difference->page == SIZE_PSS_DIRTY &&
	       difference->live < difference->core && came(step, pages_out);
}

static bool shmem_in_swap(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_SIZE &&
	       (difference->page == SIZE_SWAP || difference->page == SIZE_SWAP_PSS) &&
	       difference->live > difference->core && state_has_files(step->live) && came(step, pages_out);
}

struct exception exceptions[] = {
	{
		.name = "zero-pages-after-split",
		.reason = "Linux maps the pages of a split huge page that hold zeroes alone to the zero page; here "
			  "they stay, with their frames",
		.verdict = ENDS,
		.covers = zeroes_after_split,
	},
	{
		.name = "mapped-once-in-leaf",
		.reason = "Linux 6.18 reports for each page of a huge leaf whether its first page is mapped once; "
			  "here each page is asked",
		.verdict = EXCUSED,
		.covers = once_in_leaf,
	},
	{
		.name = "locked-dontunmap",
		.reason = "mremap() with MREMAP_DONTUNMAP unlocks what it leaves behind, and Linux never subtracts "
			  "that from locked_vm; here the count is that of locked VMAs, as an oracle checks",
		.verdict = EXCUSED,
		.covers = locked_by_dontunmap,
	},
	{
		.name = "mlocked-dontunmap",
		.reason = "the pages that mremap() with MREMAP_DONTUNMAP leaves behind in a locked VMA stay mlocked "
			  "in Linux, and MADV_PAGEOUT skips them; here they are unlocked with their VMA",
		.verdict = ENDS,
		.covers = mlocked_by_dontunmap,
		.swap = true,
	},
	{
		.name = "locked-swap-in",
		.reason = "a read in locked memory swaps in the last share of a page as exclusive, in Linux only if no "
			  "batch of a processor's has a reference to it at the moment",
		.verdict = ENDS,
		.covers = swapped_in_locked,
		.swap = true,
	},
	{
		.name = "swap-cache-incore",
		.reason = "Linux keeps a page that was swapped out to disk in the swap cache until memory is short, "
			  "and mincore() reports it; here it leaves memory at once",
		.verdict = EXCUSED,
		.covers = in_swap_cache,
		.swap = true,
	},
	{
		.name = "swap-in-clean",
		.reason = "Linux keeps the slot of a page that a read swapped in, and the page is clean; here the slot "
			  "is freed, and the page is dirty",
		.verdict = EXCUSED,
		.covers = swapped_in_clean,
		.swap = true,
	},
	{
		.name = "shmem-in-swap",
		.reason = "smaps counts the pages of shared memory that Linux swapped out; here shared memory is not "
			  "swapped out",
		.verdict = EXCUSED,
		.covers = shmem_in_swap,
		.swap = true,
	},
	{ .name = NULL },
};

enum verdict exceptions_judge(struct exception *table, const struct step *step, const struct difference *difference)
{
	for (struct exception *exception = table; exception && exception->name; exception++) {
		if (!exception->covers(step, difference))
			continue;
		exception->fired++;
		return exception->verdict;
	}
	return DIVERGES;
}
