/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live: the same calls on the running kernel and on ours, in the same window of addresses: results, errors,
 * mincore's vectors, VMAs, what a touch comes to and what it reads agree.
 *
 * Not compared, because the two may differ by right:
 *   addresses the kernel chose itself    ours searches from its own top; both are unmapped again at once, or
 *                                        by mremap()
 *                                        moved back
 *   PROT_EXEC alone                      with protection keys the kernel makes it unreadable
 *   addresses below MMAP_MIN_ADDR        a setting of the machine, and no limit for its administrator
 * Calls that the running kernel lacks (guard regions came with 6.13) are skipped, with a message.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "core/op/mlock.h"
#include "core/op/mmap.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"

/* Low, where nothing else is, with or without a sanitizer; around a boundary of page tables. */
#define BOUNDARY	0x20000000ul
#define PAGES		48ul
#define BASE		(BOUNDARY - PAGES / 2 * PAGE_SIZE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static const int all_advices[] = { MADV_DONTNEED, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_GUARD_INSTALL,
				   MADV_GUARD_REMOVE, MADV_DONTNEED_LOCKED, MADV_MERGEABLE, MADV_UNMERGEABLE,
				   MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DOFORK,
				   MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP };
static int advices[ARRAY_SIZE(all_advices)];
static unsigned int nr_advices;
static bool knows_noreplace, joins_alike, may_lock;

/* ---- both ---- */
struct call {
	enum { CALL_MMAP, CALL_MUNMAP, CALL_MPROTECT, CALL_MADVISE, CALL_MINCORE, CALL_MREMAP, CALL_MLOCK,
	       CALL_MUNLOCK, CALL_TOUCH } kind;
	unsigned long addr, len;
	int prot, flags, advice;
	bool write;
	unsigned char byte;
	unsigned long new_len, new_addr;
};

/* Calls that went well, and that did not: if there were none of either, little was compared. */
static unsigned long met[CALL_TOUCH + 1][2];

static const char *const call_names[] = { "mmap", "munmap", "mprotect", "madvise", "mincore", "mremap", "mlock",
					  "munlock", "touch" };

static bool agree(const struct call *call, long live, long ours)
{
	met[call->kind][live >= 0]++;
	if (live == ours)
		return true;
	fprintf(stderr,
		"%s addr %lx len %lx prot %x flags %x advice %d %s new addr %lx len %lx: the kernel gives %ld, ours "
		"%ld\n",
		call_names[call->kind], call->addr, call->len, (unsigned int)call->prot, (unsigned int)call->flags,
		call->advice, call->write ? "write" : "read", call->new_addr, call->new_len, live, ours);
	return false;
}

/* A place that was not asked for is left again; that it was chosen is what is compared. */
static bool both_mmap(const struct call *call, struct mm_struct *mm)
{
	long live = live_mmap(call->addr, call->len, call->prot, call->flags);
	long ours = sys_mmap(mm, call->addr, call->len, call->prot, call->flags, 0);
	long asked = (long)ALIGN_DOWN(call->addr, PAGE_SIZE);

	if (live >= 0 && live != asked) {
		assert_int_equal(live_munmap((unsigned long)live, call->len), 0);
		live = 1;
	}
	if (ours >= 0 && ours != asked) {
		assert_int_equal(sys_munmap(mm, (unsigned long)ours, call->len), 0);
		ours = 1;
	}
	return agree(call, live, ours);
}

static bool both_mincore(const struct call *call, struct mm_struct *mm)
{
	unsigned char live_vec[PAGES + 2] = { 0 }, our_vec[PAGES + 2] = { 0 };
	long live = live_mincore(call->addr, call->len, live_vec),
	     ours = sys_mincore(mm, call->addr, call->len, our_vec);

	if (!agree(call, live, ours))
		return false;
	for (unsigned int i = 0; !live && i < PAGES + 2; i++)
		if (!agree(call, live_vec[i] & 1, our_vec[i]))
			return false;
	return true;
}

static bool outside(long addr)
{
	return addr >= 0 && ((unsigned long)addr < BASE || (unsigned long)addr >= BASE + PAGES * PAGE_SIZE);
}

