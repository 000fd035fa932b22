/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault: every way a fault can go, under the VMA lock and under mmap_lock, with every size of payload. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/phys/folio.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/fault_scene.h"

#define READABLE (ENTRY_PRESENT | ENTRY_ACCESSED)
#define WRITABLE (READABLE | ENTRY_WRITE | ENTRY_DIRTY)

static uint64_t bits_at(const struct scene *s, unsigned long addr)
{
	return pte_bits(tree_pte(s->mm, addr));
}

/* Faults were all counted under the lock that the policy has, the last thing a test of one scene looks at. */
static void scene_end(struct scene *s, unsigned int faults)
{
	bool has_vma_lock = s->mm->pt.policy.vma_lock != VMA_LOCK_NONE;

	assert_int_equal(events_total(EV_FAULT_VMA_LOCK) - s->vma_lock, has_vma_lock ? faults : 0);
	assert_int_equal(events_total(EV_FAULT_MMAP_LOCK) - s->mmap_lock, has_vma_lock ? 0 : faults);
	assert_true(tree_counters_right(s->mm));
	mm_exit(s->mm);
}

/* The frame that is allocated next is full of something else. */
static void dirty_next_frame(void)
{
	struct page *page = alloc_page(PAGE_ANON);

	assert_non_null(page);
	memset(page_payload(page), 0xee, machine.payload);
	free_page(page);
}

static void first_read(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

	assert_int_equal(do_read(&s, AREA + 5), 0);
	assert_ptr_equal(page_at(&s, AREA), zero_page);
	assert_int_equal(bits_at(&s, AREA), READABLE | ENTRY_SPECIAL);
	assert_int_equal(page_ref_count(zero_page), 1);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 0);
	scene_end(&s, 1);
}

static void first_write(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	struct page *page;

	/* tables are there, so that the dirty frame is the page */
	assert_int_equal(do_read(&s, AREA + PAGE_SIZE), 0);
	dirty_next_frame();
	assert_int_equal(do_write(&s, AREA + PAGE_SIZE - 1), 0);
	page = page_at(&s, AREA);
	assert_int_equal(bits_at(&s, AREA), WRITABLE);
	assert_int_equal(page_type(page), PAGE_ANON);
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(page_mapcount(page), 1);
	assert_true(page->index == AREA >> PAGE_SHIFT);
	assert_true(payload_is(page, 0));
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 1);
	scene_end(&s, 2);
}

static void write_after_read(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

	assert_int_equal(do_read(&s, AREA), 0);
	dirty_next_frame();
	assert_int_equal(do_write(&s, AREA), 0);
	assert_ptr_not_equal(page_at(&s, AREA), zero_page);
	assert_int_equal(bits_at(&s, AREA), WRITABLE);
	assert_true(payload_is(page_at(&s, AREA), 0));
	assert_int_equal(page_ref_count(zero_page), 1);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 1);
	scene_end(&s, 2);
}

/* Nothing to do, or just a bit to set: the page stays. */
static void nothing_to_do(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	struct page *page;

	assert_int_equal(do_write(&s, AREA), 0);
	page = page_at(&s, AREA);
	assert_int_equal(do_write(&s, AREA) | do_read(&s, AREA), 0);
	assert_int_equal(spurious(&s), 2);
	put_bits(&s, AREA, ENTRY_PRESENT | ENTRY_WRITE);
	assert_int_equal(do_read(&s, AREA), 0);
	assert_int_equal(bits_at(&s, AREA), READABLE | ENTRY_WRITE);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(bits_at(&s, AREA), WRITABLE);
	assert_int_equal(spurious(&s), 2);
	assert_int_equal(do_read(&s, AREA + PAGE_SIZE) | do_read(&s, AREA + PAGE_SIZE), 0);
	assert_int_equal(spurious(&s), 3);
	assert_ptr_equal(page_at(&s, AREA), page);
	scene_end(&s, 7);
}

static void a_page_of_its_own_is_reused(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	struct page *page;

	assert_int_equal(do_write(&s, AREA), 0);
	page = page_at(&s, AREA);
	memset(page_payload(page), 0x5a, machine.payload);
	share(&s, AREA);
	assert_int_equal(bits_at(&s, AREA), READABLE | ENTRY_DIRTY);
	assert_int_equal(do_write(&s, AREA), 0);
	assert_ptr_equal(page_at(&s, AREA), page);
	assert_int_equal(bits_at(&s, AREA), WRITABLE);
	assert_true(payload_is(page, 0x5a));
	assert_int_equal(page_ref_count(page), 1);
	scene_end(&s, 2);
}

static void a_page_that_others_see_is_copied(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	struct page *page, *copy;

	assert_int_equal(do_write(&s, AREA), 0);
	page = page_at(&s, AREA);
	memset(page_payload(page), 0x5a, machine.payload);
	get_page(page);
	share(&s, AREA);
	dirty_next_frame();
	assert_int_equal(do_write(&s, AREA), 0);
	copy = page_at(&s, AREA);
	assert_ptr_not_equal(copy, page);
	assert_int_equal(bits_at(&s, AREA), WRITABLE);
	assert_true(payload_is(copy, 0x5a) && payload_is(page, 0x5a));
	assert_int_equal(page_ref_count(copy), 1);
	assert_int_equal(page_mapcount(copy), 1);
	assert_int_equal(page_ref_count(page), 1);	/* the other's */
	assert_int_equal(page_mapcount(page), 0);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 1);
	put_page(page);
	scene_end(&s, 2);
}

