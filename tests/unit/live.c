/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live: the same calls on the running kernel and on ours, in the same window of addresses: results, errors, mincore's vectors,
 * what a touch comes to and what it reads agree.
 *
 * Not compared, because the two may differ by right:
 *   addresses the kernel chose itself    ours searches from its own top; both are unmapped again at once
 *   PROT_EXEC alone                      with protection keys the kernel makes it unreadable
 *   addresses below MMAP_MIN_ADDR        a setting of the machine, and no limit for its administrator
 * What the running kernel does not know (guard regions came with 6.13) is left out, and said so.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/tree.h"
#include "tests/lib/world.h"

/* Low, where nothing else is, with or without a sanitizer; around a boundary of page tables. */
#define BOUNDARY	0x20000000ul
#define PAGES		48ul
#define BASE		(BOUNDARY - PAGES / 2 * PAGE_SIZE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static const int all_advices[] = { MADV_DONTNEED, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_GUARD_INSTALL,
				   MADV_GUARD_REMOVE };
static int advices[ARRAY_SIZE(all_advices)];
static unsigned int nr_advices;
static bool knows_noreplace;

/* ---- the running kernel ---- */
static long result_of(long ret)
{
	return ret == -1 ? -errno : ret;
}

static long live_mmap(unsigned long addr, unsigned long len, int prot, int flags)
{
	return result_of(syscall(SYS_mmap, addr, len, prot, flags, -1, 0));
}

static long live_munmap(unsigned long addr, unsigned long len)
{
	return result_of(syscall(SYS_munmap, addr, len));
}

static long live_mprotect(unsigned long addr, unsigned long len, int prot)
{
	return result_of(syscall(SYS_mprotect, addr, len, prot));
}

static long live_madvise(unsigned long addr, unsigned long len, int advice)
{
	return result_of(syscall(SYS_madvise, addr, len, advice));
}

static long live_mincore(unsigned long addr, unsigned long len, unsigned char *vec)
{
	return result_of(syscall(SYS_mincore, addr, len, vec));
}

static sigjmp_buf after_fault;
static volatile int fault_code;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	fault_code = info->si_code;
	siglongjmp(after_fault, 1);
}

/* The test framework has a handler of its own around each test: it comes back by itself. */
static void catch_faults(void)
{
	const struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };

	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
}

/* No compiler looks at these accesses: they are meant to fault, and none of a sanitizer's business. */
static unsigned char load_byte(unsigned long addr)
{
	unsigned char byte;

#if defined(__x86_64__)
	__asm__ __volatile__("movb (%1), %0" : "=q"(byte) : "r"(addr) : "memory");
#elif defined(__aarch64__)
	__asm__ __volatile__("ldrb %w0, [%1]" : "=r"(byte) : "r"(addr) : "memory");
#else
	byte = *(volatile unsigned char *)addr;
#endif
	return byte;
}

static void store_byte(unsigned long addr, unsigned char byte)
{
#if defined(__x86_64__)
	__asm__ __volatile__("movb %0, (%1)" : : "q"(byte), "r"(addr) : "memory");
#elif defined(__aarch64__)
	__asm__ __volatile__("strb %w0, [%1]" : : "r"(byte), "r"(addr) : "memory");
#else
	*(volatile unsigned char *)addr = byte;
#endif
}

/* The byte read or written, or minus the code of the fault. */
static long live_touch(unsigned long addr, bool write, unsigned char byte)
{
	if (sigsetjmp(after_fault, 1))
		return -fault_code;
	if (!write)
		return load_byte(addr);
	store_byte(addr, byte);
	return byte;
}

/* ---- ours ---- */
static long our_touch(struct mm_struct *mm, unsigned long addr, bool write, unsigned char byte)
{
	vm_fault_t fault = do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0);
	unsigned char *bytes;

	/* A guard region is told as if nothing were mapped there. */
	if (fault & VM_FAULT_SIGSEGV)
		return fault & VM_FAULT_BADACCESS ? -SEGV_ACCERR : -SEGV_MAPERR;
	assert_int_equal(fault, 0);
	bytes = page_payload(pte_page(tree_pte(mm, addr)));
	if (write)
		bytes[0] = byte;
	return bytes[0];
}