/* From there it is moved back, over what is there; or unmapped. */
static bool both_come_back(const struct call *call, struct mm_struct *mm, unsigned long live, unsigned long ours)
{
	unsigned long len = ALIGN_UP(call->new_len, PAGE_SIZE);

	if (!live_stands_alone(live, len))
		return agree(call, live_munmap(live, len), sys_munmap(mm, ours, len));
	return agree(call, live_mremap(live, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, call->addr),
		     sys_mremap(mm, ours, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, call->addr));
}

static bool both_mremap(const struct call *call, struct mm_struct *mm)
{
	long live = live_mremap(call->addr, call->len, call->new_len, call->flags, call->new_addr);
	long ours = sys_mremap(mm, call->addr, call->len, call->new_len, call->flags, call->new_addr);

	if (outside(live) && outside(ours))
		return both_come_back(call, mm, (unsigned long)live, (unsigned long)ours);
	return agree(call, live, ours);
}

static bool both(const struct call *call, struct mm_struct *mm)
{
	switch (call->kind) {
	case CALL_MMAP:
		return both_mmap(call, mm);
	case CALL_MUNMAP:
		return agree(call, live_munmap(call->addr, call->len), sys_munmap(mm, call->addr, call->len));
	case CALL_MPROTECT:
		return agree(call, live_mprotect(call->addr, call->len, call->prot),
			     sys_mprotect(mm, call->addr, call->len, call->prot));
	case CALL_MADVISE:
		return agree(call, live_madvise(call->addr, call->len, call->advice),
			     sys_madvise(mm, call->addr, call->len, call->advice));
	case CALL_MLOCK:
		return agree(call, live_mlock(call->addr, call->len, call->flags),
			     sys_mlock2(mm, call->addr, call->len, call->flags));
	case CALL_MUNLOCK:
		return agree(call, live_munlock(call->addr, call->len), sys_munlock(mm, call->addr, call->len));
	case CALL_MINCORE:
		return both_mincore(call, mm);
	case CALL_MREMAP:
		return both_mremap(call, mm);
	default:
		return agree(call, live_touch(call->addr, call->write, call->byte),
			     our_touch(mm, call->addr, call->write, call->byte));
	}
}

static int random_prot(struct rng *rng)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE,
				     PROT_READ | PROT_EXEC };

	return prots[rng_below(rng, ARRAY_SIZE(prots))];
}

static int random_flags(struct rng *rng)
{
	static const int wrong[] = { 0, MAP_PRIVATE, MAP_ANONYMOUS, MAP_ANONYMOUS | MAP_PRIVATE | MAP_SHARED,
				     MAP_ANONYMOUS | MAP_FIXED };
	int flags;

	if (rng_below(rng, 50) == 0)
		return wrong[rng_below(rng, ARRAY_SIZE(wrong))];
	/* Neighbours of both kinds stay apart. */
	flags = MAP_PRIVATE | MAP_ANONYMOUS | (rng_below(rng, 3) ? 0 : MAP_NORESERVE);
	if (rng_below(rng, 3))
		return flags | MAP_FIXED;
	return flags | (knows_noreplace && rng_below(rng, 2) ? MAP_FIXED_NOREPLACE : 0);
}

/* Where it goes, and how long it gets: in the window. */
static void random_mremap(struct rng *rng, struct call *call)
{
	static const int flags[] = { 0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
				     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, MREMAP_FIXED, 8 };
	unsigned long to = rng_below(rng, PAGES), room = PAGES - max(to, (call->addr - BASE) / PAGE_SIZE);

	call->flags = flags[rng_below(rng, ARRAY_SIZE(flags) - (rng_below(rng, 16) ? 2 : 0))];
	call->new_addr = BASE + to * PAGE_SIZE;
	call->len = min(call->len, room * PAGE_SIZE);
	call->new_len = rng_below(rng, 2) ? call->len : rng_below(rng, min(room + 1, 8ul)) * PAGE_SIZE;
	if (rng_below(rng, 32) == 0)
		call->new_addr += rng_below(rng, PAGE_SIZE);
}

