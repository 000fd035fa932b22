/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exceptions.c - the one table of named exceptions. */
#include "bench/conform/exceptions.h"

#include <stddef.h>
#include <sys/mman.h>

static bool locked_by_dontunmap(const struct step *step, const struct difference *difference)
{
	if (difference->kind != DIFFER_COUNT || difference->page != COUNT_LOCKED)
		return false;
	for (unsigned int i = 0; i < step->nr_earlier; i++)
		if (step->earlier[i].kind == OP_MREMAP && step->earlier[i].flags & MREMAP_DONTUNMAP)
			return true;
	return false;
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
	{ NULL, NULL, DIVERGES, NULL, 0 },
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
