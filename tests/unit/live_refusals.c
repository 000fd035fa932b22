/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_refusals: calls that the running kernel refuses are refused by ours, with the same error. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/mremap.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_both.h"
#include "tests/lib/model/live_calls.h"

#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/* Arguments that both refuse, whatever is mapped. */
static void refusals_agree(void **state)
{
	static const struct live_call calls[] = {
		{ .kind = LIVE_MMAP, .addr = LIVE_BASE, .prot = PROT_READ, .flags = PRIVATE },
		{ .kind = LIVE_MMAP, .addr = LIVE_BASE, .prot = PROT_READ, .flags = MAP_PRIVATE },
		{ .kind = LIVE_MMAP, .addr = LIVE_BASE, .len = -1ul, .prot = PROT_READ, .flags = PRIVATE },
		{ .kind = LIVE_MMAP, .addr = LIVE_BASE, .len = 1ul << 60, .prot = PROT_READ, .flags = PRIVATE },
		{ .kind = LIVE_MMAP, .addr = LIVE_BASE + 1, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = LIVE_MMAP, .addr = 1ul << 60, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = LIVE_MMAP, .addr = (1ul << 60) + 1, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = LIVE_MMAP, .addr = -PAGE_SIZE, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = LIVE_MUNMAP, .addr = LIVE_BASE },
		{ .kind = LIVE_MUNMAP, .addr = LIVE_BASE + 1, .len = PAGE_SIZE },
		{ .kind = LIVE_MUNMAP, .addr = 1ul << 60, .len = PAGE_SIZE },
		{ .kind = LIVE_MUNMAP, .addr = LIVE_BASE, .len = -1ul },
		{ .kind = LIVE_MUNMAP, .addr = LIVE_BASE, .len = 1ul << 60 },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE + 1, .len = PAGE_SIZE, .prot = PROT_READ },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE + 1, .prot = PROT_READ },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE, .prot = 0x77777 },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE, .len = -1ul, .prot = PROT_READ },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE, .len = -LIVE_BASE, .prot = PROT_READ },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE, .len = -PAGE_SIZE, .prot = 0x77777 },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE, .len = PAGE_SIZE, .prot = 0x10000 },
		{ .kind = LIVE_MPROTECT, .addr = LIVE_BASE, .len = PAGE_SIZE, .prot = PROT_READ },
		{ .kind = LIVE_MPROTECT, .addr = 1ul << 60, .len = PAGE_SIZE, .prot = PROT_READ },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE + 1, .len = PAGE_SIZE, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE + 1, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .len = -1ul, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .len = -LIVE_BASE, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .len = -LIVE_BASE - PAGE_SIZE, .advice = 99 },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .advice = 99 },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .len = PAGE_SIZE, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MADVISE, .addr = LIVE_BASE, .len = PAGE_SIZE, .advice = MADV_POPULATE_READ },
		{ .kind = LIVE_MADVISE, .addr = 1ul << 60, .len = PAGE_SIZE, .advice = MADV_DONTNEED },
		{ .kind = LIVE_MINCORE, .addr = LIVE_BASE, .len = PAGE_SIZE },
		{ .kind = LIVE_MINCORE, .addr = LIVE_BASE + 1, .len = PAGE_SIZE },
		{ .kind = LIVE_MINCORE, .addr = LIVE_BASE },
		{ .kind = LIVE_MINCORE, .addr = LIVE_BASE + 1 },
		{ .kind = LIVE_MINCORE, .addr = 1ul << 60, .len = PAGE_SIZE },
		{ .kind = LIVE_MINCORE, .addr = LIVE_BASE, .len = -1ul },
		{ .kind = LIVE_TOUCH, .addr = LIVE_BASE },
		{ .kind = LIVE_TOUCH, .addr = LIVE_BASE, .write = true, .byte = 1 },
	};
	struct mm_struct *mm = world_mm("linux-6.15");
	const bool populates = live_has_advice(LIVE_BASE, MADV_POPULATE_READ);
	unsigned int differ = 0;

	(void)state;
	live_catch_faults();
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].advice != MADV_POPULATE_READ || populates)
			differ += !live_both(&calls[i], mm);
	assert_int_equal(differ, 0);
	mm_exit(mm);
}

/* With one page mapped at LIVE_BASE. */
static void mremap_refusals_agree(void **state)
{
	static const struct live_call calls[] = {
		{ .addr = LIVE_BASE + 1, .len = PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = 0 },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = -1ul },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = 1ul << 60, .flags = MREMAP_MAYMOVE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = (1ul << 47) - PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = 8 },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED,
		  .new_addr = LIVE_BASE + PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_DONTUNMAP },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE + 7 },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = 1ul << 60 },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = -PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = 2 * PAGE_SIZE,
		  .flags = MREMAP_DONTUNMAP | MREMAP_MAYMOVE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_DONTUNMAP | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE },
		{ .addr = LIVE_BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_DONTUNMAP | MREMAP_MAYMOVE,
		  .new_addr = 77 },
		{ .addr = LIVE_BASE, .len = 0, .new_len = PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = LIVE_BASE, .len = 0, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = 0, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE },
		{ .addr = LIVE_BASE, .len = -1ul, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = -PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = 1ul << 60, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE, .len = 2 * PAGE_SIZE, .new_len = 3 * PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = LIVE_BASE, .len = 2 * PAGE_SIZE, .new_len = 2 * PAGE_SIZE },
		{ .addr = LIVE_BASE + PAGE_SIZE, .len = PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE + PAGE_SIZE, .len = 2 * PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = LIVE_BASE + PAGE_SIZE, .len = PAGE_SIZE, .new_len = 2 * PAGE_SIZE },
		{ .addr = LIVE_BASE + PAGE_SIZE, .len = 0, .new_len = PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = LIVE_BASE + PAGE_SIZE, .len = PAGE_SIZE, .new_len = PAGE_SIZE,
		  .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE + 8 * PAGE_SIZE },
		{ .addr = -PAGE_SIZE, .len = PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = -PAGE_SIZE, .len = 2 * PAGE_SIZE, .new_len = 2 * PAGE_SIZE,
		  .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE + 8 * PAGE_SIZE },
		{ .addr = -PAGE_SIZE, .len = -1ul, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = LIVE_BASE + 8 * PAGE_SIZE },
	};
	const struct live_call map = {
		.kind = LIVE_MMAP, .addr = LIVE_BASE, .len = PAGE_SIZE, .flags = PRIVATE | MAP_FIXED
	};
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned int differ = 0;

	(void)state;
	assert_true(live_both(&map, mm));
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		struct live_call call = calls[i];

		call.kind = LIVE_MREMAP;
		differ += !live_both(&call, mm);
	}
	assert_int_equal(differ, 0);
	assert_int_equal(live_munmap(LIVE_BASE, LIVE_PAGES * PAGE_SIZE), 0);
	mm_exit(mm);
}

static int up(void **state)
{
	(void)state;
	if (!live_is_free(LIVE_BASE, LIVE_END))
		return -1;
	world_start(4096, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_agree),
		cmocka_unit_test(mremap_refusals_agree),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
