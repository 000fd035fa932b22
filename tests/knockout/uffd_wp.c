/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_wp.c - pages that a userfaultfd write-protects with a knock-out, step by step: a second cpu has the entry in its
 * TLB, the page is swapped out, or it is under migration while it is protected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/faultline.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static void begin(const char *policy)
{
	mm = mm_with_words(policy, 1);
	uffd = userfaultfd_create(mm);
	BUG_ON(!uffd || userfaultfd_register(uffd, AREA, PAGE_SIZE, UFFDIO_REGISTER_MODE_WP));
}

static void protect(void *arg)
{
	(void)arg;
	BUG_ON(userfaultfd_writeprotect(uffd, AREA, PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP));
}

static bool is_protected(void)
{
	uint64_t map;

	BUG_ON(sys_pagemap(mm, AREA, 1, &map));
	if (!(map & PM_UFFD_WP))
		fprintf(stderr, "a page is not write-protected: %#lx\n", (unsigned long)map);
	return map & PM_UFFD_WP;
}

static bool end(bool good)
{
	good = rests(&mm, 1) && good;
	userfaultfd_release(uffd);
	mm_exit(mm);
	return good;
}

/* The second cpu: a thread of its own each time, but the same slot, and so the same TLB. */
static void write_by_tlb(void *arg, unsigned int index)
{
	(void)index;
	*(bool *)arg = !tlb_access(&mm->pt, AREA, true, NULL, NULL);
}

static bool no_processor_writes_afterwards(void)
{
	bool before = false, after = false;

	begin("linux-6.15,tlb=ipi");
	threads_run(1, write_by_tlb, &before);
	protect(NULL);
	threads_run(1, write_by_tlb, &after);
	return end(before && !after);
}

static bool a_page_in_swap_is_protected(void)
{
	begin("linux-6.15");
	protect(NULL);
	page_out(mm, 0);
	BUG_ON(!swapped(mm, 0) || do_user_addr_fault(mm, AREA, 0));
	return end(is_protected() && !pte_write(pte_at(mm, 0)));
}

/* Between the two halves of the migration. */
static bool a_page_under_migration_is_protected(void)
{
	begin("linux-6.15");
	meanwhile("migrate.unmapped", protect, NULL);
	BUG_ON(sys_migrate_range(mm, AREA, PAGE_SIZE, 1) != 1 || meanwhile_ran() != 1);
	return end(is_protected() && !pte_write(pte_at(mm, 0)));
}

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "uffd-wp:flush", { "translation", "flush" } }, no_processor_writes_afterwards },
		{ { "uffd-wp:keep", { "not write-protected" } }, a_page_in_swap_is_protected },
		{ { "uffd-wp:migration", { "not write-protected", "write-protected by a userfaultfd, and writable" } },
		  a_page_under_migration_is_protected },
	};

	return knocked_steps_main(steps, ARRAY_SIZE(steps), two_nodes_up);
}