static struct call random_call(struct rng *rng)
{
	static const int kinds[] = { CALL_MMAP,	   CALL_MMAP,	 CALL_MUNMAP,  CALL_MPROTECT, CALL_MPROTECT,
				     CALL_MADVISE, CALL_MADVISE, CALL_MINCORE, CALL_MREMAP,   CALL_MREMAP,
				     CALL_TOUCH,   CALL_TOUCH,	 CALL_TOUCH,   CALL_MLOCK,    CALL_MUNLOCK };
	unsigned long a = rng_below(rng, PAGES), b = rng_below(rng, PAGES + 1);
	struct call call = {
		.kind = kinds[rng_below(rng, ARRAY_SIZE(kinds))],
		.addr = BASE + min(a, b) * PAGE_SIZE,
		.len = rng_below(rng, 3) ? rng_below(rng, 5) * PAGE_SIZE : (max(a, b) - min(a, b)) * PAGE_SIZE,
		.prot = random_prot(rng),
		.flags = random_flags(rng),
		.advice = advices[rng_below(rng, nr_advices)],
		.write = rng_below(rng, 2),
		.byte = (unsigned char)rng_next(rng),
	};

	call.len = min(call.len, BASE + PAGES * PAGE_SIZE - call.addr);
	if (rng_below(rng, 8) == 0)
		call.len -= min(call.len, rng_below(rng, PAGE_SIZE));
	if (rng_below(rng, 32) == 0 && call.kind != CALL_TOUCH)
		call.addr += rng_below(rng, PAGE_SIZE);
	if (rng_below(rng, 50) == 0 && call.kind == CALL_MPROTECT)
		call.prot = 1 << rng_below(rng, 12);
	if (rng_below(rng, 50) == 0)
		call.advice = 99;
	if (call.kind == CALL_MREMAP)
		random_mremap(rng, &call);
	if (call.kind == CALL_MLOCK)
		call.flags = rng_below(rng, 32) ? (int)rng_below(rng, 2) : 2;
	return call;
}

/* Row: G2. */
static void random_calls_agree(void **state)
{
	(void)state;
	live_catch_faults();
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = world_mm(world_policies[p]);
		struct rng rng;

		rng_init(&rng, test_seed() * 100 + p);
		for (unsigned int i = 0; i < test_rounds(10000); i++) {
			struct call call = random_call(&rng);

			if (call.prot == PROT_EXEC || (call.kind == CALL_MREMAP && !joins_alike) ||
			    (call.kind == CALL_MLOCK && !may_lock))
				continue;
			assert_true(both(&call, mm));
			if (joins_alike && call.kind != CALL_TOUCH &&
			    !live_vmas_agree(mm, BASE, BASE + PAGES * PAGE_SIZE))
				fail_msg("after %s addr %lx len %lx", call_names[call.kind], call.addr, call.len);
		}
		assert_int_equal(live_munmap(BASE, PAGES * PAGE_SIZE), 0);
		mm_exit(mm);
	}
	for (unsigned int kind = 0; kind <= CALL_TOUCH; kind++)
		assert_true((met[kind][0] && met[kind][1]) || (kind == CALL_MLOCK && !may_lock));
}

