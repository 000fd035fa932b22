/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_limits.c - counts the VMAs and pages of a layout that fit. */
#include "bench/run/layout_limits.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bench/ground/command.h"
#include "workloads/lib/layout_mm.h"

struct sums {
	unsigned int vmas, excluded;
	uint64_t pages, pages_excluded;
};

static struct sums sum_up(const struct layout *layout)
{
	struct sums sums = { .vmas = 0 };

	for (unsigned int i = 0; i < layout->nr_vmas; i++) {
		const struct layout_vma *vma = &layout->vmas[i];
		const bool fits = layout_vma_fits(vma);

		if (!fits && !strcmp(vma->name, "[vsyscall]"))
			continue;
		fits ? sums.vmas++ : sums.excluded++;
		for (unsigned int run = 0; run < vma->nr_runs; run++)
			*(fits ? &sums.pages : &sums.pages_excluded) += layout->runs[vma->first_run + run].count;
	}
	return sums;
}

int layout_limits_check(const struct layout *layout, const struct choices *choices)
{
	const struct sums sums = sum_up(layout);
	const unsigned long frames = choices->frames * topology_nodes();

	if (!sums.vmas)
		return complain("layout '%s': none of its %u VMAs lies between %#lx and %#lx, where VMAs may be",
				layout->name, layout->nr_vmas, MMAP_MIN_ADDR, TASK_SIZE);
	for (unsigned int i = 0; i < choices->nr_policies; i++) {
		const struct policy_choice *choice = &choices->policies[i];
		const unsigned int most = max_map_count(&choice->policy);

		if (sums.vmas > most)
			return complain(
				"layout '%s': %u VMAs, and an address space has at most %u (as vm.max_map_count): give "
				"--policy %s,max_map_count=%u",
				layout->name, sums.vmas, most, choice->name, INT_MAX);
	}
	if (sums.pages > frames)
		return complain(
			"layout '%s': %llu populated pages, and the machine has %lu frames: see --frames, at most %lu "
			"a node",
			layout->name, (unsigned long long)sums.pages, frames, MOST_FRAMES);
	if (sums.excluded && choices->layouts_given)
		warn("layout '%s': %u of %u VMAs are skipped, with %llu pages: VMAs lie between %#lx and %#lx",
		     layout->name, sums.excluded, sums.excluded + sums.vmas, (unsigned long long)sums.pages_excluded,
		     MMAP_MIN_ADDR, TASK_SIZE);
	return 0;
}