/* ---- both ---- */
struct call {
	enum { CALL_MMAP, CALL_MUNMAP, CALL_MPROTECT, CALL_MADVISE, CALL_MINCORE, CALL_TOUCH } kind;
	unsigned long addr, len;
	int prot, flags, advice;
	bool write;
	unsigned char byte;
};

/* Calls that went well, and that did not: if there were none of either, little was compared. */
static unsigned long met[CALL_TOUCH + 1][2];

static bool agree(const struct call *call, long live, long ours)
{
	static const char *const names[] = { "mmap", "munmap", "mprotect", "madvise", "mincore", "touch" };

	met[call->kind][live >= 0]++;
	if (live == ours)
		return true;
	fprintf(stderr, "%s addr %lx len %lx prot %x flags %x advice %d %s: the kernel gives %ld, ours %ld\n",
		names[call->kind], call->addr, call->len, (unsigned int)call->prot, (unsigned int)call->flags, call->advice,
		call->write ? "write" : "read", live, ours);
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
	long live = live_mincore(call->addr, call->len, live_vec), ours = sys_mincore(mm, call->addr, call->len, our_vec);

	if (!agree(call, live, ours))
		return false;
	for (unsigned int i = 0; !live && i < PAGES + 2; i++)
		if (!agree(call, live_vec[i] & 1, our_vec[i]))
			return false;
	return true;
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
	case CALL_MINCORE:
		return both_mincore(call, mm);
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

	if (rng_below(rng, 50) == 0)
		return wrong[rng_below(rng, ARRAY_SIZE(wrong))];
	if (rng_below(rng, 3))
		return PRIVATE | MAP_FIXED;
	return PRIVATE | (knows_noreplace && rng_below(rng, 2) ? MAP_FIXED_NOREPLACE : 0);
}

static struct call random_call(struct rng *rng)
{
	static const int kinds[] = { CALL_MMAP, CALL_MMAP, CALL_MUNMAP, CALL_MPROTECT, CALL_MPROTECT, CALL_MADVISE,
				     CALL_MADVISE, CALL_MINCORE, CALL_TOUCH, CALL_TOUCH, CALL_TOUCH };
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
	return call;
}

static void random_calls_agree(void **state)
{
	(void)state;
	catch_faults();
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = world_mm(world_policies[p]);
		struct rng rng;

		rng_init(&rng, test_seed() * 100 + p);
		for (unsigned int i = 0; i < test_rounds(10000); i++) {
			struct call call = random_call(&rng);

			if (call.prot != PROT_EXEC)
				assert_true(both(&call, mm));
		}
		assert_int_equal(live_munmap(BASE, PAGES * PAGE_SIZE), 0);
		mm_exit(mm);
	}
	for (unsigned int kind = 0; kind <= CALL_TOUCH; kind++)
		assert_true(met[kind][0] && met[kind][1]);
}

