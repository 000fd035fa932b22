/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_userfaultfd: ranges registered and filled in, the VMAs that result, and events, as with the running kernel. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/mincore.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/pagemap.h"
#include "core/op/protect.h"
#include "core/op/userfaultfd.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_both.h"
#include "tests/lib/model/live_calls.h"
#include "tests/lib/model/live_events.h"
#include "tests/lib/scene/tree.h"

#define PAGES	24ul	/* of the window that calls are made in */
#define MOST	5ul	/* pages of a call */
#define STEPS	40000u
#define NR	LIVE_UFFDS

static struct both {
	struct mm_struct *mm;
	struct userfaultfd_ctx *ours[NR];
	int live[NR];
	int pagemap;			/* the running kernel's */
	struct live_events *events;	/* NULL: none is asked for */
} both;

static long result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* ---- the running kernel's ---- */

static int live_open(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	return fd;
}

static long live_register(int fd, unsigned long start, unsigned long len, unsigned long mode)
{
	struct uffdio_register arg = { .range = { start, len }, .mode = mode };

	return result_of(ioctl(fd, UFFDIO_REGISTER, &arg));
}

static long live_unregister(int fd, unsigned long start, unsigned long len)
{
	struct uffdio_range arg = { start, len };

	return result_of(ioctl(fd, UFFDIO_UNREGISTER, &arg));
}

static long live_copy(int fd, unsigned long dst, const void *src, unsigned long len, unsigned long mode)
{
	struct uffdio_copy arg = { .dst = dst, .src = (unsigned long)src, .len = len, .mode = mode };
	long ret = result_of(ioctl(fd, UFFDIO_COPY, &arg));

	return ret == -EAGAIN && arg.copy ? arg.copy : ret ? ret : arg.copy;
}

static long live_zeropage(int fd, unsigned long start, unsigned long len, unsigned long mode)
{
	struct uffdio_zeropage arg = { .range = { start, len }, .mode = mode };
	long ret = result_of(ioctl(fd, UFFDIO_ZEROPAGE, &arg));

	return ret == -EAGAIN && arg.zeropage ? arg.zeropage : ret ? ret : arg.zeropage;
}

static long live_continue(int fd, unsigned long start, unsigned long len, unsigned long mode)
{
	struct uffdio_continue arg = { .range = { start, len }, .mode = mode };
	long ret = result_of(ioctl(fd, UFFDIO_CONTINUE, &arg));

	return ret == -EAGAIN && arg.mapped ? arg.mapped : ret ? ret : arg.mapped;
}

static long live_protect(int fd, unsigned long start, unsigned long len, unsigned long mode)
{
	struct uffdio_writeprotect arg = { .range = { start, len }, .mode = mode };

	return result_of(ioctl(fd, UFFDIO_WRITEPROTECT, &arg));
}

/* Linux 6.8, which headers may not know. */
struct live_move {
	uint64_t dst, src, len, mode;
	int64_t move;
};

static long live_move(int fd, unsigned long dst, unsigned long src, unsigned long len, unsigned long mode)
{
	struct live_move arg = { .dst = dst, .src = src, .len = len, .mode = mode };
	long ret = result_of(ioctl(fd, _IOWR(UFFDIO, 0x05, struct live_move), &arg));

	return ret == -EAGAIN && arg.move ? arg.move : ret ? ret : arg.move;
}

/* Not fork(): a sanitizer's, or libc's, holds locks meanwhile that the thread which reads the event may need. */
static long live_fork(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!child)
		syscall(SYS_exit_group, 0);
	return child > 0 && waitpid(child, NULL, 0) == child ? 0 : -errno;
}

static long our_fork(struct mm_struct *mm)
{
	struct mm_struct *child;
	int err = sys_fork(mm, &child);

	if (!err)
		mm_exit(child);
	return err;
}

/* ---- a call on both ---- */

static const char *const names[] = {
	"register", "unregister", "copy", "zeropage", "munmap", "mmap", "mprotect", "madvise", "mremap", "wake", "move",
	"write", "writeprotect", "continue", "fork",
};

struct call {
	unsigned int kind, which;
	unsigned long addr, len, mode, holes, to, modes, protect;
	int prot, advice, flags;
};

#define FORK	14

static struct call draw(struct rng *rng)
{
	struct call call = {
		.kind = (unsigned int)rng_below(rng, ARRAY_SIZE(names)),
		.which = (unsigned int)rng_below(rng, NR),
		.addr = LIVE_BASE + rng_below(rng, PAGES) * PAGE_SIZE,
		.len = (1 + rng_below(rng, MOST)) * PAGE_SIZE,
		.to = LIVE_BASE + rng_below(rng, PAGES) * PAGE_SIZE,
		.holes = rng_below(rng, 2) ? UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES : 0,
		.prot = rng_below(rng, 8) ? READ_WRITE : PROT_READ,
		.advice = rng_below(rng, 3) ? MADV_DONTNEED : MADV_GUARD_INSTALL,
	};

