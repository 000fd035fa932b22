/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_populate.c - which pages of a layout are populated. */
#include "workloads/lib/layout_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[POPULATE_NONE] = "none", [POPULATE_ALL] = "all", [POPULATE_RSS] = "rss",
	[POPULATE_FIRST_TOUCH] = "first-touch",
};

const char *layout_populate_name(enum layout_populate how)
{
	return names[how];
}

bool layout_populate_by_name(const char *name, enum layout_populate *how)
{
	for (*how = POPULATE_NONE; *how < sizeof(names) / sizeof(names[0]); (*how)++)
		if (!strcmp(names[*how], name))
			return true;
	return false;
}

/* Pages that @how wants in @vma, from its start on. */
static uint64_t wanted_pages(const struct layout_vma *vma, enum layout_populate how)
{
	if (how == POPULATE_NONE || !(vma->read || vma->write || vma->exec))
		return 0;
	return how == POPULATE_ALL ? (vma->end - vma->start) >> LAYOUT_PAGE_BITS : 1;
}

int layout_populate(struct layout *layout, enum layout_populate how)
{
	struct layout_run *runs;

	if (how == POPULATE_DEFAULT)
		how = layout->has_pages ? POPULATE_RSS : POPULATE_FIRST_TOUCH;
	if (how == layout->populate)
		return 0;
	if (how == POPULATE_RSS)
		return -ENODATA;
	runs = calloc(layout->nr_vmas, sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	free(layout->runs);
	layout->runs = runs;
	layout->nr_runs = 0;
	layout->nr_pages = 0;
	for (unsigned int i = 0; i < layout->nr_vmas; i++) {
		struct layout_vma *vma = &layout->vmas[i];
		const uint64_t pages = wanted_pages(vma, how);

		vma->first_run = layout->nr_runs;
		vma->nr_runs = pages > 0;
		if (pages)
			runs[layout->nr_runs++] =
				(struct layout_run){ vma->start >> LAYOUT_PAGE_BITS, pages, RUN_PRESENT };
		layout->nr_pages += pages;
	}
	layout->populate = how;
	return 0;
}
