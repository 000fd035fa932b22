/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.c - any bytes are a sound layout, populated in any way, or are refused with one line. */
#include <string.h>

#include "tests/lib/harness/fuzz.h"
#include "workloads/lib/layout.h"

static uint64_t check_runs(const struct layout *layout, const struct layout_vma *vma)
{
	uint64_t vpn = vma->start >> 12, pages = 0;

	HOLDS(vma->first_run <= layout->nr_runs && vma->nr_runs <= layout->nr_runs - vma->first_run);
	for (unsigned int i = 0; i < vma->nr_runs; i++) {
		const struct layout_run *run = &layout->runs[vma->first_run + i];

		HOLDS(run->count && run->first_vpn >= vpn && run->flags < 16);
		vpn = run->first_vpn + run->count;
		HOLDS(vpn > run->first_vpn && vpn <= vma->end >> 12);
		pages += run->count;
	}
	return pages;
}

static void check(const struct layout *layout)
{
	uint64_t end = 0, pages = 0;

	HOLDS(layout->nr_vmas && *layout->name && !strpbrk(layout->name, "/ \n"));
	for (unsigned int i = 0; i < layout->nr_vmas; i++) {
		const struct layout_vma *vma = &layout->vmas[i];

		HOLDS(vma->start >= end && vma->end > vma->start && !((vma->start | vma->end | vma->offset) & 4095));
		HOLDS(!strpbrk(vma->name, "\n\r\t\x1b"));
		pages += check_runs(layout, vma);
		end = vma->end;
	}
	HOLDS(pages == layout->nr_pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum layout_populate ways[] = { POPULATE_DEFAULT, POPULATE_ALL, POPULATE_FIRST_TOUCH,
						     POPULATE_NONE };
	struct layout *layout;
	char why[512] = "";

	if (layout_load(fuzz_file(data, size), &layout, why, sizeof(why))) {
		HOLDS(*why && !strpbrk(why, "\n\r\x1b"));
		return 0;
	}
	check(layout);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		HOLDS(!layout_populate(layout, ways[i]));
		check(layout);
	}
	layout_free(layout);
	return 0;
}
