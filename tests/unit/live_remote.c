/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_remote: what others find in the memory of a process, and take from it, as with the running kernel. */
#include <errno.h>
#include <fcntl.h>
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
#include "core/op/access_remote_vm.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/oom_kill.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_both.h"
#include "tests/lib/model/live_calls.h"

#define MRELEASE_CALL	448	/* 5.15 and later */
#define SHARED_BASE	(LIVE_BASE + 16 * PAGE_SIZE)
#define SHARED_PAGES	2

static long result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* ---- a process on both sides, which stops before it exits ---- */

struct process {
	struct mm_struct *mm;
	pid_t pid;
	int pidfd;
};

static pid_t start_traced(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	assert_true(pid > 0);
	if (!ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT))
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
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

/* Forks this process and @parent, with memory as above. False, with nothing to end: it may not be traced. */
static bool begin(struct process *process, struct mm_struct *parent)
{
	live_catch_faults();
	write_all(parent);
	assert_int_equal(sys_fork(parent, &process->mm), 0);
	process->pid = start_traced();
	if (!process->pid) {
		mm_exit(process->mm);
		mm_exit(parent);
		return false;
	}
	process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	assert_true(process->pidfd >= 0);
	return true;
}

static void end(const struct process *process, struct mm_struct *parent)
{
	kill(process->pid, SIGKILL);
	ptrace(PTRACE_CONT, process->pid, 0, 0);
	waitpid(process->pid, NULL, __WALL);
	close(process->pidfd);
	mm_exit(process->mm);
	mm_exit(parent);
	live_munmap(LIVE_BASE, LIVE_END - LIVE_BASE);
}

static unsigned int bytes_differ(const struct process *process)
{
	unsigned int differ = 0;

	for (unsigned int i = 0; i < 4 + SHARED_PAGES; i++) {
		unsigned long addr = i < 4 ? LIVE_BASE + i * PAGE_SIZE : SHARED_BASE + (i - 4) * PAGE_SIZE;

		differ += live_byte(process->pid, addr) != our_byte(process->mm, addr);
	}
	return differ;
}

/* Rows: L9, G2. */
static void mrelease_agrees(void **state)
{
	struct mm_struct *parent = world_mm("linux-6.15");
	struct process p;
	int status;

	(void)state;
	if (!begin(&p, parent))
		skip();
	assert_int_equal(live_mrelease(p.pidfd, 1), sys_process_mrelease(p.mm, 1));
	assert_int_equal(live_mrelease(p.pidfd, 0), sys_process_mrelease(p.mm, 0));
	assert_int_equal(bytes_differ(&p), 0);
	kill(p.pid, SIGKILL);
	mm_kill(p.mm);
	assert_true(waitpid(p.pid, &status, __WALL) == p.pid && WIFSTOPPED(status));
	assert_int_equal(bytes_differ(&p), 0);
	assert_int_equal(live_mrelease(p.pidfd, 0), sys_process_mrelease(p.mm, 0));
	assert_int_equal(live_byte(p.pid, LIVE_BASE), -EFAULT);
	assert_int_equal(bytes_differ(&p), 0);
	assert_int_equal(live_mrelease(p.pidfd, 0), sys_process_mrelease(p.mm, 0));
	end(&p, parent);
}

/* ---- advice about the memory of another process ---- */

static const struct {
	struct iovec vec[3];
	unsigned long nr;
	unsigned int flags;
} vectors[] = {
#define RANGE(page, pages)	{ (void *)(LIVE_BASE + (page) * PAGE_SIZE), (pages) * PAGE_SIZE }
	{ { RANGE(0, 4) }, 1, 0 },
	{ { RANGE(0, 4) }, 1, 1 },
	{ { RANGE(0, 1), RANGE(2, 2), RANGE(16, 2) }, 3, 0 },
	{ { RANGE(0, 2), RANGE(3, 2), RANGE(0, 1) }, 3, 0 },	/* a hole in the second */
	{ { RANGE(4, 1), RANGE(0, 1) }, 2, 0 },			/* in the first */
	{ { RANGE(0, 1), { (void *)(LIVE_BASE + 1), PAGE_SIZE } }, 2, 0 },
	{ { RANGE(0, 1), RANGE(0, 0), RANGE(2, 1) }, 3, 0 },
	{ { RANGE(0, 0) }, 1, 0 },
	{ { { NULL, 0 } }, 0, 0 },
#undef RANGE
};

static const int advices[] = {
	MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_COLLAPSE, MADV_DONTNEED, MADV_FREE, MADV_NORMAL, MADV_HUGEPAGE,
	MADV_POPULATE_READ, MADV_GUARD_INSTALL, MADV_REMOVE, 99,
};

/* Rows: L10, G2. */
static void remote_advice_agrees(void **state)
{
	struct mm_struct *parent = world_mm("linux-6.15");
	unsigned int differ = 0;
	struct process p;

	(void)state;
	if (!begin(&p, parent))
		skip();
	for (unsigned int i = 0; i < ARRAY_SIZE(advices) * ARRAY_SIZE(vectors); i++) {
		const unsigned int v = i / ARRAY_SIZE(advices);
		const int advice = advices[i % ARRAY_SIZE(advices)];
		long live = result_of(syscall(SYS_process_madvise, p.pidfd, vectors[v].vec, vectors[v].nr, advice,
					      vectors[v].flags));
		long ours = sys_process_madvise(p.mm, vectors[v].vec, vectors[v].nr, advice, vectors[v].flags, true);

		if (live == -EPERM)		/* without CAP_SYS_NICE */
			break;
		differ += live != ours;
		if (live != ours)
			print_error("advice %d, vector %u: %ld, ours %ld\n", advice, v, live, ours);
	}
	assert_int_equal(differ, 0);
	assert_int_equal(bytes_differ(&p), 0);
	end(&p, parent);
}

