/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notifiers: every operation notifies before it removes a translation; subscribers that come and go meanwhile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/memory_failure.h"
#include "core/op/migrate.h"
#include "core/op/mkclean.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/pfnmap.h"
#include "core/op/protect.h"
#include "core/op/share_page.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/mirror_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define FAR_PFN	(1UL << 30)		/* beyond every machine, and where a PUD entry can begin */
#define RAW_AT	(3 * PGDIR_SIZE)

/* A subscriber to one page, which reads its entry when it is notified. */
struct listener {
	struct mmu_interval_notifier notifier;
	unsigned long addr;
	enum pgtable_level level;		/* of its entry */
	uint64_t before;			/* its entry before the operation */
	unsigned int notified;
	enum mmu_notifier_event event;
};

static uint64_t entry_of(const struct listener *w, struct mm_struct *mm)
{
	return tree_value(mm->pt.pgd, w->level, w->addr);
}

static void invalidated(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq)
{
	struct listener *w = container_of(sub, struct listener, notifier);

	mmu_interval_set_seq(sub, seq);
	BUG_ON(range->mm != sub->mm || w->addr < range->start || w->addr >= range->end);
	if (w->notified++)
		return;		/* the same operation, going on */
	BUG_ON(entry_of(w, sub->mm) != w->before);
	w->event = range->event;
}

static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidated };

/* What happens to page 0 of an area, or to the first page of a file. */
struct happening {
	const char *name;
	void (*fn)(struct mm_struct *mm, struct file *file);
	enum mmu_notifier_event event;
	bool of_file;
	bool shared;				/* with a child, before */
};

static void unmap_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_munmap(mm, AREA, LEN));
}

static void drop_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED));
}

static void guard_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL));
}

static void protect_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ));
}

static void fork_it(struct mm_struct *mm, struct file *file)
{
	struct mm_struct *child;

	(void)file;
	BUG_ON(sys_fork(mm, &child));
	mm_exit(child);
}

static void write_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
}

static void unshare_it(struct mm_struct *mm, struct file *file)
{
	struct page *page;

	(void)file;
	BUG_ON(pin_user_pages_fast(mm, AREA, 1, FOLL_LONGTERM, &page) != 1);
	unpin_user_page(page);
}

static void move_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_mremap(mm, AREA, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, AREA + 4 * LEN) != (long)(AREA + 4 * LEN));
}

static void migrate_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_migrate_range(mm, AREA, PAGE_SIZE, 1) != 1);
}

static void page_it_out(struct mm_struct *mm, struct file *file)
{
	(void)file;
	page_out(mm, 0);
	BUG_ON(!swapped(mm, 0));
}

static void poison_it(struct mm_struct *mm, struct file *file)
{
	struct folio *folio = folio_at(mm, 0);

	(void)file;
	folio_get(folio);
	BUG_ON(memory_failure(folio));
	folio_put(folio);
}

static void truncate_it(struct mm_struct *mm, struct file *file)
{
	(void)mm;
	BUG_ON(sys_ftruncate(file, 0));
}

static void clean_it(struct mm_struct *mm, struct file *file)
{
	(void)mm;
	BUG_ON(filemap_writeback(file) != 1);
}

static void exit_it(struct mm_struct *mm, struct file *file)
{
	(void)file;
	BUG_ON(sys_munmap(mm, PAGE_SIZE, ALIGN_DOWN(TASK_SIZE, PGDIR_SIZE) - PAGE_SIZE));
}

static void share_it(struct mm_struct *mm, struct file *file)
{
	struct page *page;

	(void)file;
	BUG_ON(share_page(mm, AREA, &page));
	put_page(page);
}

static const struct happening happenings[] = {
	{ "munmap", unmap_it, MMU_NOTIFY_CLEAR, false, false },
	{ "munmap of everything", exit_it, MMU_NOTIFY_CLEAR, false, false },
	{ "MADV_DONTNEED", drop_it, MMU_NOTIFY_CLEAR, false, false },
	{ "MADV_GUARD_INSTALL", guard_it, MMU_NOTIFY_CLEAR, false, false },
	{ "mprotect", protect_it, MMU_NOTIFY_PROTECTION_VMA, false, false },
	{ "fork", fork_it, MMU_NOTIFY_PROTECTION_PAGE, false, false },
	{ "copy on write", write_it, MMU_NOTIFY_CLEAR, false, true },
	{ "unsharing", unshare_it, MMU_NOTIFY_CLEAR, false, true },
	{ "mremap", move_it, MMU_NOTIFY_UNMAP, false, false },
	{ "migration", migrate_it, MMU_NOTIFY_MIGRATE, false, false },
	{ "swap-out", page_it_out, MMU_NOTIFY_CLEAR, false, false },
	{ "sharing", share_it, MMU_NOTIFY_PROTECTION_PAGE, false, false },
	{ "a page that is lost", poison_it, MMU_NOTIFY_CLEAR, false, false },
	{ "truncation", truncate_it, MMU_NOTIFY_CLEAR, true, false },
	{ "cleaning", clean_it, MMU_NOTIFY_PROTECTION_PAGE, true, false },
};