	call.modes = 1 + rng_below(rng, rng_below(rng, 2) ? 3 : 7);	/* to register */
	call.flags = MAP_ANONYMOUS | MAP_FIXED | (rng_below(rng, 3) ? MAP_PRIVATE : MAP_SHARED);
	call.protect = rng_below(rng, 12) ? rng_below(rng, 2) : rng_below(rng, 4);
	/* Else little is left to move, and moved. */
	if ((call.kind == 10 || call.kind == 13) && rng_below(rng, 4))
		call.len = PAGE_SIZE;
	if (call.kind == FORK && (!both.events || rng_below(rng, 8)))	/* a fork of a large process takes long */
		call.kind = 11;
	if ((call.kind == 4 || call.kind == 5) && rng_below(rng, 4))
		call.kind = rng_below(rng, 3) ? 11 : 0;
	/* What is refused at once. */
	call.addr += !rng_below(rng, 24);
	call.len += !rng_below(rng, 24);
	call.len *= rng_below(rng, 24) != 0;
	call.mode = rng_below(rng, 24) ? 0 : 1ul << 40;
	return call;
}

static unsigned long copy_mode(const struct call *call)
{
	return call->protect & 1 ? UFFDIO_COPY_MODE_WP : 0;
}

static long make_live(const struct call *call)
{
	static const char contents[MOST * PAGE_SIZE + PAGE_SIZE] __attribute__((aligned(4096)));
	int fd = both.live[call->which];

	switch (call->kind) {
	case 0:
		return live_register(fd, call->addr, call->len, call->modes | call->mode);
	case 1:
		return live_unregister(fd, call->addr, call->len);
	case 2:
		return live_copy(fd, call->addr, contents, call->len, call->mode | copy_mode(call));
	case 3:
		return live_zeropage(fd, call->addr, call->len, call->mode);
	case 4:
		return live_munmap(call->addr, call->len);
	case 5:
		return live_mmap(call->addr, call->len, call->prot, call->flags);
	case 6:
		return live_mprotect(call->addr, call->len, call->prot);
	case 7:
		return live_madvise(call->addr, call->len, call->advice);
	case 8:
		return live_mremap(call->addr, call->len, call->len, MREMAP_MAYMOVE | MREMAP_FIXED, call->to);
	case 9:
		return result_of(ioctl(fd, UFFDIO_WAKE, &(struct uffdio_range){ call->addr, call->len }));
	case 11:
		return live_touch(call->addr, true, 1);
	case 12:
		return live_protect(fd, call->addr, call->len, call->protect | call->mode);
	case 13:
		live_madvise(call->addr, call->len, MADV_DONTNEED);	/* the file has it still */
		return live_continue(fd, call->addr, call->len, call->mode);
	case FORK:
		return live_fork();
	default:
		return live_move(fd, call->to, call->addr, call->len, call->mode | call->holes);
	}
}

static long make_ours(const struct call *call)
{
	static const char contents[MOST * CACHE_LINE];
	struct userfaultfd_ctx *uffd = both.ours[call->which];
	struct mm_struct *mm = both.mm;

	switch (call->kind) {
	case 0:
		return userfaultfd_register(uffd, call->addr, call->len, call->modes | call->mode);
	case 1:
		return userfaultfd_unregister(uffd, call->addr, call->len);
	case 2:
		return userfaultfd_copy(uffd, call->addr, contents, call->len, call->mode | copy_mode(call));
	case 3:
		return userfaultfd_zeropage(uffd, call->addr, call->len, call->mode);
	case 4:
		return sys_munmap(mm, call->addr, call->len);
	case 5:
		return sys_mmap(mm, call->addr, call->len, call->prot, call->flags, 0);
	case 6:
		return sys_mprotect(mm, call->addr, call->len, call->prot);
	case 7:
		return sys_madvise(mm, call->addr, call->len, call->advice);
	case 8:
		return sys_mremap(mm, call->addr, call->len, call->len, MREMAP_MAYMOVE | MREMAP_FIXED, call->to);
	case 9:
		return userfaultfd_wake(uffd, call->addr, call->len);
	case 11:
		return our_touch(mm, call->addr, true, 1);
	case 12:
		return userfaultfd_writeprotect(uffd, call->addr, call->len, call->protect | call->mode);
	case 13:
		sys_madvise(mm, call->addr, call->len, MADV_DONTNEED);
		return userfaultfd_continue(uffd, call->addr, call->len, call->mode);
	case FORK:
		return our_fork(mm);
	default:
		return userfaultfd_move(uffd, call->to, call->addr, call->len, call->mode | call->holes);
	}
}

static bool live_protected(unsigned long addr)
{
	uint64_t bits = 0;

	assert_int_equal(pread(both.pagemap, &bits, sizeof(bits), (off_t)((addr >> PAGE_SHIFT) * sizeof(bits))),
			 sizeof(bits));
	return bits & PM_UFFD_WP;
}

