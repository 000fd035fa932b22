/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_remote: what others find in the memory of a process, and take from it, as with the running kernel. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mm/address_space.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/oom_kill.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_both.h"
#include "tests/lib/model/live_calls.h"

#define MRELEASE_CALL	448	/* 5.15 and later, on all architectures */
#define SHARED_BASE	(LIVE_BASE + 16 * PAGE_SIZE)
#define SHARED_PAGES	2

static long result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* ---- a killed process, stopped before it exits ---- */

static pid_t start_stopped_at_exit(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	assert_true(pid > 0);
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 0;
	}
	return pid;
}

static long live_mrelease(int pidfd, unsigned int flags)
{
	return result_of(syscall(MRELEASE_CALL, pidfd, flags));
}

/* A byte of another process, or -errno. */
static long live_byte(pid_t pid, unsigned long addr)
{
	unsigned char byte;
	struct iovec mine = { &byte, 1 }, theirs = { (void *)addr, 1 };
	long ret = result_of(process_vm_readv(pid, &mine, 1, &theirs, 1, 0));

	return ret == 1 ? byte : ret;
}

static long our_byte(struct mm_struct *mm, unsigned long addr)
{
	long byte = our_touch(mm, addr, false, 0);

	return byte < 0 ? -EFAULT : byte;
}

/* On both sides: four pages of private memory, two written, and two of shared memory, one written. */
static void write_all(struct mm_struct *mm)
{
	live_mmap(LIVE_BASE, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
	live_mmap(SHARED_BASE, SHARED_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	map_at(mm, LIVE_BASE, 4 * PAGE_SIZE, READ_WRITE);
	BUG_ON(sys_mmap(mm, SHARED_BASE, SHARED_PAGES * PAGE_SIZE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
			0) != (long)SHARED_BASE);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned long addr = i < 2 ? LIVE_BASE + i * PAGE_SIZE : SHARED_BASE;

		assert_int_equal(live_touch(addr, true, (unsigned char)(i + 5)), our_touch(mm, addr, true, i + 5));
	}
}

static unsigned int bytes_differ(pid_t pid, struct mm_struct *mm)
{
	unsigned int differ = 0;

	for (unsigned int i = 0; i < 4; i++)
		differ += live_byte(pid, LIVE_BASE + i * PAGE_SIZE) != our_byte(mm, LIVE_BASE + i * PAGE_SIZE);
	for (unsigned int i = 0; i < SHARED_PAGES; i++)
		differ += live_byte(pid, SHARED_BASE + i * PAGE_SIZE) != our_byte(mm, SHARED_BASE + i * PAGE_SIZE);
	return differ;
}

static void end(pid_t pid, int pidfd, struct mm_struct *mm)
{
	kill(pid, SIGKILL);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, NULL, __WALL);
	close(pidfd);
	mm_exit(mm);
	live_munmap(LIVE_BASE, LIVE_END - LIVE_BASE);
}

/* Rows: L9, G2. */
static void mrelease_agrees(void **state)
{
	struct mm_struct *parent = world_mm("linux-6.15"), *mm;
	int pidfd, status;
	pid_t pid;

	(void)state;
	live_catch_faults();
	write_all(parent);
	pid = start_stopped_at_exit();
	pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (pidfd < 0 || live_mrelease(pidfd, 0) == -ENOSYS) {
		mm_exit(parent);
		skip();
	}
	assert_int_equal(sys_fork(parent, &mm), 0);
	assert_int_equal(live_mrelease(pidfd, 1), sys_process_mrelease(mm, 1));
	assert_int_equal(live_mrelease(pidfd, 0), sys_process_mrelease(mm, 0));
	assert_int_equal(bytes_differ(pid, mm), 0);
	kill(pid, SIGKILL);
	mm_kill(mm);
	assert_true(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status));
	assert_int_equal(bytes_differ(pid, mm), 0);
	assert_int_equal(live_mrelease(pidfd, 0), sys_process_mrelease(mm, 0));
	assert_int_equal(live_byte(pid, LIVE_BASE), -EFAULT);
	assert_int_equal(bytes_differ(pid, mm), 0);
	assert_int_equal(live_mrelease(pidfd, 0), sys_process_mrelease(mm, 0));
	end(pid, pidfd, mm);
	mm_exit(parent);
}

static int up(void **state)
{
	(void)state;
	if (!live_is_free(LIVE_BASE, LIVE_END))
		return -1;
	world_start(4096, PAGE_SIZE);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mrelease_agrees),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