static void listen(struct listener *w, struct mm_struct *mm)
{
	w->before = entry_of(w, mm);
	assert_int_equal(mmu_notifier_register(mm), 0);
	assert_int_equal(mmu_interval_notifier_insert(&w->notifier, mm, w->addr, w->addr + PAGE_SIZE, &ops), 0);
}

/* The listener was notified of @event, and its entry changed after that. */
static void heard_of(struct listener *w, struct mm_struct *mm, const char *name, enum mmu_notifier_event event)
{
	if (!w->notified || w->event != event || entry_of(w, mm) == w->before)
		fail_msg("%s: notified %u times, event %d", name, w->notified, w->event);
	mmu_interval_notifier_remove(&w->notifier);
}

/* Row: H4. */
static void each_is_notified_before(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(happenings); i++) {
		const struct happening *h = &happenings[i];
		struct file *file = scene_file();
		struct mm_struct *mm = mm_with_words("linux-6.15", 1), *child = NULL;
		struct listener w = { .addr = h->of_file ? AREA + 8 * LEN : AREA, .level = LEVEL_PTE };

		map_file_at(mm, AREA + 8 * LEN, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		assert_int_equal(do_user_addr_fault(mm, AREA + 8 * LEN, FAULT_FLAG_WRITE), 0);
		if (h->shared)
			assert_int_equal(sys_fork(mm, &child), 0);
		listen(&w, mm);
		h->fn(mm, file);
		heard_of(&w, mm, h->name, h->event);
		if (child)
			mm_exit(child);
		mm_exit(mm);
		file_put(file);
	}
}

/* Row: H4. A fault at one end of a leaf of a PUD table splits it: a subscriber of the other end is notified. */
static void a_pud_leaf_that_is_split(void **state)
{
	struct listener w = { .addr = RAW_AT + PUD_SIZE - PAGE_SIZE, .level = LEVEL_PUD };
	struct mm_struct *mm;

	(void)state;
	needs_thp();
	mm = world_mm(THP_POLICY);
	assert_int_equal(sys_mmap_pfn(mm, RAW_AT, PUD_SIZE, RW, MAP_PRIVATE | MAP_FIXED, FAR_PFN), (long)RAW_AT);
	listen(&w, mm);
	assert_true(pud_trans_huge((pud_t){ w.before }));
	assert_int_equal(do_user_addr_fault(mm, RAW_AT, FAULT_FLAG_WRITE), 0);
	heard_of(&w, mm, "a PUD split", MMU_NOTIFY_CLEAR);
	mm_exit(mm);
}

/* Row: H4. Cleaning one page of a huge leaf cleans the leaf: a subscriber of another page is notified. */
static void a_leaf_that_is_cleaned_in_part(void **state)
{
	struct listener w = { .addr = SHARED_AT + PMD_SIZE - PAGE_SIZE, .level = LEVEL_PMD };
	struct mm_struct *mm;
	struct file *file;

	(void)state;
	needs_thp();
	file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER, FILE_SEED);
	mm = world_mm("linux-6.15");
	map_file_at(mm, SHARED_AT, HPAGE_PMD_NR, RW, MAP_SHARED, file, 0);
	assert_int_equal(do_user_addr_fault(mm, SHARED_AT, FAULT_FLAG_WRITE), 0);
	listen(&w, mm);
	assert_true(is_huge(mm, SHARED_AT));
	assert_int_equal(mapping_wrprotect_range(&file->mapping, 1, folio_pfn(huge_folio(mm, SHARED_AT)) + 1, 1), 1);
	heard_of(&w, mm, "cleaning of a part", MMU_NOTIFY_PROTECTION_PAGE);
	mm_exit(mm);
	file_put(file);
}

/* Operations that only add are not notified, nor are those on other pages. */
static void nothing_else_is_notified(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child;
	struct listener w = { .addr = page_addr(4), .level = LEVEL_PTE };

	(void)state;
	assert_int_equal(mmu_notifier_register(mm), 0);
	assert_int_equal(mmu_interval_notifier_insert(&w.notifier, mm, page_addr(4), page_addr(5), &ops), 0);
	assert_int_equal(do_user_addr_fault(mm, page_addr(4), FAULT_FLAG_WRITE), 0);
	drop_it(mm, NULL);
	assert_int_equal(w.notified, 0);
	w.before = entry_of(&w, mm);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(w.notified, 1);
	mm_exit(child);
	/* The child is gone: the page is written to where it is. */
	assert_int_equal(do_user_addr_fault(mm, page_addr(4), FAULT_FLAG_WRITE), 0);
	assert_int_equal(w.notified, 1);
	mmu_interval_notifier_remove(&w.notifier);
	mm_exit(mm);
}

