/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_run.c - an operation as a system call of the live kernel, or as an access to memory that may be fatal. */
#include "bench/conform/agent_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED	1
#elif defined(__has_feature)
#define SANITIZED	(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED	0
#endif

/* Windows, and what grows out of them. */
#define AROUND_START	(WINDOW_BOUNDARY - 4096 * WINDOW_PAGE)
#define AROUND_LEN	(16384 * WINDOW_PAGE)

/* Each process has its own copy; written by agent_prepare(). */
static struct agent_files inherited;

static long result_of(long ret)
{
	return ret == -1 ? -errno : ret;
}

#define CALL(...)	result_of(syscall(__VA_ARGS__))

/* ---- calls ---- */

/* An address outside of the window was chosen by the kernel: it is unmapped again. */
static long place_of(long addr, long len, long pages)
{
	unsigned long page = ((unsigned long)addr - window_start(pages)) / WINDOW_PAGE;

	if (addr < 0 && addr > -4096)
		return addr;
	if ((unsigned long)addr >= window_start(pages) && page < (unsigned long)pages)
		return (long)page;
	CALL(SYS_munmap, addr, len * (long)WINDOW_PAGE);
	return RESULT_ELSEWHERE;
}

static long run_mmap(const struct op *op, unsigned long addr, unsigned long len, long pages)
{
	long fd = op->file ? inherited.fds[op->file] : -1;
	long ret = CALL(SYS_mmap, addr, len, op->prot, op->flags, fd, (unsigned long)op->pgoff * WINDOW_PAGE);

	return place_of(ret, op->pages, pages);
}

static long run_mremap(const struct op *op, unsigned long addr, unsigned long len, long pages)
{
	unsigned long to = window_start(pages) + (unsigned long)op->to * WINDOW_PAGE;
	long ret = CALL(SYS_mremap, addr, len, (unsigned long)op->new_pages * WINDOW_PAGE, op->flags, to);

	return place_of(ret, op->new_pages, pages);
}

static unsigned char incore[2 * WINDOW_PAGES_MAX];

static long run_mincore(unsigned long addr, unsigned long len)
{
	return len > sizeof(incore) * WINDOW_PAGE ? -ENOMEM : CALL(SYS_mincore, addr, len, incore);
}

/* Of one page: its node, or an error. */
static long run_move(const struct op *op, unsigned long addr)
{
	const int node = 0;
	int status = 0;
	long ret = CALL(SYS_move_pages, 0, 1, &addr, op->flags ? &node : NULL, &status, op->flags);

	return ret < 0 ? ret : status;
}

/* With FOLL_WRITE, FOLL_PIN and FOLL_LONGTERM, as a registered buffer has; else with FOLL_GET, as of vmsplice(). */
static long run_pin(const struct op *op, unsigned long addr)
{
	const struct iovec page = { (void *)(addr & -WINDOW_PAGE), WINDOW_PAGE };
	struct io_uring_rsrc_update2 update = { .offset = (unsigned int)op->to, .nr = 1, .data = (uint64_t)&page };
	long ret;

	if (inherited.ring < 0)
		return -ENOSYS;
	if (op->flags)
		ret = CALL(SYS_io_uring_register, inherited.ring, IORING_REGISTER_BUFFERS_UPDATE, &update,
			   sizeof(update));
	else
		ret = CALL(SYS_vmsplice, inherited.pipes[op->to][1], &page, 1ul, SPLICE_F_NONBLOCK);
	return ret < 0 ? ret : 0;
}

static long run_process_madvise(const struct op *op, pid_t other, unsigned long addr, unsigned long len)
{
	const struct iovec range = { (void *)addr, len };
	long fd = CALL(SYS_pidfd_open, other, 0), ret;

	if (fd < 0)
		return fd;
	ret = CALL(SYS_process_madvise, fd, &range, 1ul, op->advice, 0);
	CALL(SYS_close, fd);
	return ret;
}

/* A sanitizer's shadow memory would be faulted in, all of it. */
static long run_mlockall(const struct op *op)
{
	return SANITIZED ? -ENOSYS : CALL(SYS_mlockall, op->flags);
}

long agent_run(const struct op *op, pid_t other, long pages)
{
	unsigned long addr = op_address(op, pages), len = (unsigned long)op->pages * WINDOW_PAGE;

	switch (op->kind) {
	case OP_MMAP:
		return run_mmap(op, addr, len, pages);
	case OP_MUNMAP:
		return CALL(SYS_munmap, addr, len);
	case OP_MPROTECT:
		return CALL(SYS_mprotect, addr, len, op->prot);
	case OP_MREMAP:
		return run_mremap(op, addr, len, pages);
	case OP_MADVISE:
		return CALL(SYS_madvise, addr, len, op->advice);
	case OP_PROCESS_MADVISE:
		return run_process_madvise(op, other, addr, len);
	case OP_MLOCK:
		return CALL(SYS_mlock2, addr, len, op->flags);
	case OP_MUNLOCK:
		return CALL(SYS_munlock, addr, len);
	case OP_MINCORE:
		return run_mincore(addr, len);
	case OP_MSYNC:
		return CALL(SYS_msync, addr, len, op->flags);
	case OP_MSEAL:
		return CALL(SYS_mseal, addr, len, 0ul);
	case OP_READ:
		return agent_read(addr);
	case OP_WRITE:
		return agent_write(addr, op->byte);
	case OP_PIN:
		return run_pin(op, addr);
	case OP_MOVE_PAGES:
		return run_move(op, addr);
	case OP_CLEAR_REFS:
		return agent_clear_refs();
	case OP_MLOCKALL:
		return run_mlockall(op);
	case OP_MUNLOCKALL:
		return CALL(SYS_munlockall);
	default:
		return -ENOSYS;
	}
}

/* ---- a fresh window ---- */
/* The kernel would write to the area of restartable sequences each time that an agent gets the processor. */
static void leave_rseq(void)
{
	const char *self = __builtin_thread_pointer();

	CALL(SYS_rseq, self + __rseq_offset, sizeof(struct rseq), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

/* All that an agent writes to is touched here. */
long agent_prepare(const struct agent_files *files, struct agent_sight *sight)
{
	inherited = *files;
	agent_know_files(files);
	leave_rseq();
	if (!agent_can_query())
		return -ENOTTY;
	if (!agent_catch_faults() || !agent_is_free(AROUND_START, AROUND_START + AROUND_LEN))
		return -EBUSY;
	/* The first signal: a sanitizer allocates for it. */
	agent_read(AROUND_START);
	agent_look(1, sight, true);
	agent_details_prepare();
	memset(incore, 0, sizeof(incore));
	if (!SANITIZED)
		agent_drop_unused(sight);
	return CALL(SYS_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

long agent_clean(bool huge)
{
	long ret = CALL(SYS_munlockall);

	if (!ret)
		ret = CALL(SYS_munmap, AROUND_START, AROUND_LEN);
	return ret ? ret : CALL(SYS_prctl, PR_SET_THP_DISABLE, !huge, 0, 0, 0);
}
