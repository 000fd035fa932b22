/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.c - look-ups of VMAs with a knock-out, step by step: a VMA is split before a reader of maps has its lock, or
 * unmapped before a fault extends it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"

#define AREA	(3 * PGDIR_SIZE)
#define PAGES	4ul

static void protect_the_first(void *mm)
{
	BUG_ON(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ));
}

/* What the reader found behind the gap was all of it when it was looked up. */
static bool a_split_hides_no_page(void)
{
	struct mm_struct *mm = world_mm("linux-6.17");
	struct maps_line lines[4];
	bool good;

	map_at(mm, AREA, PAGES * PAGE_SIZE, READ_WRITE);
	meanwhile("maps.found", protect_the_first, mm);
	good = sys_maps(mm, 0, lines, ARRAY_SIZE(lines)) == 2 && lines[0].start == AREA;
	BUG_ON(meanwhile_ran() != 1);
	if (!good)
		fprintf(stderr, "the first page is in no line\n");
	good = rests(&mm, 1) && good;
	mm_exit(mm);
	return good;
}

static void unmap_stack(void *mm)
{
	BUG_ON(sys_munmap(mm, AREA, PAGE_SIZE));
}

static bool an_unmapped_stack_does_not_grow(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN;
	bool good;

	BUG_ON(sys_mmap(mm, AREA, PAGE_SIZE, READ_WRITE, flags, 0) < 0);
	meanwhile("expand.unlocked", unmap_stack, mm);
	good = do_user_addr_fault(mm, AREA - PAGE_SIZE, FAULT_FLAG_WRITE);
	BUG_ON(meanwhile_ran() != 1);
	good = rests(&mm, 1) && good;
	mm_exit(mm);
	return good;
}

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "maps:relookup", { "in no line" } }, a_split_hides_no_page },
		{ { "expand:relookup", { "vm_detached" } }, an_unmapped_stack_does_not_grow },
	};

	return knocked_steps_main(steps, ARRAY_SIZE(steps), world_up);
}
