/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork: what a child has, what its parent keeps, pages that are copied at once, and memory that runs out anywhere. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/rmap.h"
#include "core/op/copy_page_range.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/family.h"

#define SHARED	(ENTRY_PRESENT | ENTRY_DIRTY)	/* a page that fork shares, as the child has it */

static void end_both(struct mm_struct *parent, struct mm_struct *child)
{
	assert_at_rest(parent, child);
	assert_true(tree_counters_right(parent) && tree_counters_right(child));
	mm_exit(child);
	mm_exit(parent);
}

static void pages_are_shared(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child;
	struct page *page;

	map_at(parent, AREA, 4 * PAGE_SIZE, READ_WRITE);
	put_byte(parent, AREA, 1);
	put_byte(parent, AREA + PAGE_SIZE, 2);
	page = page_of(parent, AREA);
	child = fork_mm(parent);
	assert_ptr_equal(page_of(parent, AREA), page);
	assert_ptr_equal(page_of(child, AREA), page);
	assert_int_equal(bits_of(child, AREA), SHARED);
	assert_int_equal(bits_of(parent, AREA), SHARED | ENTRY_ACCESSED);
	assert_false(PageAnonExclusive(page));
	assert_int_equal(page_mapcount(page), 2);
	assert_true(pte_none(tree_pte(child, AREA + 2 * PAGE_SIZE)));
	assert_true(byte_is(child, AREA, 1) && byte_is(child, AREA + PAGE_SIZE, 2));
	assert_int_equal(mm_counter_sum(&child->pt, MM_ANONPAGES), mm_counter_sum(&parent->pt, MM_ANONPAGES));
	end_both(parent, child);
}

/* The first writer gets a copy, and the other one reuses the old page. */
static void writes_are_apart(const char *policy)
{
	for (unsigned int child_first = 0; child_first < 2; child_first++) {
		struct mm_struct *parent = world_mm(policy), *child, *first, *second;
		struct page *page;

		map_at(parent, AREA, PAGE_SIZE, READ_WRITE);
		put_byte(parent, AREA, 1);
		page = page_of(parent, AREA);
		child = fork_mm(parent);
		first = child_first ? child : parent;
		second = child_first ? parent : child;
		put_byte(first, AREA, 2);
		assert_true(byte_is(second, AREA, 1) && byte_is(first, AREA, 2));
		assert_ptr_equal(page_of(second, AREA), page);
		assert_ptr_not_equal(page_of(first, AREA), page);
		put_byte(second, AREA, 3);
		assert_ptr_equal(page_of(second, AREA), page);
		assert_true(byte_is(first, AREA, 2) && byte_is(second, AREA, 3));
		end_both(parent, child);
	}
}

/* After the child's end the parent has its pages to itself, and writes to them without a copy. */
static void an_end_gives_pages_back(const char *policy)
{
	struct mm_struct *parent = world_mm(policy);
	struct page *page;

	map_at(parent, AREA, PAGE_SIZE, READ_WRITE);
	put_byte(parent, AREA, 1);
	page = page_of(parent, AREA);
	mm_exit(fork_mm(parent));
	put_byte(parent, AREA, 2);
	assert_ptr_equal(page_of(parent, AREA), page);
	assert_true(PageAnonExclusive(page));
	assert_at_rest(parent);
	mm_exit(parent);
}

/* The parent's end leaves the child what it had. */
static void a_parent_may_go_first(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child, *grandchild;

	map_at(parent, AREA, 2 * PAGE_SIZE, READ_WRITE);
	put_byte(parent, AREA, 1);
	child = fork_mm(parent);
	put_byte(child, AREA + PAGE_SIZE, 2);
	grandchild = fork_mm(child);
	mm_exit(parent);
	mm_exit(child);
	assert_true(byte_is(grandchild, AREA, 1) && byte_is(grandchild, AREA + PAGE_SIZE, 2));
	put_byte(grandchild, AREA, 3);
	assert_int_equal(page_ref_count(page_of(grandchild, AREA)), page_mapcount(page_of(grandchild, AREA)));
	assert_at_rest(grandchild);
	mm_exit(grandchild);
}

