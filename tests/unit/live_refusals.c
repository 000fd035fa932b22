/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_refusals: calls that the running kernel refuses are refused by ours, with the same error. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mm/address_space.h"
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

/* Row: G2. */
static void flags_agree(void **state)
{
	static const int types[] = { 0, MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, 4, 15 };
	static const int others[] = { 0, MAP_LOCKED, MAP_POPULATE, MAP_POPULATE | MAP_NONBLOCK, MAP_STACK,
				      MAP_DENYWRITE | MAP_EXECUTABLE | MAP_NORESERVE, 0x200, 0x80000, 0x4000000 };
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned int differ = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		for (unsigned int n = 0; n < ARRAY_SIZE(others); n++) {
			const int flags = types[i] | others[n] | MAP_ANONYMOUS;
			const struct live_call calls[] = {
				{ .flags = flags | MAP_FIXED, .len = PAGE_SIZE },
				{ .flags = flags | MAP_FIXED, .len = 2 * PAGE_SIZE, .prot = PROT_READ | PROT_WRITE },
				{ .flags = flags | MAP_FIXED_NOREPLACE, .len = PAGE_SIZE, .prot = PROT_READ },
				{ .flags = flags | MAP_FIXED, .len = 0 },
				{ .flags = flags | MAP_FIXED, .len = 1ul << 60 },
				{ .flags = flags | MAP_FIXED, .len = -1ul },
				{ .flags = flags, .len = -PAGE_SIZE },
			};

			for (unsigned int k = 0; k < ARRAY_SIZE(calls); k++) {
				struct live_call call = calls[k];

				call.kind = LIVE_MMAP;
				call.addr = LIVE_BASE;
				differ += !live_both(&call, mm);
				differ += !live_vmas_agree(mm, LIVE_BASE, LIVE_END);
			}
		}
	assert_int_equal(differ, 0);
	assert_int_equal(live_munmap(LIVE_BASE, LIVE_PAGES * PAGE_SIZE), 0);
	mm_exit(mm);
}

/* Row: G2. */
static void flags_of_files_agree(void **state)
{
	static const int types[] = { 0, MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, 4, MAP_DROPPABLE };
	static const int others[] = { 0, MAP_LOCKED, MAP_POPULATE, MAP_STACK, MAP_GROWSDOWN, MAP_NORESERVE, 0x200,
				      0x400, 0x20000, 0x80000, 0x200000, 0x1000000, 0x4000000, 0x8000000 };
	static const unsigned long first[] = { 0, 3, 1ul << 50, (1ul << 51) - 3, (1ul << 51) - 2, (1ul << 51) - 1,
					       1ul << 51, (1ul << 52) - 2, (1ul << 52) - 1 };
	const int fd = memfd_create("pages", 0);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct file *file = file_create(4, 4, 0, 1);
	unsigned int differ = 0;

	(void)state;
	assert_int_equal(ftruncate(fd, 4 * (long)PAGE_SIZE), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(types) * ARRAY_SIZE(others) * ARRAY_SIZE(first); i++) {
		const int flags = types[i % ARRAY_SIZE(types)] | others[i / ARRAY_SIZE(types) % ARRAY_SIZE(others)];
		const unsigned long pgoff = first[i / ARRAY_SIZE(types) / ARRAY_SIZE(others)];

		for (unsigned long len = 0; len < 3 * PAGE_SIZE; len += PAGE_SIZE) {
			const struct live_call call = {
				.kind = LIVE_MMAP, .addr = LIVE_BASE, .len = len, .flags = flags | MAP_FIXED,
				.new_addr = pgoff
			};

			differ += !live_agree(&call,
					      live_mmap_file(LIVE_BASE, len, PROT_READ, call.flags, fd, pgoff),
					      sys_mmap_file(mm, LIVE_BASE, len, PROT_READ, call.flags, file, pgoff));
		}
	}
	assert_int_equal(differ, 0);
	assert_int_equal(live_munmap(LIVE_BASE, LIVE_PAGES * PAGE_SIZE), 0);
	mm_exit(mm);
	file_put(file);
	close(fd);
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
		cmocka_unit_test(flags_agree),
		cmocka_unit_test(flags_of_files_agree),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