/* ---- forced accesses: those of /proc/self/mem ---- */

enum { ANON_PRIVATE, FILE_PRIVATE, FILE_SHARED, NR_KINDS };

/* One access to the first byte at LIVE_BASE. */
struct remote {
	int kind, prot;
	int touched;		/* before: 0 not, 1 read, 2 written */
	bool write, force;
};

struct both {
	struct mm_struct *mm;
	struct file *file;
	int fd, mem;		/* the live kernel's file, and /proc/self/mem */
};

/* Maps and touches on both sides; the file's byte is 3, and what was written 4. */
static void map_both(const struct both *both, const struct remote *r)
{
	const int flags = (r->kind == FILE_SHARED ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED;

	assert_int_equal(live_touch(SHARED_BASE, true, 3), our_touch(both->mm, SHARED_BASE, true, 3));
	if (r->kind == ANON_PRIVATE) {
		live_mmap(LIVE_BASE, PAGE_SIZE, READ_WRITE, flags | MAP_ANONYMOUS);
		map_at(both->mm, LIVE_BASE, PAGE_SIZE, READ_WRITE);
	} else {
		live_mmap_file(LIVE_BASE, PAGE_SIZE, READ_WRITE, flags, both->fd, 0);
		BUG_ON(sys_mmap_file(both->mm, LIVE_BASE, PAGE_SIZE, READ_WRITE, flags, both->file, 0) !=
		       (long)LIVE_BASE);
	}
	if (r->touched)
		assert_int_equal(live_touch(LIVE_BASE, r->touched == 2, 4),
				 our_touch(both->mm, LIVE_BASE, r->touched == 2, 4));
	assert_int_equal(live_mprotect(LIVE_BASE, PAGE_SIZE, r->prot),
			 sys_mprotect(both->mm, LIVE_BASE, PAGE_SIZE, r->prot));
}

/* Bytes copied: by /proc/self/mem, or by a call that has no force. */
static long live_access(const struct both *both, const struct remote *r, unsigned char *byte)
{
	struct iovec mine = { byte, 1 }, theirs = { (void *)LIVE_BASE, 1 };
	long ret;

	if (r->force)
		ret = r->write ? pwrite(both->mem, byte, 1, LIVE_BASE) : pread(both->mem, byte, 1, LIVE_BASE);
	else
		ret = r->write ? process_vm_writev(getpid(), &mine, 1, &theirs, 1, 0) :
				 process_vm_readv(getpid(), &mine, 1, &theirs, 1, 0);
	return ret < 0 ? 0 : ret;
}

static bool agree(const struct both *both, const struct remote *r)
{
	const unsigned int flags = (r->write ? FOLL_WRITE : 0) | (r->force ? FOLL_FORCE : 0);
	unsigned char theirs = 9, ours = 9;
	long live, mine;
	bool good;

	map_both(both, r);
	live = live_access(both, r, &theirs);
	mine = access_remote_vm(both->mm, LIVE_BASE, &ours, 1, flags);
	live_mprotect(LIVE_BASE, PAGE_SIZE, PROT_READ);
	BUG_ON(sys_mprotect(both->mm, LIVE_BASE, PAGE_SIZE, PROT_READ));
	good = live == mine && theirs == ours &&
	       live_touch(LIVE_BASE, false, 0) == our_touch(both->mm, LIVE_BASE, false, 0) &&
	       live_touch(SHARED_BASE, false, 0) == our_touch(both->mm, SHARED_BASE, false, 0);
	if (!good)
		print_error("kind %d, prot %d, touched %d, write %d, force %d: %ld and %ld bytes, %d and %d\n", r->kind,
			    r->prot, r->touched, r->write, r->force, live, mine, theirs, ours);
	return good;
}

/* Rows: L10, G2. */
static void remote_accesses_agree(void **state)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	struct both both = {
		.mm = world_mm("linux-6.15"), .file = file_create(1, 1, 0, 1), .fd = memfd_create("page", 0),
		.mem = open("/proc/self/mem", O_RDWR),
	};
	unsigned int differ = 0;

	(void)state;
	live_catch_faults();
	assert_true(both.fd >= 0 && both.mem >= 0 && !ftruncate(both.fd, (long)PAGE_SIZE));
	live_mmap_file(SHARED_BASE, PAGE_SIZE, READ_WRITE, MAP_SHARED | MAP_FIXED, both.fd, 0);
	BUG_ON(sys_mmap_file(both.mm, SHARED_BASE, PAGE_SIZE, READ_WRITE, MAP_SHARED | MAP_FIXED, both.file, 0) !=
	       (long)SHARED_BASE);
	for (unsigned int i = 0; i < NR_KINDS * 3 * 3 * 4; i++) {
		const struct remote r = {
			.kind = (int)(i % NR_KINDS), .prot = prots[i / NR_KINDS % 3],
			.touched = (int)(i / NR_KINDS / 3 % 3), .write = i / NR_KINDS / 9 % 2,
			.force = i / NR_KINDS / 18,
		};

		differ += !agree(&both, &r);
	}
	assert_int_equal(differ, 0);
	close(both.mem);
	close(both.fd);
	mm_exit(both.mm);
	file_put(both.file);
	live_munmap(LIVE_BASE, LIVE_END - LIVE_BASE);
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
		cmocka_unit_test(remote_advice_agrees),
		cmocka_unit_test(remote_accesses_agree),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
