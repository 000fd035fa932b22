/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mixes.c - what the threads of a history do: weights of operations, by name. */
#include "bench/linearize/generate.h"

#include <fnmatch.h>
#include <string.h>

/* A mix has the name of the workload whose operations it records, if there is one (faultline list). */
const struct mix mixes[] = {
	{
		.name = "jumble",
		.what = "all operations but pins, a few kinds in each history",
		.weights = { [OP_READ] = 30, [OP_WRITE] = 24, [OP_MMAP] = 8, [OP_MUNMAP] = 8, [OP_MPROTECT] = 8,
			     [OP_DONTNEED] = 10, [OP_GUARD_INSTALL] = 6, [OP_GUARD_REMOVE] = 5, [OP_MREMAP] = 6,
			     [OP_FORK] = 8, [OP_MINCORE] = 5, [OP_PAGEOUT] = 6, [OP_MIGRATE] = 6 },
		.few = true,
	},
	{
		.name = "fork_moment",
		.what = "fork against writes, with VMAs split by mprotect: a child is its parent at one moment",
		.weights = { [OP_READ] = 12, [OP_WRITE] = 48, [OP_MPROTECT] = 8, [OP_FORK] = 32 },
	},
	{
		.name = "zap_vs_fault",
		.what = "MADV_DONTNEED against faults",
		.weights = { [OP_READ] = 32, [OP_WRITE] = 36, [OP_DONTNEED] = 26, [OP_MINCORE] = 6 },
	},
	{
		.name = "fault_vs_map",
		.what = "mmap and munmap against faults",
		.weights = { [OP_READ] = 30, [OP_WRITE] = 30, [OP_MMAP] = 24, [OP_MUNMAP] = 16 },
	},
	{
		.name = "mprotect_vs_fault",
		.what = "mprotect against faults, with a fork at times",
		.weights = { [OP_READ] = 30, [OP_WRITE] = 36, [OP_MPROTECT] = 28, [OP_FORK] = 6 },
	},
	{
		.name = "mremap_vs_fault",
		.what = "mremap against faults, and mmap of what it moved away",
		.weights = { [OP_READ] = 30, [OP_WRITE] = 32, [OP_MREMAP] = 26, [OP_MMAP] = 12 },
	},
	{
		.name = "guard_vs_fault",
		.what = "guards installed and removed against faults",
		.weights = { [OP_READ] = 30, [OP_WRITE] = 32, [OP_GUARD_INSTALL] = 18, [OP_GUARD_REMOVE] = 20 },
	},
	{
		.name = "swap_vs_fault",
		.what = "pages swapped out against faults, shared with a child at times",
		.weights = { [OP_READ] = 28, [OP_WRITE] = 34, [OP_PAGEOUT] = 26, [OP_FORK] = 12 },
	},
	{
		.name = "migrate_vs_fault",
		.what = "pages moved to other frames against faults, with a fork at times",
		.weights = { [OP_READ] = 28, [OP_WRITE] = 36, [OP_MIGRATE] = 28, [OP_FORK] = 8 },
	},
	{
		.name = "gup_vs_fork",
		.what = "reads and writes through pins against fork",
		.weights = { [OP_READ] = 16, [OP_WRITE] = 16, [OP_PIN_READ] = 14, [OP_PIN_WRITE] = 32, [OP_FORK] = 22 },
	},
	{
		.name = "pins_vs_all",
		.what = "reads and writes through pins against fork, swap and migration",
		.weights = { [OP_READ] = 16, [OP_WRITE] = 16, [OP_PIN_READ] = 14, [OP_PIN_WRITE] = 22, [OP_FORK] = 12,
			     [OP_PAGEOUT] = 12, [OP_MIGRATE] = 8 },
	},
};
const unsigned int nr_mixes = ARRAY_SIZE(mixes);

uint32_t mix_kinds(const struct mix *mix)
{
	uint32_t kinds = 0;

	for (unsigned int i = 0; i < NR_OP_KINDS; i++)
		if (mix->weights[i])
			kinds |= 1u << i;
	return kinds;
}

uint32_t mix_lacks(const struct mix *mix, uint32_t kinds, unsigned int pages)
{
	uint32_t can = pages > 1 ? kinds : kinds & ~(1u << OP_MREMAP);

	return mix->few ? 0 : mix_kinds(mix) & ~(can | 1u << OP_MINCORE);
}

bool mix_matches(const struct mix *mix, const char *glob)
{
	return !fnmatch(glob, mix->name, 0);
}
