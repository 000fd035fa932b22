/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hardware.c - a processor sets the dirty bit of an entry just before each step of whatever changes that entry: the bit
 * is in the entry afterwards, wherever it is then, or the entry did not allow the write. After a write-back, a folio
 * whose entry is dirty is dirty.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "core/mm/mapped_entry.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/turns.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/hardware.h"
#include "tests/lib/scene/tree.h"

#if FAULTLINE_CHECK
#define AREA		(3 * PGDIR_SIZE)
#define ELSEWHERE	(AREA + 4 * PMD_SIZE)
#define RW		(PROT_READ | PROT_WRITE)

/* Lock key: (C) const while threads run (T) the processor's */
static struct {
	struct mm_struct *mm;		/* (C) */
	struct file *file;		/* (C) what is mapped at AREA; NULL: anonymous memory */
	unsigned long len;		/* (C) bytes that the entry of AREA maps */
	void (*change)(void);		/* (C) */
	bool wrote;			/* (T) */
} scene;

/* ---- what changes the entry of AREA ---- */

static void protect(void)
{
	BUG_ON(sys_mprotect(scene.mm, AREA, scene.len, PROT_READ));
}

static void protect_and_allow(void)
{
	protect();
	BUG_ON(sys_mprotect(scene.mm, AREA, scene.len, RW));
}

static void fork_and_exit(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(scene.mm, &child));
	mm_exit(child);
}

static void migrate(void)
{
	sys_migrate_range(scene.mm, AREA, scene.len, 1);
}

static void move(void)
{
	BUG_ON(sys_mremap(scene.mm, AREA, scene.len, scene.len, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE) !=
	       (long)ELSEWHERE);
}

static void collapse(void)
{
	BUG_ON(sys_madvise(scene.mm, AREA, PMD_SIZE, MADV_COLLAPSE));
}

/* A leaf is split. */
static void drop_the_last(void)
{
	BUG_ON(sys_madvise(scene.mm, AREA + PMD_SIZE - PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED));
}

static void read_it(void)
{
	BUG_ON(do_user_addr_fault(scene.mm, AREA, 0));
}

static void write_back(void)
{
	filemap_writeback(scene.file);
}

static void age(void)
{
	struct folio *folio = NULL;
	struct mapped_entry entry;
	unsigned long flags;

	mmap_read_lock(scene.mm);
	if (mapped_entry_lock(&entry, &scene.mm->pt, AREA)) {
		folio = page_folio(pte_page(entry.pte));
		folio_get(folio);
		mapped_entry_unlock(&entry);
	}
	mmap_read_unlock(scene.mm);
	folio_referenced(folio, false, &flags);
	folio_put(folio);
}

/* ---- at each step ---- */

static void change_or_write(void *unused, unsigned int index)
{
	(void)unused;
	SCHEDULE_STEP("test.begin");
	if (index)
		scene.wrote = hardware_write(scene.mm, AREA);
	else
		scene.change();
	frame_drain_cpu();
}

/* In a shared mapping a clean folio has entries that are clean and read-only. */
static bool is_right_at(unsigned long addr)
{
	struct mapped_entry entry;
	bool right = false;

	mmap_read_lock(scene.mm);
	if (mapped_entry_lock(&entry, &scene.mm->pt, addr)) {
		if (scene.file)
			right = folio_test_dirty(page_folio(pte_page(entry.pte))) ||
				!(pte_dirty(entry.pte) || pte_write(entry.pte));
		else
			right = entry_says_dirty(entry.pte);
		mapped_entry_unlock(&entry);
	}
	mmap_read_unlock(scene.mm);
	return right;
}

