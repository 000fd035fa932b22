/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same operations on address spaces with huge pages and without: a program cannot distinguish them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/mm/mapped_entry.h"
#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/scene/thp_scene.h"

#define TABLES	4ul
#define PAIRS	3u
#define SAMPLES	24u

/* What happens to one of a pair happens to the other. */
struct pair {
	struct mm_struct *mm[2];	/* without huge pages, with */
};

struct op {
	unsigned int kind;
	unsigned long start, len, to;
	int prot, advice;
	uint64_t word;
};

static struct rng rng;

static unsigned long below(unsigned long n)
{
	return rng_below(&rng, n);
}

/* Near the ends of a table, where huge pages begin and end, as often as anywhere. */
static unsigned long some_page(void)
{
	unsigned long table = below(TABLES),
		      page = below(2) ? below(PTRS_PER_PTE) : (PTRS_PER_PTE - 2 + below(4)) % PTRS_PER_PTE;

	return AREA + table * PMD_SIZE + page * PAGE_SIZE;
}

static struct op some_op(void)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };
	static const int advices[] = {
		MADV_DONTNEED, MADV_DONTNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_POPULATE_WRITE, MADV_GUARD_INSTALL,
		MADV_GUARD_REMOVE, MADV_GUARD_REMOVE,
	};
	struct op op = {
		.kind = (unsigned int)below(16), .start = some_page(), .to = some_page(),
		.prot = prots[below(ARRAY_SIZE(prots))],
		.advice = advices[below(ARRAY_SIZE(advices))], .word = rng_next(&rng) | 1,
	};

	if (below(40) == 0)
		return (struct op){ .start = AREA, .len = TABLES * PMD_SIZE, .prot = PROT_READ | PROT_WRITE };
	if (below(3)) {
		op.len = (1 + below(6)) * PAGE_SIZE;
		return op;
	}
	op.start = AREA + below(TABLES) * PMD_SIZE;
	op.to = AREA + below(TABLES) * PMD_SIZE;
	op.len = PMD_SIZE;
	return op;
}

/* The word at @addr, as a program reads or writes it; or why it can't, as a number no word is. */
static uint64_t access(struct mm_struct *mm, unsigned long addr, bool write, uint64_t word)
{
	vm_fault_t ret = do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0);
	struct mapped_entry entry;
	uint64_t *there;

	if (ret)
		return (uint64_t)ret << 32;
	mmap_read_lock(mm);
	assert_true(mapped_entry_lock(&entry, &mm->pt, addr));
	assert_true(pte_accessible(entry.pte) && (!write || (pte_write(entry.pte) && PageAnonExclusive(entry.owner))));
	there = page_payload(pte_page(entry.pte));
	if (write)
		*there = word;
	word = *there;
	mapped_entry_unlock(&entry);
	mmap_read_unlock(mm);
	return word;
}

static long do_op(struct mm_struct *mm, const struct op *op)
{
	switch (op->kind) {
	case 0:
		return sys_mmap(mm, op->start, op->len, op->prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	case 1:
		return sys_munmap(mm, op->start, op->len);
	case 2:
		return sys_mprotect(mm, op->start, op->len, op->prot);
	case 3:
		return sys_mremap(mm, op->start, op->len, op->len, MREMAP_MAYMOVE | MREMAP_FIXED, op->to);
	case 4:
	case 5:
	case 6:
		return sys_madvise(mm, op->start, op->len, op->advice);
	default:
		return (long)access(mm, op->start, true, op->word);
	}
}

static void compare(const struct pair *pair, unsigned long addr)
{
	uint64_t small = access(pair->mm[0], addr, false, 0), huge = access(pair->mm[1], addr, false, 0);

	if (small != huge)
		fail_msg("at %lx there is %lx, and in huge pages %lx", addr, (unsigned long)small, (unsigned long)huge);
}

static void end_pair(struct pair *pair)
{
	mm_exit(pair->mm[0]);
	mm_exit(pair->mm[1]);
}

/* A pair of children in a free place, or in the place of a pair that ends. */
static void fork_pair(struct pair *pairs, unsigned int *nr)
{
	struct pair *parent = &pairs[below(*nr)], child;

	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(sys_fork(parent->mm[i], &child.mm[i]), 0);
	if (*nr == PAIRS)
		end_pair(&pairs[--*nr]);
	pairs[(*nr)++] = child;
}

static void twins(const char *policy, uint64_t seed)
{
	char huge[64];
	struct pair pairs[PAIRS];
	unsigned int nr = 1;

	rng_init(&rng, seed);
	snprintf(huge, sizeof(huge), "%s,thp=always", policy);
	pairs[0] = (struct pair){ { world_mm(policy), world_mm(huge) } };
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(sys_mmap(pairs[0].mm[i], AREA, TABLES * PMD_SIZE, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0), AREA);
	for (unsigned int round = 0; round < test_rounds(5000); round++) {
		struct pair *pair = &pairs[below(nr)];
		struct op op = some_op();

		assert_int_equal(do_op(pair->mm[0], &op), do_op(pair->mm[1], &op));
		if (below(30) == 0)
			fork_pair(pairs, &nr);
		for (unsigned int i = 0; i < SAMPLES; i++)
			compare(&pairs[below(nr)], i ? some_page() : op.start);
	}
	while (nr)
		end_pair(&pairs[--nr]);
}

/* Rows: M4, L7, L8. */
static void programs_cannot_distinguish_them(void **state)
{
	static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-2.6.14", "linux-6.15,anon=64k" };
	(void)state;
	world_start(32768, CACHE_LINE);
	events_reset();
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		twins(policies[i], test_seed() + i);
	assert_true(world_stop());
	if (THP_POSSIBLE)
		assert_true(events_total(EV_THP_FAULT) > 50 && events_total(EV_THP_SPLIT_PMD) > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(programs_cannot_distinguish_them) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