/* Arguments that both refuse, whatever is mapped. */
static void refusals_agree(void **state)
{
	static const struct call calls[] = {
		{ CALL_MMAP, BASE, 0, PROT_READ, PRIVATE, 0, false, 0 },
		{ CALL_MMAP, BASE, 0, PROT_READ, MAP_PRIVATE, 0, false, 0 },
		{ CALL_MMAP, BASE, -1ul, PROT_READ, PRIVATE, 0, false, 0 },
		{ CALL_MMAP, BASE, 1ul << 60, PROT_READ, PRIVATE, 0, false, 0 },
		{ CALL_MMAP, BASE + 1, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0, false, 0 },
		{ CALL_MMAP, 1ul << 60, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0, false, 0 },
		{ CALL_MMAP, (1ul << 60) + 1, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0, false, 0 },
		{ CALL_MMAP, -PAGE_SIZE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0, false, 0 },
		{ CALL_MUNMAP, BASE, 0, 0, 0, 0, false, 0 },
		{ CALL_MUNMAP, BASE + 1, PAGE_SIZE, 0, 0, 0, false, 0 },
		{ CALL_MUNMAP, 1ul << 60, PAGE_SIZE, 0, 0, 0, false, 0 },
		{ CALL_MUNMAP, BASE, -1ul, 0, 0, 0, false, 0 },
		{ CALL_MUNMAP, BASE, 1ul << 60, 0, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE + 1, PAGE_SIZE, PROT_READ, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE + 1, 0, PROT_READ, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE, 0, 0x77777, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE, -1ul, PROT_READ, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE, -BASE, PROT_READ, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE, -PAGE_SIZE, 0x77777, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE, PAGE_SIZE, 0x10000, 0, 0, false, 0 },
		{ CALL_MPROTECT, BASE, PAGE_SIZE, PROT_READ, 0, 0, false, 0 },
		{ CALL_MPROTECT, 1ul << 60, PAGE_SIZE, PROT_READ, 0, 0, false, 0 },
		{ CALL_MADVISE, BASE + 1, PAGE_SIZE, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MADVISE, BASE + 1, 0, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MADVISE, BASE, -1ul, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MADVISE, BASE, -BASE, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MADVISE, BASE, -BASE - PAGE_SIZE, 0, 0, 99, false, 0 },
		{ CALL_MADVISE, BASE, 0, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MADVISE, BASE, 0, 0, 0, 99, false, 0 },
		{ CALL_MADVISE, BASE, PAGE_SIZE, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MADVISE, BASE, PAGE_SIZE, 0, 0, MADV_POPULATE_READ, false, 0 },
		{ CALL_MADVISE, 1ul << 60, PAGE_SIZE, 0, 0, MADV_DONTNEED, false, 0 },
		{ CALL_MINCORE, BASE, PAGE_SIZE, 0, 0, 0, false, 0 },
		{ CALL_MINCORE, BASE + 1, PAGE_SIZE, 0, 0, 0, false, 0 },
		{ CALL_MINCORE, BASE, 0, 0, 0, 0, false, 0 },
		{ CALL_MINCORE, BASE + 1, 0, 0, 0, 0, false, 0 },
		{ CALL_MINCORE, 1ul << 60, PAGE_SIZE, 0, 0, 0, false, 0 },
		{ CALL_MINCORE, BASE, -1ul, 0, 0, 0, false, 0 },
		{ CALL_TOUCH, BASE, 0, 0, 0, 0, false, 0 },
		{ CALL_TOUCH, BASE, 0, 0, 0, 0, true, 1 },
	};
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned int differ = 0;

	(void)state;
	catch_faults();
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		if (nr_advices == ARRAY_SIZE(advices) || calls[i].advice != MADV_POPULATE_READ)
			differ += !both(&calls[i], mm);
	assert_int_equal(differ, 0);
	mm_exit(mm);
}

/* The comparison can fail. */
static void a_difference_would_be_told(void **state)
{
	const struct call call = { .kind = CALL_TOUCH, .addr = BASE };
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	catch_faults();
	assert_false(agree(&call, 0, -EINVAL));
	assert_true(sys_mmap(mm, BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, 0) == (long)BASE);
	assert_false(both(&call, mm));
	mm_exit(mm);
}

/* What the running kernel knows, tried out on one page. */
static bool live_knows(int advice)
{
	long ret;

	assert_true(live_mmap(BASE, PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE | MAP_FIXED) == (long)BASE);
	ret = live_madvise(BASE, PAGE_SIZE, advice);
	assert_int_equal(live_munmap(BASE, PAGE_SIZE), 0);
	return ret == 0;
}

static bool window_is_free(void)
{
	unsigned char vec;

	for (unsigned long i = 0; i < PAGES; i++)
		if (live_mincore(BASE + i * PAGE_SIZE, PAGE_SIZE, &vec) != -ENOMEM)
			return false;
	return true;
}

static int up(void **state)
{
	(void)state;
	/* Without huge pages, which mincore() would tell of. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) || !window_is_free())
		return -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(all_advices); i++) {
		if (live_knows(all_advices[i]))
			advices[nr_advices++] = all_advices[i];
		else
			fprintf(stderr, "the running kernel does not know madvise(%d): not compared\n", all_advices[i]);
	}
	knows_noreplace = live_mmap(BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == (long)BASE &&
			  live_mmap(BASE, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == -EEXIST;
	if (!knows_noreplace)
		fprintf(stderr, "the running kernel does not know MAP_FIXED_NOREPLACE: not compared\n");
	live_munmap(BASE, PAGE_SIZE);
	world_start(4096, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_agree),
		cmocka_unit_test(random_calls_agree),
		cmocka_unit_test(a_difference_would_be_told),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
