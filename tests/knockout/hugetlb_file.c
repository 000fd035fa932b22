/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_file.c - files of huge pages with a knock-out: pages beyond the end of a file, reservations of no place,
 * lost writes, anon_vmas that a huge page outlives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/mm/hugetlb_file.h"
#include "core/op/madvise.h"
#include "core/op/migrate.h"
#include "core/op/truncate.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/hugetlb_scene.h"

static struct mm_struct *mm;
static struct file *file;
static unsigned int below_size, truncated, cleared, exited;	/* steps */

static void map_file(struct mm_struct *to, int flags)
{
	BUG_ON(sys_mmap_file(to, AREA, 2 * PMD_SIZE, READ_WRITE, MAP_FIXED | flags, file, 0) !=
	       (long)AREA);
}

static void begin(void)
{
	pool_of(3);
	file = file_create_hugetlb(2 * HPAGE_PMD_NR, 2 * HPAGE_PMD_NR, HPAGE_PMD_ORDER);
	BUG_ON(!file);
	mm = world_mm("linux-6.15");
	map_file(mm, MAP_SHARED | MAP_NORESERVE);
}

static bool end(void)
{
	bool right = rests(&mm, 1);

	mm_exit(mm);
	file_put(file);
	return right && pool_is(3, 0);
}

/* ---- truncation while a fault adds a huge page ---- */

/* The fault has found its place below i_size; with the fault mutex the truncation cannot end before it. */
static void let_truncation_run(void *unused)
{
	(void)unused;
	step_reach(&below_size, 1);
	step_within(&truncated, 1, 100);
}

static void fault_or_truncate(void *unused, unsigned int index)
{
	(void)unused;
	if (index == 0) {
		meanwhile("hugetlb_fault.below_size", let_truncation_run, NULL);
		BUG_ON(huge_write(mm, AREA) || meanwhile_ran() != 1);
	} else {
		step_await(&below_size, 1);
		BUG_ON(sys_ftruncate(file, 0));
		step_reach(&truncated, 1);
	}
	frame_drain_cpu();
}

static bool truncation_beside_a_fault(void)
{
	begin();
	below_size = truncated = 0;
	threads_run(2, fault_or_truncate, NULL);
	return end();
}

/* ---- a mapping that reserves while a fault adds a huge page ---- */

static void map_it_elsewhere(void *unused)
{
	struct mm_struct *other = world_mm("linux-6.15");

	(void)unused;
	map_file(other, MAP_SHARED);
	mm_exit(other);
}

static bool a_mapping_beside_a_fault(void)
{
	begin();
	meanwhile("hugetlb_file.added", map_it_elsewhere, NULL);
	BUG_ON(huge_write(mm, AREA) || meanwhile_ran() != 1);
	return end();
}

/* ---- truncation that clears the leaf of a private mapping, which exits ---- */

/* With i_mmap_rwsem the exit cannot end before truncation has uncounted the copy. */
static void let_exit_run(void *unused)
{
	(void)unused;
	step_reach(&cleared, 1);
	step_within(&exited, 1, 100);
}

static void truncate_or_exit(void *child, unsigned int index)
{
	if (index == 0) {
		meanwhile("hugetlb.zap.cleared", let_exit_run, NULL);
		BUG_ON(sys_ftruncate(file, 0) || meanwhile_ran() != 1);
	} else {
		step_await(&cleared, 1);
		mm_exit(child);
		step_reach(&exited, 1);
	}
	frame_drain_cpu();
}

/* The child has no hugetlb VMA lock, which only mappings with reservations have. */
static bool truncation_beside_exit(void)
{
	struct mm_struct *child = world_mm("linux-6.15");

	begin();
	map_file(child, MAP_PRIVATE | MAP_NORESERVE);
	BUG_ON(huge_write(child, AREA));
	cleared = exited = 0;
	threads_run(2, truncate_or_exit, child);
	return end();
}

/* ---- a write through a new mapping, unmapped again, while the huge page is moved ---- */

static unsigned int copied, written;	/* steps */

/* The contents are copied, and the references are counted, but not frozen yet; the fault mutex keeps faults out. */
static void let_it_be_written(void *unused)
{
	(void)unused;
	step_reach(&copied, 1);
	step_within(&written, 1, 100);
}

static void write_or_migrate(void *folio, unsigned int index)
{
	if (index == 0) {
		meanwhile("migrate_file.copied", let_it_be_written, NULL);
		BUG_ON(migrate_folio(folio, 0) || meanwhile_ran() != 1);
	} else {
		step_await(&copied, 1);
		BUG_ON(huge_write(mm, AREA));
		*huge_byte(mm, AREA) = 7;
		BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED));
		step_reach(&written, 1);
	}
	frame_drain_cpu();
}

static bool a_write_beside_a_migration(void)
{
	struct folio *folio;
	bool lost;

	begin();
	copied = written = 0;
	BUG_ON(huge_write(mm, AREA));
	folio = huge_folio_at(mm, AREA);
	folio_get(folio);
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED));
	threads_run(2, write_or_migrate, folio);
	BUG_ON(huge_read(mm, AREA));
	lost = *huge_byte(mm, AREA) != 7;
	if (lost)
		fprintf(stderr, "a write was lost\n");
	return end() && !lost;
}

static const struct knocked_steps scenes[] = {
	{ { "hugetlb:truncate-mutex", { "counts.reserved", "of a file that has" } }, truncation_beside_a_fault },
	{ { "hugetlb:migrate-mutex", { "a write was lost" } }, a_write_beside_a_migration },
	{ { "hugetlb:file-commit", { "are reserved, counted" } }, a_mapping_beside_a_fault },
	{ { "hugetlb:zap-i-mmap", { "anon_vma" } }, truncation_beside_exit },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), world_up_with_words);
}
