/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup: pages got and pinned, what counts them, and every way it can be refused. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/oracle/at_rest.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/fault_scene.h"

#define N	6ul
#define SPAN	(PMD_SIZE - 3 * PAGE_SIZE)	/* pages from here on lie in two tables */

static struct page *pages[N];

/* How pages were had since the last call. */
struct ways {
	uint64_t fast, slow;
};

static struct ways ways(void)
{
	static struct ways before;
	struct ways now = { events_total(EV_GUP_FAST), events_total(EV_GUP_SLOW) };
	struct ways since = { now.fast - before.fast, now.slow - before.slow };

	before = now;
	return since;
}

static void write_pages(const struct scene *s, unsigned long addr, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		assert_int_equal(do_write(s, addr + i * PAGE_SIZE), 0);
}

static void end(const struct scene *s)
{
	assert_at_rest(s->mm);
	mm_exit(s->mm);
}

/* Resident pages, in two tables: no lock is taken, and each page is counted as what it is had for. */
/* Row: L6. */
static void resident_pages_need_no_lock(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct scene s = scene_of(world_policies[i], PROT_READ | PROT_WRITE);

		write_pages(&s, AREA + SPAN, N);
		ways();
		assert_int_equal(get_user_pages_fast(s.mm, AREA + SPAN + 17, N, 0, pages), N);
		for (unsigned long p = 0; p < N; p++) {
			assert_ptr_equal(pages[p], page_at(&s, AREA + SPAN + p * PAGE_SIZE));
			assert_int_equal(page_ref_count(pages[p]), 2);
			assert_false(folio_maybe_dma_pinned(page_folio(pages[p])));
			put_page(pages[p]);
		}
		assert_int_equal(load_relaxed(&s.mm->has_pinned), 0);
		assert_int_equal(pin_user_pages_fast(s.mm, AREA + SPAN, N, FOLL_WRITE, pages), N);
		assert_int_equal(pin_user_pages_fast(s.mm, AREA + SPAN, N, FOLL_LONGTERM, pages), N);
		for (unsigned long p = 0; p < N; p++) {
			assert_int_equal(page_ref_count(pages[p]), 1 + 2 * GUP_PIN_COUNTING_BIAS);
			assert_true(folio_maybe_dma_pinned(page_folio(pages[p])));
			unpin_user_page(pages[p]);
		}
		unpin_user_pages(pages, N);
		assert_int_equal(ways().slow, 0);
		assert_int_equal(load_relaxed(&s.mm->has_pinned), 1);
		end(&s);
	}
}

/* What is not there is faulted in under mmap_lock; what is, is had first. */
static void missing_pages_are_faulted_in(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

	(void)state;
	write_pages(&s, AREA + SPAN, 2);
	ways();
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + SPAN, N, FOLL_WRITE | FOLL_FAST_ONLY, pages), 2);
	assert_int_equal(ways().fast, 2);
	unpin_user_pages(pages, 2);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + SPAN, N, FOLL_WRITE, pages), N);
	assert_int_equal(ways().slow, N - 2);
	for (unsigned long p = 0; p < N; p++)
		assert_ptr_equal(pages[p], page_at(&s, AREA + SPAN + p * PAGE_SIZE));
	unpin_user_pages(pages, N);
	assert_int_equal(pin_user_pages_unlocked(s.mm, AREA, N, FOLL_WRITE, pages), N);
	unpin_user_pages(pages, N);
	assert_int_equal(get_user_pages_unlocked(s.mm, AREA, N, 0, pages), N);
	for (unsigned long p = 0; p < N; p++)
		put_page(pages[p]);
	assert_int_equal(tree_count(s.mm).anon, 2 * N);
	end(&s);
}

/* Pins to read a page never written get the zero page, but no long-term pin does. */
static void the_zero_page_is_not_pinned(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
	int refs = page_ref_count(zero_page);

	(void)state;
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, 0, pages), 1);
	assert_ptr_equal(pages[0], zero_page);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, 0, pages + 1), 1);	/* now it is mapped */
	assert_int_equal(page_ref_count(zero_page), refs);
	unpin_user_pages(pages, 2);
	assert_int_equal(page_ref_count(zero_page), refs);
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 1, 0, pages), 1);
	assert_int_equal(page_ref_count(zero_page), refs + 1);
	put_page(pages[0]);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_LONGTERM, pages), 1);
	assert_ptr_not_equal(pages[0], zero_page);
	assert_ptr_equal(pages[0], page_at(&s, AREA));
	assert_true(PageAnonExclusive(pages[0]) && !pte_write(tree_pte(s.mm, AREA)));
	assert_int_equal(do_write(&s, AREA), 0);
	assert_ptr_equal(pages[0], page_at(&s, AREA));
	unpin_user_page(pages[0]);
	end(&s);
}