static void a_guard_is_fatal(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

	assert_int_equal(sys_madvise(s.mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(do_read(&s, AREA), VM_FAULT_SIGSEGV);
	assert_int_equal(do_write(&s, AREA), VM_FAULT_SIGSEGV);
	assert_true(pte_is_guard(tree_pte(s.mm, AREA)));
	assert_int_equal(do_write(&s, AREA + PAGE_SIZE), 0);
	scene_end(&s, 3);
}

static void nothing_mapped(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	static const unsigned long wrong[] = { 0, AREA - 1, AREA + LEN, TASK_SIZE - 1, TASK_SIZE, -1ul };

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(do_read(&s, wrong[i]), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
		assert_int_equal(do_write(&s, wrong[i]), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
	}
	/* Only mmap_lock makes sure that nothing is there. */
	assert_int_equal(events_total(EV_FAULT_MMAP_LOCK) - s.mmap_lock, 2 * ARRAY_SIZE(wrong));
	assert_int_equal(tree_count(s.mm).pte_tables, 0);
	mm_exit(s.mm);
}

/* What each protection allows, as on x86: who may do anything may read. */
static void access_not_allowed(const char *policy)
{
	static const struct { int prot; bool read, write; } rights[] = {
		{ PROT_NONE, false, false }, { PROT_READ, true, false }, { PROT_WRITE, true, true },
		{ PROT_EXEC, true, false }, { PROT_READ | PROT_EXEC, true, false },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rights); i++) {
		struct scene s = scene_of(policy, rights[i].prot);

		assert_int_equal(do_read(&s, AREA), rights[i].read ? 0 : VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		assert_int_equal(do_write(&s, AREA), rights[i].write ? 0 : VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		scene_end(&s, 2);
	}
}

/* No memory for the page, or for one of the tables above it. */
static void memory_runs_out(const char *policy)
{
	for (unsigned int have = 0; have < FAULTLINE_LEVELS; have++) {
		struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);

		world_take_frames(have << TABLE_ORDER);
		if (have < FAULTLINE_LEVELS - 1)
			assert_int_equal(do_read(&s, AREA), VM_FAULT_OOM);
		assert_int_equal(do_write(&s, AREA), VM_FAULT_OOM);
		assert_int_equal(tree_count(s.mm).pte_tables + tree_count(s.mm).upper_tables, have);
		assert_int_equal(tree_count(s.mm).anon, 0);
		world_give_frames();
		assert_int_equal(do_write(&s, AREA), 0);
		assert_int_equal(tree_count(s.mm).anon, 1);
		assert_true(tree_counters_right(s.mm));
		mm_exit(s.mm);
	}
}

#if FAULTLINE_CHECK
/* A copy that cannot be made leaves the page as it was. */
static void no_memory_for_a_copy(const char *policy)
{
	struct scene s = scene_of(policy, PROT_READ | PROT_WRITE);
	struct page *page;

	assert_int_equal(do_write(&s, AREA), 0);
	page = page_at(&s, AREA);
	get_page(page);
	share(&s, AREA);
	inject_alloc_failure(1);
	assert_int_equal(do_write(&s, AREA), VM_FAULT_OOM);
	inject_alloc_failure(0);
	assert_ptr_equal(page_at(&s, AREA), page);
	assert_int_equal(page_ref_count(page), 2);
	assert_int_equal(page_mapcount(page), 1);
	put_page(page);
	scene_end(&s, 2);
}
#endif

/* Row: L7. */
static void each_way(void **state)
{
	static void (*const ways[])(const char *policy) = {
		first_read, first_write, write_after_read, nothing_to_do, a_page_of_its_own_is_reused,
		a_page_that_others_see_is_copied, a_guard_is_fatal, nothing_mapped, access_not_allowed, memory_runs_out,
#if FAULTLINE_CHECK
		no_memory_for_a_copy,
#endif
	};
	static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

	world_start(2048, *(unsigned int *)*state);
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++)
		for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++)
			ways[way](policies[p]);
	assert_true(world_stop());
}

static void a_fault_outside_its_vma_dies(void **state)
{
	struct vm_area_struct *vma;
	struct scene s;

	(void)state;
	needs_checks();
	s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
	vma = vma_tree_find(&s.mm->tree, AREA);
	assert_dies("vma->vm_start", handle_mm_fault(vma, AREA - 1, 0));
	assert_dies("vma->vm_end", handle_mm_fault(vma, AREA + LEN, 0));
	mm_exit(s.mm);
}

static unsigned int payloads[] = { 0, 64, 4096 };

static void a_fault_in_an_mm_that_has_ended_dies(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

	(void)state;
	needs_checks();
	object_unlinked(&kind_mm, &s.mm->probe, s.mm);
	assert_dies("one of the mm_structs, is accessed after the unlink", do_user_addr_fault(s.mm, AREA, 0));
	object_reused(&kind_mm, &s.mm->probe, s.mm);
	assert_int_equal(do_user_addr_fault(s.mm, AREA, 0), 0);
	mm_exit(s.mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "each_way_without_contents", each_way, NULL, NULL, &payloads[0] },
		{ "each_way_with_one_line_a_page", each_way, NULL, NULL, &payloads[1] },
		{ "each_way_with_whole_pages", each_way, NULL, NULL, &payloads[2] },
		cmocka_unit_test_setup_teardown(a_fault_outside_its_vma_dies, world_up, world_down),
		cmocka_unit_test_setup_teardown(a_fault_in_an_mm_that_has_ended_dies, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
