/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_target.c - pages of this process, and the calls of the kernel that it runs on. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/linearize/target.h"

#define LACKS	(1u << OP_PAGEOUT | 1u << OP_MIGRATE)	/* without swap, and without nodes, they do nothing */

/* Far below what the kernel chooses by itself: no other mapping gets there while the window has a hole. */
#define WINDOW	0x20000000ul

/* Lock key: (C) const while threads work (O) of its thread alone */
static struct {
	size_t page_size;			/* (C) */
	unsigned int pages;			/* (C) */
	uint32_t kinds;				/* (C) */
	int16_t (*children)[HISTORY_PAGES];	/* (O) for each thread, what its child reads; shared with it */
	struct sigaction before;		/* (C) */
	bool had_huge_pages;			/* (C) */
} window;

static _Thread_local sigjmp_buf after_fault;
static _Thread_local int16_t *child_reads;

static unsigned long address_of(unsigned int page)
{
	return WINDOW + page * window.page_size;
}

static int result_of(long ret)
{
	return ret == -1 ? -errno : 0;
}

static long map_window(unsigned long start, unsigned long len, int prot, int flags)
{
	return syscall(SYS_mmap, start, len, (long)prot, (long)(MAP_PRIVATE | MAP_ANONYMOUS | flags), -1l, 0l);
}

/*
 * The signal is not blocked when it is handled: a jump out of the handler has no mask to restore. ThreadSanitizer
 * blocks all signals.
 */
static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(after_fault, 1);
}

/* The kernel pins the page, and copies: it is this process that another one would read, or write to. */
static void perform_pin(struct history_op *op)
{
	uint8_t byte = op->arg;
	struct iovec local = { &byte, 1 }, remote = { (void *)address_of(op->first), 1 };
	long number = op->kind == OP_PIN_WRITE ? SYS_process_vm_writev : SYS_process_vm_readv;

	op->result = result_of(syscall(number, (long)getpid(), &local, 1l, &remote, 1l, 0l));
	op->seen[0] = op->kind == OP_PIN_READ && !op->result ? byte : 0;
}

/* The window is mapped: a sandbox may forbid it. */
static bool can_pin(void)
{
	struct history_op op = { .kind = OP_PIN_READ, .nr = 1 };

	perform_pin(&op);
	return !op.result;
}

static bool knows_guards(void)
{
	bool known = !syscall(SYS_madvise, WINDOW, window.page_size, (long)MADV_GUARD_INSTALL);

	syscall(SYS_munmap, WINDOW, window.pages * window.page_size);
	return known;
}

static int live_begin(const struct mm_policy *policy, unsigned int pages)
{
	const struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	const size_t size = HISTORY_THREADS * sizeof(*window.children);

	(void)policy;
	window.page_size = (size_t)sysconf(_SC_PAGESIZE);
	window.pages = pages;
	if (map_window(WINDOW, pages * window.page_size, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE) != (long)WINDOW)
		return -EEXIST;
	window.kinds = ((1u << NR_OP_KINDS) - 1) & ~LACKS;
	if (!can_pin())
		window.kinds &= ~(1u << OP_PIN_READ | 1u << OP_PIN_WRITE);
	if (!knows_guards())
		window.kinds &= ~(1u << OP_GUARD_INSTALL | 1u << OP_GUARD_REMOVE);
	window.children = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (window.children == MAP_FAILED)
		return -ENOMEM;
	window.had_huge_pages = !prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return sigaction(SIGSEGV, &action, &window.before) ? -errno : 0;
}

static void live_end(void)
{
	sigaction(SIGSEGV, &window.before, NULL);
	if (window.had_huge_pages)
		prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	munmap(window.children, HISTORY_THREADS * sizeof(*window.children));
}

/*
 * Left to the scheduler, threads that yield to each other stay on one processor, and nothing overlaps: the live kernel
 * has no sync points with delays.
 */
static int live_enter(unsigned int index)
{
	struct pin pins[HISTORY_THREADS];

	BUG_ON(topology_plan(PLACE_COMPACT, HISTORY_THREADS, 0, pins));
	topology_pin_self(&pins[index]);
	child_reads = window.children[index];
	return 0;
}

static void live_leave(void)
{
}

static void live_clean(void)
{
	BUG_ON(syscall(SYS_munmap, WINDOW, window.pages * window.page_size));
}

