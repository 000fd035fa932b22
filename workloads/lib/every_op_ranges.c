/* SPDX-License-Identifier: GPL-2.0-or-later */
/* every_op_ranges.c - what the workload every_op does to ranges: each kind of mapping, and each change of one. */
#include "workloads/lib/every_op.h"

#include <sys/mman.h>

struct every_part every_part(struct every *every)
{
	unsigned long table = every_below(every, EVERY_TABLES), page = every_below(every, EVERY_NEAR);
	unsigned long start = space_region(space_of(every->worker), 0) + table * PMD_SIZE;

	if (every_below(every, 4) == 0)
		return (struct every_part){ start, (1 + every_below(every, EVERY_TABLES - table)) * PMD_SIZE };
	return (struct every_part){ start + page * PAGE_SIZE, (1 + every_below(every, 2 * EVERY_NEAR)) * PAGE_SIZE };
}

static int any_prot(struct every *every)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
				     PROT_NONE };

	return prots[every_below(every, ARRAY_SIZE(prots))];
}

static struct file *any_file(struct every *every)
{
	return every->scene->files[every_below(every, EVERY_FILES)];
}

static unsigned long pgoff_of(struct every *every, unsigned long addr)
{
	return (addr - space_region(space_of(every->worker), 0)) >> PAGE_SHIFT;
}

