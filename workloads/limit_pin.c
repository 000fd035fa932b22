/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limit_pin.c - what any pin without locks cannot beat: four dependent loads from the root to a page's entry, and a
 * pair of atomic additions to that page's own cache line, without contention.
 */
#include "workloads/lib/hostmem.h"

#include "workloads/lib/axes.h"

#define LEVELS		4
#define TABLE_ENTRIES	512ul
#define TABLE_BITS	9
#define PIN		1024

/* A page's description, no more than the count. */
struct line {
	int32_t count;
} __cacheline_aligned;

/* Three upper tables, one after the other, then the lowest tables, then the lines: as small as page tables can be. */
struct tree {
	uint64_t upper[LEVELS - 1][TABLE_ENTRIES];
	uint64_t lowest[];
};

static unsigned long pages_of(const struct worker *worker)
{
	return (unsigned long)worker->run->choice[0];
}

static size_t tables_size(const struct worker *worker)
{
	return sizeof(struct tree) + ALIGN_UP(pages_of(worker), TABLE_ENTRIES) * sizeof(uint64_t);
}

static size_t tree_size(const struct worker *worker)
{
	return ALIGN_UP(tables_size(worker) + pages_of(worker) * sizeof(struct line), FRAME_SIZE);
}

static int build(struct worker *worker)
{
	int err = host_map(worker, tree_size(worker), HOST_SMALL_PAGES);
	struct tree *tree = worker->data;
	struct line *lines;

	if (err)
		return err;
	lines = (struct line *)((char *)tree + ALIGN_UP(tables_size(worker), CACHE_LINE));
	for (unsigned int level = 0; level + 2 < LEVELS; level++)
		tree->upper[level][0] = (uint64_t)(uintptr_t)tree->upper[level + 1];
	for (unsigned long i = 0; i < pages_of(worker); i += TABLE_ENTRIES)
		tree->upper[LEVELS - 2][i / TABLE_ENTRIES] = (uint64_t)(uintptr_t)&tree->lowest[i];
	for (unsigned long i = 0; i < pages_of(worker); i++)
		tree->lowest[i] = (uint64_t)(uintptr_t)&lines[i];
	return 0;
}

static void unmap(struct worker *worker)
{
	host_unmap(worker, tree_size(worker));
}

/* What @page's entry points to. */
static force_inline struct line *descend(const struct tree *tree, unsigned long page)
{
	uint64_t entry = (uint64_t)(uintptr_t)tree->upper[0];

	for (unsigned int level = 0; level < LEVELS; level++) {
		unsigned long index = (page >> (TABLE_BITS * (LEVELS - 1 - level))) % TABLE_ENTRIES;

		entry = load_acquire((uint64_t *)(uintptr_t)entry + index);
	}
	return (struct line *)(uintptr_t)entry;
}

static int64_t pin_unpin(struct worker *worker)
{
	const struct tree *tree = worker->data;
	unsigned long pages = pages_of(worker);

	for (unsigned long i = 0; i < pages; i++) {
		struct line *line = descend(tree, i);

		fetch_add_acq_rel(&line->count, PIN);
		fetch_sub_acq_rel(&line->count, PIN);
	}
	return (int64_t)pages;
}

WORKLOAD(limit_pin,
	.what = "descend four levels, add and subtract atomically in a line of one's own: bounds gup_read and "
		"gup_write",
	.item = "page",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "pin", pin_unpin, NULL } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.worker_setup = build,
	.worker_teardown = unmap)