/* Arguments that both refuse, whatever is mapped. */
static void refusals_agree(void **state)
{
	static const struct call calls[] = {
		{ .kind = CALL_MMAP, .addr = BASE, .prot = PROT_READ, .flags = PRIVATE },
		{ .kind = CALL_MMAP, .addr = BASE, .prot = PROT_READ, .flags = MAP_PRIVATE },
		{ .kind = CALL_MMAP, .addr = BASE, .len = -1ul, .prot = PROT_READ, .flags = PRIVATE },
		{ .kind = CALL_MMAP, .addr = BASE, .len = 1ul << 60, .prot = PROT_READ, .flags = PRIVATE },
		{ .kind = CALL_MMAP, .addr = BASE + 1, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = CALL_MMAP, .addr = 1ul << 60, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = CALL_MMAP, .addr = (1ul << 60) + 1, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = CALL_MMAP, .addr = -PAGE_SIZE, .len = PAGE_SIZE, .prot = PROT_READ,
		  .flags = PRIVATE | MAP_FIXED },
		{ .kind = CALL_MUNMAP, .addr = BASE },
		{ .kind = CALL_MUNMAP, .addr = BASE + 1, .len = PAGE_SIZE },
		{ .kind = CALL_MUNMAP, .addr = 1ul << 60, .len = PAGE_SIZE },
		{ .kind = CALL_MUNMAP, .addr = BASE, .len = -1ul },
		{ .kind = CALL_MUNMAP, .addr = BASE, .len = 1ul << 60 },
		{ .kind = CALL_MPROTECT, .addr = BASE + 1, .len = PAGE_SIZE, .prot = PROT_READ },
		{ .kind = CALL_MPROTECT, .addr = BASE + 1, .prot = PROT_READ },
		{ .kind = CALL_MPROTECT, .addr = BASE, .prot = 0x77777 },
		{ .kind = CALL_MPROTECT, .addr = BASE, .len = -1ul, .prot = PROT_READ },
		{ .kind = CALL_MPROTECT, .addr = BASE, .len = -BASE, .prot = PROT_READ },
		{ .kind = CALL_MPROTECT, .addr = BASE, .len = -PAGE_SIZE, .prot = 0x77777 },
		{ .kind = CALL_MPROTECT, .addr = BASE, .len = PAGE_SIZE, .prot = 0x10000 },
		{ .kind = CALL_MPROTECT, .addr = BASE, .len = PAGE_SIZE, .prot = PROT_READ },
		{ .kind = CALL_MPROTECT, .addr = 1ul << 60, .len = PAGE_SIZE, .prot = PROT_READ },
		{ .kind = CALL_MADVISE, .addr = BASE + 1, .len = PAGE_SIZE, .advice = MADV_DONTNEED },
		{ .kind = CALL_MADVISE, .addr = BASE + 1, .advice = MADV_DONTNEED },
		{ .kind = CALL_MADVISE, .addr = BASE, .len = -1ul, .advice = MADV_DONTNEED },
		{ .kind = CALL_MADVISE, .addr = BASE, .len = -BASE, .advice = MADV_DONTNEED },
		{ .kind = CALL_MADVISE, .addr = BASE, .len = -BASE - PAGE_SIZE, .advice = 99 },
		{ .kind = CALL_MADVISE, .addr = BASE, .advice = MADV_DONTNEED },
		{ .kind = CALL_MADVISE, .addr = BASE, .advice = 99 },
		{ .kind = CALL_MADVISE, .addr = BASE, .len = PAGE_SIZE, .advice = MADV_DONTNEED },
		{ .kind = CALL_MADVISE, .addr = BASE, .len = PAGE_SIZE, .advice = MADV_POPULATE_READ },
		{ .kind = CALL_MADVISE, .addr = 1ul << 60, .len = PAGE_SIZE, .advice = MADV_DONTNEED },
		{ .kind = CALL_MINCORE, .addr = BASE, .len = PAGE_SIZE },
		{ .kind = CALL_MINCORE, .addr = BASE + 1, .len = PAGE_SIZE },
		{ .kind = CALL_MINCORE, .addr = BASE },
		{ .kind = CALL_MINCORE, .addr = BASE + 1 },
		{ .kind = CALL_MINCORE, .addr = 1ul << 60, .len = PAGE_SIZE },
		{ .kind = CALL_MINCORE, .addr = BASE, .len = -1ul },
		{ .kind = CALL_TOUCH, .addr = BASE },
		{ .kind = CALL_TOUCH, .addr = BASE, .write = true, .byte = 1 },
	};
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned int differ = 0;

	(void)state;
	live_catch_faults();
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		if (nr_advices == ARRAY_SIZE(advices) || calls[i].advice != MADV_POPULATE_READ)
			differ += !both(&calls[i], mm);
	assert_int_equal(differ, 0);
	mm_exit(mm);
}