/* Row: A5. */
static void a_large_folio_counts_its_pins_apart(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=16k", PROT_READ | PROT_WRITE);
	struct folio *folio;

	(void)state;
	assert_int_equal(do_write(&s, AREA), 0);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + PAGE_SIZE, 3, FOLL_WRITE, pages), 3);
	folio = page_folio(pages[0]);
	assert_int_equal(folio_nr_pages(folio), 4);
	assert_ptr_equal(pages[2], folio_page(folio, 3));
	assert_int_equal(folio_ref_count(folio), 4 + 3);
	assert_int_equal(load_relaxed(&folio->page._pincount), 3);
	assert_int_equal(pin_user_pages_unlocked(s.mm, AREA, 1, 0, pages + 3), 1);
	assert_int_equal(load_relaxed(&folio->page._pincount), 4);
	unpin_user_pages(pages, 4);
	assert_false(folio_maybe_dma_pinned(folio));
	assert_int_equal(folio_ref_count(folio), 4);
	end(&s);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 0, 0, pages), 0);
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 1, FOLL_LONGTERM, pages), -EINVAL);
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 1, FOLL_PIN, pages), -EINVAL);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_GET, pages), -EINVAL);
	assert_int_equal(pin_user_pages_unlocked(s.mm, AREA, 1, FOLL_FAST_ONLY, pages), -EINVAL);
	assert_int_equal(get_user_pages_unlocked(s.mm, AREA, 1, FOLL_FAST_ONLY, pages), -EINVAL);
	assert_int_equal(pin_user_pages_fast(s.mm, TASK_SIZE, 1, 0, pages), -EFAULT);
	assert_int_equal(pin_user_pages_fast(s.mm, TASK_SIZE - PAGE_SIZE, 2, 0, pages), -EFAULT);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, ULONG_MAX >> PAGE_SHIFT, 0, pages), -EFAULT);
	assert_int_equal(pin_user_pages_unlocked(s.mm, AREA, ULONG_MAX, 0, pages), -EFAULT);
	end(&s);
}

/* No VMA, no right, a guard region: -EFAULT; with pages before it, those. */
static void what_is_not_allowed_is_refused(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(pin_user_pages_fast(s.mm, AREA - PAGE_SIZE, 2, 0, pages), -EFAULT);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + LEN - PAGE_SIZE, 3, FOLL_WRITE, pages), 1);
	unpin_user_page(pages[0]);
	assert_int_equal(sys_madvise(s.mm, AREA + PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 3, FOLL_WRITE, pages), 1);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA + PAGE_SIZE, 1, 0, pages + 1), -EFAULT);
	unpin_user_page(pages[0]);
	assert_int_equal(sys_mprotect(s.mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, pages), -EFAULT);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, 0, pages), 1);
	unpin_user_page(pages[0]);
	assert_int_equal(sys_mprotect(s.mm, AREA, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, 0, pages), -EFAULT);
	assert_int_equal(get_user_pages_unlocked(s.mm, AREA, 1, 0, pages), -EFAULT);
	assert_int_equal(sys_mprotect(s.mm, AREA, PAGE_SIZE, PROT_WRITE), 0);
	assert_int_equal(get_user_pages_unlocked(s.mm, AREA, 1, 0, pages), -EFAULT);
	end(&s);
}

/* Each allocation of a call fails once: -ENOMEM, or the pages before it; nothing is lost. */
static void out_of_memory_is_reported(void **state)
{
	unsigned long refused = 0, some = 0, allocations = 1;
	long got;

	(void)state;
	needs_checks();
	for (unsigned long nth = 1; nth <= allocations; nth++) {
		struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);

		inject_alloc_failure(nth);
		got = pin_user_pages_fast(s.mm, AREA + SPAN, N, FOLL_WRITE, pages);
		allocations = max(allocations, inject_alloc_count());
		inject_alloc_failure(0);
		assert_true(got == -ENOMEM || (got > 0 && got <= (long)N));
		refused += got < 0;
		some += got > 0 && got < (long)N;
		if (got > 0)
			unpin_user_pages(pages, (unsigned long)got);
		end(&s);
	}
	assert_true(refused && some);
}

/* A page with as many references as can be counted gets no more. */
static void counts_do_not_overflow(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
	struct page *page;

	(void)state;
	assert_int_equal(do_write(&s, AREA), 0);
	page = page_at(&s, AREA);
	store_relaxed(&page->_refcount, INT_MIN);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, pages), -ENOMEM);
	assert_int_equal(get_user_pages_fast(s.mm, AREA, 1, 0, pages), -ENOMEM);
	assert_int_equal(load_relaxed(&page->_refcount), INT_MIN);
	store_relaxed(&page->_refcount, 1);
	end(&s);
}

/* A pin that was not taken cannot be dropped. */
static void unpinning_too_often_dies(void **state)
{
	struct scene s = scene_of("linux-6.15,anon=16k", PROT_READ | PROT_WRITE);

	(void)state;
	assert_int_equal(do_write(&s, AREA), 0);
	assert_dies("old < (uint32_t)nr", unpin_user_page(page_at(&s, AREA)));
	store_relaxed(&page_folio(page_at(&s, AREA))->page._pincount, 0);
	assert_int_equal(sys_munmap(s.mm, AREA, LEN), 0);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resident_pages_need_no_lock),
		cmocka_unit_test(missing_pages_are_faulted_in),
		cmocka_unit_test(the_zero_page_is_not_pinned),
		cmocka_unit_test(a_large_folio_counts_its_pins_apart),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(what_is_not_allowed_is_refused),
		cmocka_unit_test(out_of_memory_is_reported),
		cmocka_unit_test(counts_do_not_overflow),
		cmocka_unit_test(unpinning_too_often_dies),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