static void vmas_are_the_same(const char *policy)
{
	static const int prots[] = { READ_WRITE, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC };
	struct mm_struct *parent = world_mm(policy), *child;

	for (unsigned int i = 0; i < ARRAY_SIZE(prots); i++)
		map_at(parent, AREA + i * PMD_SIZE, PMD_SIZE, prots[i]);
	assert_int_equal(sys_mmap(parent, AREA + 4 * PMD_SIZE, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, 7),
			 AREA + 4 * PMD_SIZE);
	assert_true(sys_mmap(parent, 0, PAGE_SIZE, READ_WRITE, ANON, 0) > 0);
	put_byte(parent, AREA + PAGE_SIZE, 1);
	child = fork_mm(parent);
	assert_int_equal(child->map_count, parent->map_count);
	assert_int_equal(child->total_vm, parent->total_vm);
	assert_true(child->mm_id != parent->mm_id);
	for (unsigned long addr = 0; addr < TASK_SIZE;) {
		const struct vm_area_struct *a = vma_tree_find(&parent->tree, addr),
					    *b = vma_tree_find(&child->tree, addr);

		if (!a)
			break;
		assert_non_null(b);
		assert_ptr_not_equal(a, b);
		assert_true(a->vm_start == b->vm_start && a->vm_end == b->vm_end && a->vm_flags == b->vm_flags &&
			    a->vm_page_prot == b->vm_page_prot && a->vm_pgoff == b->vm_pgoff &&
			    a->vm_name == b->vm_name);
		assert_true(!a->anon_vma == !b->anon_vma);
		addr = a->vm_end;
	}
	assert_int_equal(do_user_addr_fault(child, AREA + PMD_SIZE, FAULT_FLAG_WRITE),
			 VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
	assert_int_equal(do_user_addr_fault(child, AREA + 2 * PMD_SIZE, 0), VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
	assert_int_equal(do_user_addr_fault(child, AREA - PAGE_SIZE, 0), VM_FAULT_SIGSEGV | VM_FAULT_BADMAP);
	end_both(parent, child);
}

/* Pages that the VMA allows no access to, or no write, are shared like others, and come back with the rights. */
static void rights_are_kept(const char *policy)
{
	static const int prots[] = { PROT_NONE, PROT_READ };
	struct mm_struct *parent, *child;

	for (unsigned int i = 0; i < ARRAY_SIZE(prots); i++) {
		parent = world_mm(policy);
		map_at(parent, AREA, PAGE_SIZE, READ_WRITE);
		put_byte(parent, AREA, 1);
		assert_int_equal(sys_mprotect(parent, AREA, PAGE_SIZE, prots[i]), 0);
		child = fork_mm(parent);
		assert_ptr_equal(page_of(child, AREA), page_of(parent, AREA));
		assert_int_equal(do_user_addr_fault(child, AREA, FAULT_FLAG_WRITE),
				 VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		assert_int_equal(sys_mprotect(child, AREA, PAGE_SIZE, READ_WRITE), 0);
		assert_false(pte_write(tree_pte(child, AREA)));
		assert_true(byte_is(child, AREA, 1));
		put_byte(child, AREA, 2);
		assert_int_equal(sys_mprotect(parent, AREA, PAGE_SIZE, PROT_READ), 0);
		assert_true(byte_is(parent, AREA, 1));
		end_both(parent, child);
	}
}

/* What no fault would bring again is copied: guard markers always, zero pages where pages are copied anyway. */
static void markers_and_zero_pages(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child;

	map_at(parent, AREA, 4 * PAGE_SIZE, READ_WRITE);
	map_at(parent, AREA + PMD_SIZE, 4 * PAGE_SIZE, READ_WRITE);
	map_at(parent, AREA + 3 * PMD_SIZE, 4 * PAGE_SIZE, READ_WRITE);
	assert_int_equal(sys_madvise(parent, AREA, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	put_byte(parent, AREA + PMD_SIZE, 1);
	read_at(parent, AREA + PMD_SIZE + PAGE_SIZE);
	read_at(parent, AREA + 3 * PMD_SIZE);
	child = fork_mm(parent);
	assert_true(pte_is_guard(tree_pte(child, AREA)));
	assert_int_equal(do_user_addr_fault(child, AREA, 0), VM_FAULT_SIGSEGV);
	assert_int_equal(sys_madvise(child, AREA, PAGE_SIZE, MADV_GUARD_REMOVE), 0);
	assert_true(byte_is(child, AREA, 0));
	assert_true(pte_is_guard(tree_pte(parent, AREA)));
	assert_ptr_equal(page_of(child, AREA + PMD_SIZE + PAGE_SIZE), zero_page);
	assert_int_equal(page_ref_count(zero_page), 1);
	assert_true(pte_none(tree_pte(child, AREA + 3 * PMD_SIZE)));
	assert_true(byte_is(child, AREA + 3 * PMD_SIZE, 0));
	end_both(parent, child);
}

/* A table with nothing to copy in it is not made; an address space that has nothing, neither. */
static void tables_where_needed(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child = fork_mm(parent);

	end_both(parent, child);
	parent = world_mm(policy);
	map_at(parent, AREA, 8 * PMD_SIZE, READ_WRITE);
	put_byte(parent, AREA + 2 * PMD_SIZE - PAGE_SIZE, 1);
	put_byte(parent, AREA + 5 * PMD_SIZE, 2);
	child = fork_mm(parent);
	assert_int_equal(mm_counter_sum(&child->pt, MM_PTE_TABLES), 2);
	assert_true(byte_is(child, AREA + 2 * PMD_SIZE - PAGE_SIZE, 1) && byte_is(child, AREA + 5 * PMD_SIZE, 2));
	end_both(parent, child);
}

/* What a pin does to a folio, without the pin: it counts as one. */
static void pin(struct mm_struct *mm, struct page *page)
{
	struct folio *folio = page_folio(page);

	store_release(&mm->has_pinned, 1u);
	folio_ref_add(folio, folio_test_large(folio) ? 1 : GUP_PIN_COUNTING_BIAS);
	fetch_add_relaxed(&folio->page._pincount, folio_test_large(folio) ? 1 : 0);
}

static void unpin(struct page *page)
{
	struct folio *folio = page_folio(page);

	fetch_sub_release(&folio->page._pincount, folio_test_large(folio) ? 1 : 0);
	folio_put_refs(folio, folio_test_large(folio) ? 1 : GUP_PIN_COUNTING_BIAS);
}

static void pinned_pages_are_copied(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child;
	uint64_t copied = events_total(EV_FORK_COPIED);
	struct page *page;

	map_at(parent, AREA, 64 * PAGE_SIZE, READ_WRITE);
	for (unsigned int i = 0; i < 64; i++)
		put_byte(parent, AREA + i * PAGE_SIZE, (unsigned char)(i + 1));
	page = page_of(parent, AREA + 20 * PAGE_SIZE);
	pin(parent, page);
	child = fork_mm(parent);
	/* Of a large folio each page, since the pin may be on any. */
	assert_int_equal(events_total(EV_FORK_COPIED) - copied, folio_nr_pages(page_folio(page)));
	assert_ptr_equal(page_of(parent, AREA + 20 * PAGE_SIZE), page);
	assert_int_equal(bits_of(parent, AREA + 20 * PAGE_SIZE), SHARED | ENTRY_ACCESSED | ENTRY_WRITE);
	assert_true(PageAnonExclusive(page));
	assert_ptr_not_equal(page_of(child, AREA + 20 * PAGE_SIZE), page);
	assert_true(PageAnonExclusive(page_of(child, AREA + 20 * PAGE_SIZE)));
	assert_int_equal(bits_of(child, AREA + 20 * PAGE_SIZE), SHARED | ENTRY_ACCESSED | ENTRY_WRITE);
	assert_ptr_equal(page_of(child, AREA), page_of(parent, AREA));
	for (unsigned int i = 0; i < 64; i++)
		assert_true(byte_is(child, AREA + i * PAGE_SIZE, (unsigned char)(i + 1)));
	unpin(page);
	end_both(parent, child);
}

/* Where the child may not write, neither does its copy allow it. */
static void a_copy_has_its_vmas_rights(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child;
	struct page *page;

	map_at(parent, AREA, PAGE_SIZE, READ_WRITE);
	put_byte(parent, AREA, 1);
	page = page_of(parent, AREA);
	assert_int_equal(sys_mprotect(parent, AREA, PAGE_SIZE, PROT_READ), 0);
	pin(parent, page);
	child = fork_mm(parent);
	assert_ptr_not_equal(page_of(child, AREA), page);
	assert_int_equal(bits_of(child, AREA), SHARED | ENTRY_ACCESSED);
	unpin(page);
	end_both(parent, child);
}

/* A shared page stays shared, pinned or not: a pin for writing makes its page exclusive first. */
static void shared_and_pinned(const char *policy)
{
	struct mm_struct *parent = world_mm(policy), *child, *other;
	struct page *page;

	map_at(parent, AREA, PAGE_SIZE, READ_WRITE);
	put_byte(parent, AREA, 1);
	page = page_of(parent, AREA);
	other = fork_mm(parent);
	pin(parent, page);
	child = fork_mm(parent);
	assert_ptr_equal(page_of(child, AREA), page);
	unpin(page);
	mm_exit(other);
	end_both(parent, child);
}

/* Of @parent, whose pages at both addresses hold 1 and 2, the second one pinned. */
static struct mm_struct *parent_with_pin(const char *policy, unsigned long first, unsigned long second)
{
	struct mm_struct *parent = world_mm(policy);

	map_at(parent, AREA, 2 * PMD_SIZE, READ_WRITE);
	map_at(parent, AREA + 3 * PMD_SIZE, PMD_SIZE, PROT_READ);
	put_byte(parent, first, 1);
	put_byte(parent, second, 2);
	pin(parent, page_of(parent, second));
	return parent;
}

#if FAULTLINE_CHECK
/*
 * Each allocation of a fork fails once: no child, nothing lost, the parent as before; or it was tried again, and there
 * is one.
 */
static void each_allocation_fails(const char *policy)
{
	const unsigned long first = AREA, second = AREA + PMD_SIZE;
	struct mm_struct *parent = parent_with_pin(policy, first, second), *child = NULL;
	struct page *page = page_of(parent, second);
	unsigned int failed = 0, allocations;

	inject_alloc_failure(0);
	child = fork_mm(parent);
	allocations = (unsigned int)inject_alloc_count();
	for (unsigned int nth = 1; nth <= allocations; nth++) {
		mm_exit(child);
		inject_alloc_failure(nth);
		if (sys_fork(parent, &child)) {
			failed++;
			inject_alloc_failure(0);
			child = fork_mm(parent);
		}
		inject_alloc_failure(0);
		assert_ptr_equal(page_of(parent, second), page);
		put_byte(parent, first, 1);
	}
	assert_true(failed >= 7);	/* mm, counters, a node and a VMA, anon_vma and two chains, the page */
	assert_true(byte_is(child, first, 1) && byte_is(child, second, 2));
	unpin(page);
	end_both(parent, child);
}
#endif

/* No frame for the child's tables, or for the page that has to be copied. */
static void frames_run_out(const char *policy)
{
	const unsigned long first = AREA, second = AREA + PMD_SIZE;
	struct mm_struct *parent = parent_with_pin(policy, first, second), *child = NULL;
	struct page *page = page_of(parent, second);
	unsigned int left = 0;
	int err;

	do {
		world_take_frames(left++ << TABLE_ORDER);
		err = sys_fork(parent, &child);
		world_give_frames();
		assert_true(!err || err == -ENOMEM);
		assert_true(byte_is(parent, first, 1) && byte_is(parent, second, 2));
	} while (err);
	assert_true(left > 4);	/* root, two tables, the page: at least four refusals */
	assert_true(byte_is(child, first, 1) && byte_is(child, second, 2));
	unpin(page);
	end_both(parent, child);
}

/* Rows: L8, G1. */
static void each_way(void **state)
{
	static void (*const ways[])(const char *policy) = {
		pages_are_shared, writes_are_apart, an_end_gives_pages_back, a_parent_may_go_first, vmas_are_the_same,
		rights_are_kept, markers_and_zero_pages, tables_where_needed, pinned_pages_are_copied,
		a_copy_has_its_vmas_rights, shared_and_pinned, frames_run_out,
#if FAULTLINE_CHECK
		each_allocation_fails,
#endif
	};

	const unsigned int payload = *(unsigned int *)*state;

	world_start(4096, payload);
	for (unsigned int p = 0; p < nr_world_policies; p++)
		for (unsigned int way = 0; way < ARRAY_SIZE(ways) && (payload == CACHE_LINE || p % 5 == 4); way++)
			ways[way](world_policies[p]);
	pinned_pages_are_copied("linux-6.15,anon=64k");
	assert_true(world_stop());
}

/* Neighbours that one large folio has are shared at once; where rights differ, or pages are missing, a run ends. */
static void large_folios(void **state)
{
	struct mm_struct *parent, *child;
	struct folio *folio;

	(void)state;
	parent = world_mm("linux-6.15,anon=64k");
	map_at(parent, AREA, 64 * PAGE_SIZE, READ_WRITE);
	for (unsigned int i = 0; i < 64; i += 16)
		put_byte(parent, AREA + i * PAGE_SIZE, (unsigned char)(i + 1));
	folio = page_folio(page_of(parent, AREA));
	assert_int_equal(folio_nr_pages(folio), 16);
	assert_int_equal(sys_madvise(parent, AREA + 3 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(sys_mprotect(parent, AREA + 8 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	child = fork_mm(parent);
	assert_int_equal(folio_mapcount(folio), 30);
	assert_int_equal(folio_ref_count(folio), 30);
	assert_true(folio_maybe_mapped_shared(folio));
	put_byte(child, AREA, 9);
	assert_int_equal(folio_mapcount(folio), 29);
	for (unsigned int i = 0; i < 64; i++)
		assert_true(byte_is(parent, AREA + i * PAGE_SIZE, (unsigned char)(i % 16 ? 0 : i + 1)));
	end_both(parent, child);
}

static unsigned int payloads[] = { 0, 64, 4096 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "each_way_without_contents", each_way, NULL, NULL, &payloads[0] },
		{ "each_way_with_one_line_a_page", each_way, NULL, NULL, &payloads[1] },
		{ "each_way_with_whole_pages", each_way, NULL, NULL, &payloads[2] },
		cmocka_unit_test_setup_teardown(large_folios, world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
