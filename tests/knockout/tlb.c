/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tlb.c - TLB flushes that come too late or not at all, step by step: a second cpu uses what should be gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/memory_failure.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"

#define DIRTY	(SHARED_AT + 5 * PAGE_SIZE)
#define PRIVATE	(PRIVATE_AT + PAGE_SIZE)		/* in another entry of the TLB than SHARED_AT */
#define AWAY	(SHARED_AT + 16 * PMD_SIZE + PAGE_SIZE)	/* not aligned alike: entries are moved one by one */

static struct mm_struct *mm, *other;
static struct file *file;
static bool accessed;

static void begin(const char *policy)
{
	file = scene_file();
	mm = file_mm(policy, file);
	other = file_mm(policy, file);
	BUG_ON(user_access(mm, SHARED_AT, 0) || user_access(mm, PRIVATE, FAULT_FLAG_WRITE));
	BUG_ON(user_access(mm, DIRTY, FAULT_FLAG_WRITE) || user_access(other, SHARED_AT, 0));
}

static bool end(void)
{
	bool good = rests((struct mm_struct *[]){ mm, other }, 2);

	mm_exit(mm);
	mm_exit(other);
	file_put(file);
	return good;
}

/* The second cpu: a thread of its own each time, but the same slot, and so the same TLB. */
static void access_shared(void *arg)
{
	(void)arg;
	accessed = !tlb_access(&mm->pt, SHARED_AT, false, NULL, NULL);
}

static void access_private(void *arg)
{
	(void)arg;
	accessed = !tlb_access(&mm->pt, PRIVATE, true, NULL, NULL);
}

static void write_dirty(void *arg)
{
	(void)arg;
	accessed = !tlb_access(&mm->pt, DIRTY, true, NULL, NULL);
}

static void fill(void *arg, unsigned int index)
{
	(void)index;
	access_shared(arg);
	access_private(arg);
	write_dirty(arg);
}

static void idle(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	enter_lazy_tlb();
}

static void run_other(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(tlb_access(&other->pt, SHARED_AT, false, NULL, NULL));
}

/* Found by its entries, so that nothing is flushed but those. */
static void lose_page_and_access(void *arg)
{
	struct folio *folio = filemap_get_folio(&file->mapping, 0);

	BUG_ON(!folio || memory_failure(folio));
	folio_put(folio);
	access_shared(arg);
}

/* At its new address the page is unmapped, flushed and freed; its old one is used. */
static bool a_moved_page_is_flushed_first(void)
{
	const unsigned long len = FILE_PAGES << PAGE_SHIFT;

	begin("linux-6.15,tlb=ipi");
	threads_run(1, fill, NULL);
	meanwhile("mremap.entries_moved", lose_page_and_access, NULL);
	BUG_ON(sys_mremap(mm, SHARED_AT, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, AWAY) != (long)AWAY);
	return meanwhile_ran() == 1 && !accessed && end();
}

static bool a_freed_page_is_flushed_first(void)
{
	begin("linux-6.15,tlb=ipi");
	threads_run(1, fill, NULL);
	meanwhile("gather.freed", access_private, NULL);
	BUG_ON(sys_munmap(mm, PRIVATE, PAGE_SIZE));
	return meanwhile_ran() == 1 && !accessed && end();
}

static void access_private_at_last(void *arg, unsigned int index)
{
	(void)index;
	access_private(arg);
}

static bool unmapped_is_not_accessed(void)
{
	BUG_ON(sys_munmap(mm, PRIVATE, PAGE_SIZE));
	threads_run(1, access_private_at_last, NULL);
	return !accessed && end();
}

static bool a_cpu_that_returns_catches_up(void)
{
	begin("linux-6.15,tlb=ipi");
	threads_run(1, fill, NULL);
	threads_run(1, run_other, NULL);
	return unmapped_is_not_accessed();
}

static bool a_lazy_cpu_catches_up(void)
{
	begin("linux-6.15,tlb=lazy");
	threads_run(1, fill, NULL);
	threads_run(1, idle, NULL);
	return unmapped_is_not_accessed();
}

static bool a_reclaimed_page_is_flushed(void)
{
	bool good;

	begin("linux-6.15,tlb=batched");
	BUG_ON(swap_on(16));
	threads_run(1, fill, NULL);
	BUG_ON(sys_madvise(mm, PRIVATE, PAGE_SIZE, MADV_PAGEOUT));
	threads_run(1, access_private_at_last, NULL);
	good = !accessed && end();
	return !swap_off() && good;
}

static void write_back_and_write(void *arg)
{
	filemap_writeback(file);
	write_dirty(arg);
}

/* Its mapping is counted until then: write-back would pass over its entries. */
static bool a_dirty_page_is_flushed_before_it_is_clean(void)
{
	begin("linux-6.15,tlb=ipi");
	threads_run(1, fill, NULL);
	meanwhile("zap.before_reclaim", write_back_and_write, NULL);
	BUG_ON(sys_munmap(mm, DIRTY, PAGE_SIZE));
	return meanwhile_ran() == 1 && !accessed && end();
}

static const struct knocked_steps steps[] = {
	{ { "mremap:tlb", { "translations" } }, a_moved_page_is_flushed_first },
	{ { "gather:flush", { "translations" } }, a_freed_page_is_flushed_first },
	{ { "tlb:lazy", { "translations" } }, a_lazy_cpu_catches_up },
	{ { "tlb:batch", { "translations" } }, a_reclaimed_page_is_flushed },
	{ { "zap:delay-rmap", { "translations" } }, a_dirty_page_is_flushed_before_it_is_clean },
	{ { "tlb:generation", { "translations" } }, a_cpu_that_returns_catches_up },
};

int main(void)
{
	return knocked_steps_main(steps, ARRAY_SIZE(steps), world_up_with_words);
}