/* With one page mapped at BASE. */
static void mremap_refusals_agree(void **state)
{
	static const struct call calls[] = {
		{ .addr = BASE + 1, .len = PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = 0 },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = -1ul },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = 1ul << 60, .flags = MREMAP_MAYMOVE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = (1ul << 47) - PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = 8 },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED,
		  .new_addr = BASE + PAGE_SIZE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_DONTUNMAP },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = BASE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = BASE + 7 },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = 1ul << 60 },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = -PAGE_SIZE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = 2 * PAGE_SIZE,
		  .flags = MREMAP_DONTUNMAP | MREMAP_MAYMOVE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_DONTUNMAP | MREMAP_MAYMOVE,
		  .new_addr = BASE },
		{ .addr = BASE, .len = PAGE_SIZE, .new_len = PAGE_SIZE, .flags = MREMAP_DONTUNMAP | MREMAP_MAYMOVE,
		  .new_addr = 77 },
		{ .addr = BASE, .len = 0, .new_len = PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = BASE, .len = 0, .new_len = PAGE_SIZE },
		{ .addr = BASE, .len = 0, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = BASE },
		{ .addr = BASE, .len = -1ul, .new_len = PAGE_SIZE },
		{ .addr = BASE, .len = -PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = BASE, .len = 1ul << 60, .new_len = PAGE_SIZE },
		{ .addr = BASE, .len = 2 * PAGE_SIZE, .new_len = 3 * PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = BASE, .len = 2 * PAGE_SIZE, .new_len = 2 * PAGE_SIZE },
		{ .addr = BASE + PAGE_SIZE, .len = PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = BASE + PAGE_SIZE, .len = 2 * PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = BASE + PAGE_SIZE, .len = PAGE_SIZE, .new_len = 2 * PAGE_SIZE },
		{ .addr = BASE + PAGE_SIZE, .len = 0, .new_len = PAGE_SIZE, .flags = MREMAP_MAYMOVE },
		{ .addr = BASE + PAGE_SIZE, .len = PAGE_SIZE, .new_len = PAGE_SIZE,
		  .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = BASE + 8 * PAGE_SIZE },
		{ .addr = -PAGE_SIZE, .len = PAGE_SIZE, .new_len = PAGE_SIZE },
		{ .addr = -PAGE_SIZE, .len = 2 * PAGE_SIZE, .new_len = 2 * PAGE_SIZE,
		  .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = BASE + 8 * PAGE_SIZE },
		{ .addr = -PAGE_SIZE, .len = -1ul, .new_len = PAGE_SIZE, .flags = MREMAP_FIXED | MREMAP_MAYMOVE,
		  .new_addr = BASE + 8 * PAGE_SIZE },
	};
	const struct call map = { .kind = CALL_MMAP, .addr = BASE, .len = PAGE_SIZE, .flags = PRIVATE | MAP_FIXED };
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned int differ = 0;

	(void)state;
	assert_true(both(&map, mm));
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		struct call call = calls[i];

		call.kind = CALL_MREMAP;
		differ += !both(&call, mm);
	}
	assert_int_equal(differ, 0);
	assert_int_equal(live_munmap(BASE, PAGES * PAGE_SIZE), 0);
	mm_exit(mm);
}

/* The comparison can fail. */
static void a_difference_would_be_reported(void **state)
{
	const struct call call = { .kind = CALL_TOUCH, .addr = BASE };
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	live_catch_faults();
	assert_false(agree(&call, 0, -EINVAL));
	assert_true(sys_mmap(mm, BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0) == (long)BASE);
	assert_false(both(&call, mm));
	mm_exit(mm);
}

static int up(void **state)
{
	(void)state;
	/* Without huge pages, which mincore() would report. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) || !live_is_free(BASE, BASE + PAGES * PAGE_SIZE))
		return -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(all_advices); i++) {
		if (live_has_advice(BASE, all_advices[i]))
			advices[nr_advices++] = all_advices[i];
		else
			fprintf(stderr, "the running kernel does not know madvise(%d): not compared\n", all_advices[i]);
	}
	knows_noreplace = live_mmap(BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == (long)BASE &&
			  live_mmap(BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == -EEXIST;
	if (!knows_noreplace)
		fprintf(stderr, "the running kernel does not know MAP_FIXED_NOREPLACE: not compared\n");
	/* It came together with the rules by which VMAs are joined now. */
	joins_alike =
		live_mmap(BASE + PAGE_SIZE, PAGE_SIZE, PROT_NONE, PRIVATE | MAP_FIXED) == (long)(BASE + PAGE_SIZE) &&
		live_mremap(BASE, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 4 * PAGE_SIZE) ==
			(long)(BASE + 4 * PAGE_SIZE);
	if (!joins_alike)
		fprintf(stderr,
			"the running kernel does not move several VMAs at once: mremap() and VMAs not compared\n");
	live_munmap(BASE, PAGES * PAGE_SIZE);
	may_lock = live_may_lock(BASE, PAGES * PAGE_SIZE);
	world_start(4096, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_agree),
		cmocka_unit_test(mremap_refusals_agree),
		cmocka_unit_test(random_calls_agree),
		cmocka_unit_test(a_difference_would_be_reported),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