static void what_is_refused(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct listener w = { 0 };

	(void)state;
	assert_int_equal(mmu_interval_notifier_insert(&w.notifier, mm, AREA, AREA + PAGE_SIZE, &ops), -ENOENT);
	inject_alloc_failure(1);
	if (FAULTLINE_CHECK)
		assert_int_equal(mmu_notifier_register(mm), -ENOMEM);
	inject_alloc_failure(0);
	assert_int_equal(mmu_notifier_register(mm), 0);
	assert_int_equal(mmu_interval_notifier_insert(&w.notifier, mm, AREA, AREA, &ops), -EINVAL);
	assert_int_equal(mmu_interval_notifier_insert(&w.notifier, mm, AREA + 1, AREA + PAGE_SIZE, &ops), -EINVAL);
	mm_exit(mm);
}

/* ---- coming and going while an invalidation goes on ---- */

/* An invalidation that stops while it notifies its subscriber, and another thread meanwhile. */
struct stopped {
	struct mm_struct *mm;
	struct mmu_interval_notifier first, second;
	unsigned int step;	/* 1 notified, 2 may go on, 3 is over */
	unsigned int waited;	/* 1 the other is about to wait for the end, 2 has */
	void (*wait)(struct stopped *s);
};

static void stop_there(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq)
{
	struct stopped *s = container_of(sub, struct stopped, first);

	(void)range;
	mmu_interval_set_seq(sub, seq);
	step_reach(&s->step, 1);
	step_await(&s->step, 2);
}

static void only_note(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq)
{
	(void)range;
	mmu_interval_set_seq(sub, seq);
}

static const struct mmu_interval_notifier_ops stopping = { .invalidate = stop_there };
static const struct mmu_interval_notifier_ops noting = { .invalidate = only_note };

static void two_sides(void *arg, unsigned int index)
{
	struct stopped *s = arg;

	if (index == 0) {
		drop_it(s->mm, NULL);
		frame_drain_cpu();
		step_reach(&s->step, 3);
		return;
	}
	step_await(&s->step, 1);
	step_reach(&s->waited, 1);
	s->wait(s);
	step_reach(&s->waited, 2);
}

/* @wait does not return before the invalidation is over. */
static void waits_for_the_end(void (*wait)(struct stopped *s))
{
	struct stopped s = { .mm = mm_with_words("linux-6.15", 1), .wait = wait };
	struct test_threads *threads;

	assert_int_equal(mmu_notifier_register(s.mm), 0);
	assert_int_equal(mmu_interval_notifier_insert(&s.first, s.mm, AREA, AREA + PAGE_SIZE, &stopping), 0);
	threads = threads_start(2, two_sides, &s);
	step_await(&s.waited, 1);
	assert_false(step_within(&s.waited, 2, 50));
	step_reach(&s.step, 2);
	threads_join(threads);
	mm_exit(s.mm);
}

static void begin_to_read(struct stopped *s)
{
	uint32_t seq = mmu_interval_read_begin(&s->first);

	BUG_ON(mmu_interval_read_retry(&s->first, seq));
	mmu_interval_notifier_remove(&s->first);
}

static void go(struct stopped *s)
{
	mmu_interval_notifier_remove(&s->first);
}

/* One that comes is in only afterwards, and knows it; one that goes again before is never in. */
static void come_and_read(struct stopped *s)
{
	BUG_ON(mmu_interval_notifier_insert(&s->second, s->mm, AREA, AREA + PAGE_SIZE, &noting));
	mmu_interval_notifier_remove(&s->second);
	BUG_ON(mmu_interval_notifier_insert(&s->second, s->mm, AREA, AREA + PAGE_SIZE, &noting));
	BUG_ON(mmu_interval_read_retry(&s->second, mmu_interval_read_begin(&s->second)));
	mmu_interval_notifier_remove(&s->first);
	mmu_interval_notifier_remove(&s->second);
}

/* Row: H3. */
static void an_invalidation_is_waited_for(void **state)
{
	(void)state;
	waits_for_the_end(begin_to_read);
	waits_for_the_end(go);
	waits_for_the_end(come_and_read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_notified_before),
		cmocka_unit_test(a_pud_leaf_that_is_split),
		cmocka_unit_test(a_leaf_that_is_cleaned_in_part),
		cmocka_unit_test(nothing_else_is_notified),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(an_invalidation_is_waited_for),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