/* One instruction, which may fault: a sanitizer's function around it could not be left by a jump. */
static inline uint8_t load_at(unsigned long addr)
{
#if defined(__x86_64__)
	uint8_t byte;

	__asm__ __volatile__("movb (%1), %0" : "=q"(byte) : "r"(addr) : "memory");
	return byte;
#else
	return load_relaxed((uint8_t *)addr);
#endif
}

static inline void store_at(unsigned long addr, uint8_t byte)
{
#if defined(__x86_64__)
	__asm__ __volatile__("movb %0, (%1)" : : "q"(byte), "r"(addr) : "memory");
#else
	store_relaxed((uint8_t *)addr, byte);
#endif
}

/* Returns the byte, or SEEN_SIGSEGV. */
static int16_t read_byte(unsigned int page)
{
	if (sigsetjmp(after_fault, FAULTLINE_TSAN))
		return SEEN_SIGSEGV;
	return load_at(address_of(page));
}

static int write_byte(unsigned int page, uint8_t byte)
{
	if (sigsetjmp(after_fault, FAULTLINE_TSAN))
		return -EFAULT;
	store_at(address_of(page), byte);
	return 0;
}

static void perform_read(struct history_op *op)
{
	int16_t byte = read_byte(op->first);

	op->result = byte == SEEN_SIGSEGV ? -EFAULT : 0;
	op->seen[0] = byte == SEEN_SIGSEGV ? 0 : byte;
}

/* The child reads, and does nothing else: it is a copy of one thread of many. */
static void perform_fork(struct history_op *op)
{
	long child = syscall(SYS_clone, (long)SIGCHLD, 0l, 0l, 0l, 0l);
	int status;

	if (!child) {
		for (unsigned int i = 0; i < op->nr; i++)
			child_reads[i] = read_byte(op->first + i);
		syscall(SYS_exit_group, 0l);
	}
	op->returned = history_stamp();
	op->result = result_of(child);
	if (op->result)
		return;
	while (waitpid((pid_t)child, &status, 0) < 0 && errno == EINTR)
		;
	for (unsigned int i = 0; i < op->nr; i++)
		op->seen[i] = child_reads[i];
}

static void perform_mincore(struct history_op *op, unsigned long start, unsigned long len)
{
	unsigned char in_core[HISTORY_PAGES];

	op->result = result_of(syscall(SYS_mincore, start, len, in_core));
	for (unsigned int i = 0; i < op->nr; i++)
		op->seen[i] = op->result ? 0 : in_core[i] & 1;
}

static void perform_call(struct history_op *op)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	unsigned long start = address_of(op->first), len = op->nr * window.page_size;

	switch ((enum history_kind)op->kind) {
	case OP_READ:
		perform_read(op);
		break;
	case OP_WRITE:
		op->result = write_byte(op->first, op->arg);
		break;
	case OP_MMAP:
		op->result = result_of(map_window(start, len, prots[op->arg], MAP_FIXED));
		break;
	case OP_MUNMAP:
		op->result = result_of(syscall(SYS_munmap, start, len));
		break;
	case OP_MPROTECT:
		op->result = result_of(syscall(SYS_mprotect, start, len, (long)prots[op->arg]));
		break;
	case OP_MREMAP:
		op->result = result_of(syscall(SYS_mremap, start, len, len, (long)(MREMAP_MAYMOVE | MREMAP_FIXED),
					       address_of(op->arg)));
		break;
	case OP_MINCORE:
		perform_mincore(op, start, len);
		break;
	case OP_PIN_READ:
	case OP_PIN_WRITE:
		perform_pin(op);
		break;
	default:
		op->result = result_of(syscall(SYS_madvise, start, len,
					       (long)(op->kind == OP_DONTNEED ? MADV_DONTNEED :
						      op->kind == OP_GUARD_INSTALL ? MADV_GUARD_INSTALL :
						      MADV_GUARD_REMOVE)));
	}
}

static void live_perform(struct history_op *op)
{
	op->called = history_stamp();
	if (op->kind == OP_FORK) {
		perform_fork(op);
		return;
	}
	perform_call(op);
	op->returned = history_stamp();
}

static uint32_t live_kinds(void)
{
	return window.kinds;
}

static uint32_t live_allowed(void)
{
	return ALLOW_ALL;
}

const struct target live_target = {
	.name = "live kernel",
	.costly = 1u << OP_FORK,
	.lacks = LACKS,
	.begin = live_begin,
	.end = live_end,
	.enter = live_enter,
	.leave = live_leave,
	.perform = live_perform,
	.clean = live_clean,
	.kinds = live_kinds,
	.allowed = live_allowed,
};