/* ---- mappings ---- */
static void map_anonymous(struct every *every, struct every_part part)
{
	int flags = (every_below(every, 4) ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS | MAP_FIXED |
		    (every_below(every, 8) ? 0 : MAP_POPULATE);

	sys_mmap(every->mm, part.start, part.len, any_prot(every), flags, 0);
}

static void map_file(struct every *every, struct every_part part)
{
	int flags = (every_below(every, 2) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED;

	sys_mmap_file(every->mm, part.start, part.len, any_prot(every), flags, any_file(every),
		      pgoff_of(every, part.start));
}

static void map_hugetlb(struct every *every, struct every_part part)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED | (every_below(every, 3) ? 0 : MAP_NORESERVE);

	sys_mmap(every->mm, ALIGN_DOWN(part.start, PMD_SIZE), part.len, any_prot(every), flags, 0);
}

static void map_hugetlb_file(struct every *every, struct every_part part)
{
	int flags = (every_below(every, 3) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED |
		    (every_below(every, 3) ? 0 : MAP_NORESERVE);
	unsigned long start = ALIGN_DOWN(part.start, PMD_SIZE);

	if (every->scene->hugetlb)
		sys_mmap_file(every->mm, start, part.len, any_prot(every), flags, every->scene->hugetlb,
			      pgoff_of(every, start));
}

/* Frames with a struct page, and frames that the machine does not have. */
static void map_raw(struct every *every, struct every_part part)
{
	unsigned long pfn = every_below(every, 3) ? page_to_pfn(every->scene->raw) : machine.max_pfn + 1000;

	sys_mmap_pfn(every->mm, part.start, min(part.len, PAGE_SIZE << EVERY_RAW_ORDER), any_prot(every),
		     MAP_PRIVATE | MAP_FIXED, pfn);
}

static unsigned long any_device(struct every *every)
{
	return every_below(every, EVERY_DEVICES);
}

static void map_device(struct every *every, struct every_part part)
{
	unsigned long kind = any_device(every), page = every_below(every, 1ul << EVERY_RAW_ORDER);

	sys_mmap_device(every->mm, part.start, min(part.len, (PAGE_SIZE << EVERY_RAW_ORDER) - page * PAGE_SIZE),
			any_prot(every), (every_below(every, 3) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED,
			every->scene->devices[kind], every->scene->frames[kind].first + page);
}

static void unmap_device(struct every *every, struct every_part part)
{
	unsigned long kind = any_device(every), nr = every_below(every, 1ul << EVERY_RAW_ORDER) + 1;

	(void)part;
	unmap_mapping_range(&every->scene->devices[kind]->mapping, every->scene->frames[kind].first, nr,
			    every_below(every, 2));
}

static void unmap(struct every *every, struct every_part part)
{
	sys_munmap(every->mm, part.start, part.len);
}

static void protect(struct every *every, struct every_part part)
{
	sys_mprotect(every->mm, part.start, part.len, any_prot(every));
}

static void move(struct every *every, struct every_part part)
{
	static const int flags[] = { MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
				     MREMAP_MAYMOVE, 0 };
	struct every_part to = every_part(every);
	unsigned long len = every_below(every, 3) ? part.len : to.len;

	len = min(len, space_region(space_of(every->worker), 0) + EVERY_WINDOW - to.start);
	sys_mremap(every->mm, part.start, part.len, len, flags[every_below(every, ARRAY_SIZE(flags))], to.start);
}

static void advise(struct every *every, struct every_part part)
{
	int what = every->argument;

	if (what == MADV_COLLAPSE)
		part = (struct every_part){ ALIGN_DOWN(part.start, PMD_SIZE), PMD_SIZE };
	else if (what == MADV_GUARD_INSTALL || what == MADV_POPULATE_READ || what == MADV_POPULATE_WRITE)
		part.len = min(part.len, EVERY_NEAR * PAGE_SIZE);
	sys_madvise(every->mm, part.start, part.len, what);
}

static void lock(struct every *every, struct every_part part)
{
	sys_mlock2(every->mm, part.start, min(part.len, EVERY_NEAR * PAGE_SIZE),
		   every_below(every, 2) ? MLOCK_ONFAULT : 0);
}

static void unlock(struct every *every, struct every_part part)
{
	sys_munlock(every->mm, part.start, part.len);
}

/* ---- pages to other places ---- */
static void migrate(struct every *every, struct every_part part)
{
	sys_migrate_range(every->mm, part.start, part.len, (unsigned int)every_below(every, machine.nr_nodes));
}

static void move_pages(struct every *every, struct every_part part)
{
	int node = (int)every_below(every, machine.nr_nodes), status;

	sys_move_pages(every->mm, 1, &part.start, &node, &status,
		       every_below(every, 2) ? MPOL_MF_MOVE : MPOL_MF_MOVE_ALL);
}

static void to_device(struct every *every, struct every_part part)
{
	sys_migrate_to_device(every->mm, part.start, min(part.len, EVERY_NEAR * PAGE_SIZE));
}

/* ---- files ---- */
static void truncate_part(struct every *every, struct every_part part)
{
	struct file *file = every->scene->hugetlb && !every_below(every, 3) ? every->scene->hugetlb : any_file(every);
	unsigned long group = 1ul << file->mapping.order;

	(void)part;
	sys_ftruncate(file, every_below(every, file->mapping.max_pages / group + 1) * group);
}

static void write_back(struct every *every, struct every_part part)
{
	(void)part;
	filemap_writeback(any_file(every));
}

static int see_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	BUG_ON(pte_bad(ptep_get(ptep)));
	return 0;
}

static void walk_by_file(struct every *every, struct every_part part)
{
	static const struct mm_walk_ops ops = { .pte_entry = see_pte };
	struct address_space *mapping = &any_file(every)->mapping;

	i_mmap_lock_read(mapping);
	walk_page_mapping(mapping, pgoff_of(every, part.start), part.len >> PAGE_SHIFT, &ops, NULL);
	i_mmap_unlock_read(mapping);
}

static void walk(struct every *every, struct every_part part)
{
	static const struct mm_walk_ops ops = { .pte_entry = see_pte, .walk_lock = PGWALK_RDLOCK };

	space_walk(every->mm, part.start, part.start + part.len, &ops, NULL);
}

/* ---- readers of page tables ---- */
static void read_mincore(struct every *every, struct every_part part)
{
	unsigned char there[EVERY_NEAR];

	sys_mincore(every->mm, part.start, min(part.len, EVERY_NEAR * PAGE_SIZE), there);
}

static void read_pagemap(struct every *every, struct every_part part)
{
	uint64_t entries[EVERY_NEAR];

	sys_pagemap(every->mm, part.start, min(part.len >> PAGE_SHIFT, EVERY_NEAR), entries);
}

static void scan_ksm(struct every *every, struct every_part part)
{
	(void)part;
	ksm_scan(every->mm, 1 + every_below(every, EVERY_NEAR));
}

static void clear_refs(struct every *every, struct every_part part)
{
	(void)part;
	sys_clear_refs(every->mm, CLEAR_REFS_ALL + (unsigned int)rng_below(&this_cpu->rng, CLEAR_REFS_SOFT_DIRTY));
}

/* The regions lie in the range, in order, and apart. */
static void scan_pagemap(struct every *every, struct every_part part)
{
	struct page_region regions[EVERY_NEAR];
	struct pm_scan_arg arg = {
		.start = part.start, .end = part.start + part.len, .vec = regions, .vec_len = ARRAY_SIZE(regions),
		.category_mask = PAGE_IS_PRESENT, .return_mask = PM_SCAN_CATEGORIES,
	};
	long nr = sys_pagemap_scan(every->mm, &arg);
	unsigned long at = part.start;

	for (long i = 0; i < nr; at = regions[i++].end)
		if (regions[i].start < at || regions[i].end <= regions[i].start || regions[i].end > arg.walk_end)
			space_fail(space_of(every->worker), -EUCLEAN, "PAGEMAP_SCAN: region %ld at %#lx", i,
				   regions[i].start);
}

static void fill_mirror(struct every *every, struct every_part part)
{
	if (every->mirror)
		hmm_mirror_fill(every->mirror, part.start, part.start + min(part.len, 4 * EVERY_NEAR * PAGE_SIZE));
}

static void compare_mirror(struct every *every, struct every_part part)
{
	char why[256];

	if (every->mirror && oracle_mirror(every->mirror, part.start, part.start + part.len, why, sizeof(why)) < 0)
		space_fail(space_of(every->worker), -EUCLEAN, "%s", why);
}

#define DEED(fn, weight)	{ #fn, fn, weight, 0 }
#define ADVICE(what, weight)	{ #what, advise, weight, MADV_##what }

const struct every_deed every_range_deeds[] = {
	DEED(map_anonymous, 8), DEED(map_file, 10), DEED(map_hugetlb, 4), DEED(map_hugetlb_file, 6), DEED(map_raw, 3),
	DEED(unmap, 4), DEED(map_device, 4), DEED(unmap_device, 2), DEED(protect, 6), DEED(move, 6),
	DEED(lock, 4), DEED(unlock, 8), DEED(migrate, 5), DEED(move_pages, 3), DEED(to_device, 5),
	DEED(truncate_part, 3), DEED(write_back, 3), DEED(walk_by_file, 3), DEED(walk, 3), DEED(read_mincore, 2),
	DEED(read_pagemap, 2), DEED(scan_pagemap, 2), DEED(clear_refs, 1), DEED(scan_ksm, 4), DEED(fill_mirror, 12),
	DEED(compare_mirror, 4),
	ADVICE(DONTNEED, 3), ADVICE(DONTNEED_LOCKED, 2), ADVICE(PAGEOUT, 3), ADVICE(POPULATE_READ, 3),
	ADVICE(POPULATE_WRITE, 3), ADVICE(HUGEPAGE, 2), ADVICE(NOHUGEPAGE, 2), ADVICE(GUARD_INSTALL, 3),
	ADVICE(GUARD_REMOVE, 3), ADVICE(COLLAPSE, 2), ADVICE(MERGEABLE, 2), ADVICE(UNMERGEABLE, 2),
	ADVICE(WIPEONFORK, 2), ADVICE(KEEPONFORK, 2), ADVICE(RANDOM, 2), ADVICE(NORMAL, 2),
	ADVICE(FREE, 2), ADVICE(COLD, 2), { 0 },
};