/* Which pages are there, where anything is mapped, and which are write-protected. */
static unsigned int pages_differ(void)
{
	uint64_t map[PAGES + MOST];
	unsigned int differ = 0;

	assert_int_equal(sys_pagemap(both.mm, LIVE_BASE, PAGES + MOST, map), 0);

	for (unsigned long i = 0; i < PAGES + MOST; i++) {
		unsigned long addr = LIVE_BASE + i * PAGE_SIZE;
		unsigned char live = 0, ours = 0;
		long live_ret = live_mincore(addr, PAGE_SIZE, &live);

		differ += live_ret != sys_mincore(both.mm, addr, PAGE_SIZE, &ours) || live != ours;
		differ += live_protected(addr) != !!(map[i] & PM_UFFD_WP);
	}
	return differ;
}

/* Calls, by kind, that failed, and that did not: if there were none of either, little was compared. */
static unsigned long met[ARRAY_SIZE(names)][2];

/* A write to a missing page, or one that is write-protected, would wait for this thread. */
static bool would_wait(const struct call *call)
{
	struct vm_area_struct *vma = vma_tree_find(&both.mm->tree, call->addr);
	pte_t pte;

	if (call->kind != 11 || !vma || vma->vm_start > call->addr)
		return false;
	pte = tree_pte(both.mm, call->addr & PAGE_MASK);
	return pte_none(pte) ? vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR) : pte_uffd_wp_any(pte);
}

/*
 * Pages would keep the bit, unused, that are not registered for write protection any more; ours lose it. And pages of
 * shared memory are not protected.
 */
static bool differs_by_design(const struct call *call)
{
	bool protects = call->modes & UFFDIO_REGISTER_MODE_WP;
	struct vm_area_struct *vma;

	if (call->kind != 0)
		return false;
	for (unsigned long addr = call->addr; (vma = vma_tree_find(&both.mm->tree, addr)); addr = vma->vm_end)
		if (vma->vm_start >= call->addr + call->len)
			return false;
		else if (protects ? vma->vm_flags & VM_SHARED : vma->vm_flags & VM_UFFD_WP)
			return true;
	return false;
}

static bool agrees(const struct call *call, unsigned int step)
{
	long live, ours;

	if (would_wait(call) || differs_by_design(call))
		return true;
	live = make_live(call);
	ours = make_ours(call);
	met[call->kind][live >= 0]++;

	if (live == ours && (!both.events || live_events_agree(both.events)) &&
	    live_vmas_agree(both.mm, LIVE_BASE, LIVE_END) && !pages_differ())
		return true;
	print_error("step %u: %s %u, %#lx, %lu bytes, mode %#lx, to %#lx: %ld, ours %ld; %u pages differ\n", step,
		    names[call->kind], call->which, call->addr, call->len, call->mode, call->to, live, ours,
		    pages_differ());
	return false;
}

/* Returns the number of events. */
static unsigned long sequences_agree(const uint64_t features[NR])
{
	unsigned long events = 0;
	unsigned int steps;
	struct rng rng;

	live_catch_faults();
	both.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	assert_true(both.pagemap >= 0);
	both.mm = world_mm("linux-6.15");
	for (unsigned int i = 0; i < NR; i++) {
		both.live[i] = live_open(features[i]);
		both.ours[i] = userfaultfd_create(both.mm);
		assert_non_null(both.ours[i]);
		assert_int_equal(userfaultfd_api(both.ours[i], features[i]), 0);
	}
	both.events = features[0] ? live_events_begin(both.live, both.ours) : NULL;
	steps = both.events ? test_rounds(STEPS / 4) : STEPS;
	rng_init(&rng, test_seed());
	for (unsigned int step = 0; both.live[NR - 1] >= 0 && step < steps; step++) {
		struct call call = draw(&rng);

		assert_true(agrees(&call, step));
	}
	if (both.events) {
		events = live_events_total(both.events);
		live_events_end(both.events);
	}
	for (unsigned int i = 0; i < NR; i++) {
		close(both.live[i]);
		userfaultfd_release(both.ours[i]);
	}
	if (both.live[NR - 1] >= 0)
		assert_true(live_vmas_agree(both.mm, LIVE_BASE, LIVE_END));
	close(both.pagemap);
	mm_exit(both.mm);
	live_munmap(LIVE_BASE, LIVE_END - LIVE_BASE);
	if (both.live[NR - 1] < 0)
		skip();
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (i != FORK && (!met[i][0] || !met[i][1]))
			fail_msg("%s: %lu failed, %lu did not", names[i], met[i][0], met[i][1]);
	return events;
}

/* Rows: U1, G3. */
static void sequences_of_calls_agree(void **state)
{
	static const uint64_t none[NR] = { 0 };

	(void)state;
	assert_int_equal(sequences_agree(none), 0);
}

/* Row: U4. */
static void events_agree(void **state)
{
	static const uint64_t features[NR] = {
		UFFD_EVENT_FEATURES, UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_UNMAP,
	};

	(void)state;
	assert_true(sequences_agree(features) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sequences_of_calls_agree, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(events_agree, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
