/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_scene.h - an mm whose first pages are written, and registered with a userfaultfd for write protection. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_UFFD_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_UFFD_SCENE_H

#include "core/lock/wait.h"
#include "core/op/pagemap.h"
#include "core/op/userfaultfd.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/fault_locks.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul		/* from AREA on, written, and registered */
#define MISSING	UFFDIO_REGISTER_MODE_MISSING
#define WP	UFFDIO_REGISTER_MODE_WP
#define ON	UFFDIO_WRITEPROTECT_MODE_WP
#define SILENT	UFFDIO_WRITEPROTECT_MODE_DONTWAKE

static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static inline void begin(const char *policy)
{
	events_reset();
	mm = mm_with_words(policy, PAGES);
	uffd = userfaultfd_create(mm);
	assert_non_null(uffd);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGES * PAGE_SIZE, WP), 0);
}

static inline void finish(void)
{
	assert_at_rest(mm);
	userfaultfd_release(uffd);
	assert_at_rest(mm);
	mm_exit(mm);
}

static inline int protect(unsigned long i, unsigned long nr, unsigned long mode)
{
	return userfaultfd_writeprotect(uffd, page_addr(i), nr * PAGE_SIZE, mode);
}

/* By the first 8 pages from @addr on, the first in bit 0. */
static inline unsigned int protected_at(unsigned long addr)
{
	unsigned int bits = 0;
	uint64_t map[8];

	BUG_ON(sys_pagemap(mm, addr, 8, map));
	for (unsigned int i = 0; i < 8; i++)
		bits |= (map[i] & PM_UFFD_WP ? 1u : 0) << i;
	return bits;
}

static inline unsigned int protected_pages(void)
{
	return protected_at(AREA);
}

/* ---- a write that waits. Includes cmocka.h first, as every test does ---- */

struct writing {
	vm_fault_t ret;
	unsigned int done;
};

static inline void take_fault(void *arg, unsigned int index)
{
	struct writing *writing = arg;

	(void)index;
	writing->ret = do_user_addr_fault(mm, page_addr(1), FAULT_FLAG_WRITE);
	step_reach(&writing->done, 1);
}

/* A thread whose write to page 1 was read, and waits. */
static inline struct test_threads *start_write(struct writing *writing)
{
	struct test_threads *thread = threads_start(1, take_fault, writing);
	unsigned long addr;
	unsigned int flags;

	while (userfaultfd_read(uffd, &addr, &flags))
		sleep_yield();
	assert_int_equal(addr, page_addr(1));
	assert_int_equal(flags, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	await_fault_locks(mm, addr);
	return thread;
}

static inline void end_write(struct test_threads *thread, const struct writing *writing)
{
	threads_join(thread);
	assert_int_equal(writing->ret, 0);
	assert_true(pte_write(pte_at(mm, 1)));
}

#endif