/* The entry allows writes, and is clean and @young. */
static void begin(const char *policy, bool young)
{
	uint64_t *entry;

	scene.mm = world_mm(policy);
	if (scene.file)
		BUG_ON(sys_mmap_file(scene.mm, AREA, PMD_SIZE, RW, MAP_SHARED | MAP_FIXED, scene.file, 0) !=
		       (long)AREA);
	else
		BUG_ON(sys_mmap(scene.mm, AREA, PMD_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) !=
		       (long)AREA);
	BUG_ON(do_user_addr_fault(scene.mm, AREA, FAULT_FLAG_WRITE));
	entry = tree_entry(scene.mm->pt.pgd, LEVEL_PMD, AREA);
	scene.len = *entry & ENTRY_HUGE ? PMD_SIZE : PAGE_SIZE;
	if (scene.len == PAGE_SIZE)
		entry = tree_entry(scene.mm->pt.pgd, LEVEL_PTE, AREA);
	fetch_and_relaxed(entry, ~(ENTRY_DIRTY | (young ? 0 : ENTRY_ACCESSED)));
	scene.wrote = false;
}

/* The changer stays before its step @at until the processor has written; that waits until the changer is there. */
static void write_before_step(const char *at)
{
	struct schedule_plan plan = {
		.seed = 1, .max_steps = 1000000, .nr_holds = 2, .holds = {
			{ .thread = 0, .at = at, .other = 1 },
			{ .thread = 1, .at = "test.begin", .other = 0, .until = at },
		},
	};

	turns_run(&plan, 2, change_or_write, NULL);
	if (scene.wrote && !is_right_at(AREA) && !is_right_at(ELSEWHERE))
		fail_msg("a dirty bit that was set before %s was lost", at);
	assert_at_rest(scene.mm);
	mm_exit(scene.mm);
}

static void every_change_keeps_it(const char *policy, bool young, void (*change)(void))
{
	static const char *const steps[] = {
		"pte.clear", "pte.set",	       "pte.wrprotect", "pte.access", "pte.young", "pmd.set",
		"pmd.clear", "pmd.invalidate", "pmd.wrprotect", "pmd.access", "pmd.young",
	};

	scene.change = change;
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		begin(policy, young);
		write_before_step(steps[i]);
	}
}
#endif

static void changes_of_an_entry_keep_its_dirty_bit(void **state)
{
	(void)state;
	needs_checks();
#if FAULTLINE_CHECK
	every_change_keeps_it("linux-6.15", true, protect);
	every_change_keeps_it("linux-6.15", true, protect_and_allow);
	every_change_keeps_it("linux-6.15", true, fork_and_exit);
	every_change_keeps_it("linux-6.15", true, migrate);
	every_change_keeps_it("linux-6.15", true, move);
	every_change_keeps_it("linux-6.15", true, collapse);
	every_change_keeps_it("linux-6.15", true, age);
	every_change_keeps_it("linux-6.15", false, read_it);
#endif
}

static void changes_of_a_leaf_keep_its_dirty_bit(void **state)
{
	(void)state;
	needs_checks();
#if FAULTLINE_CHECK
	every_change_keeps_it("linux-6.15,thp=always", true, protect);
	every_change_keeps_it("linux-6.15,thp=always", true, protect_and_allow);
	every_change_keeps_it("linux-6.15,thp=always", true, fork_and_exit);
	every_change_keeps_it("linux-6.15,thp=always", true, move);
	every_change_keeps_it("linux-6.15,thp=always", true, drop_the_last);
	every_change_keeps_it("linux-6.15,thp=always", true, age);
	every_change_keeps_it("linux-6.15,thp=always", false, read_it);
#endif
}

/* By PTEs and by a leaf. */
static void write_back_leaves_nothing_dirty(void **state)
{
	(void)state;
	needs_checks();
#if FAULTLINE_CHECK
	for (unsigned int order = 0; order <= HPAGE_PMD_ORDER; order += HPAGE_PMD_ORDER) {
		scene.file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, order, 1);
		BUG_ON(!scene.file);
		every_change_keeps_it(order ? "linux-6.15,thp=always" : "linux-6.15", true, write_back);
		file_put(scene.file);
		scene.file = NULL;
	}
#endif
}

static int up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 8192, CACHE_LINE }));
	return cpu_register(0, MEM_LOCAL, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_of_an_entry_keep_its_dirty_bit, up, world_down),
		cmocka_unit_test_setup_teardown(changes_of_a_leaf_keep_its_dirty_bit, up, world_down),
		cmocka_unit_test_setup_teardown(write_back_leaves_nothing_dirty, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
