/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_calls.c - the running kernel's calls with results as ours have them, and touches of memory on both sides. */
#include "tests/lib/model/live_calls.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/op/fault.h"
#include "core/op/mmap.h"
#include "tests/lib/scene/tree.h"

#define MSEAL_CALL	462	/* newer than Debian 12's headers, the same on all machines but alpha */

static long result_of(long ret)
{
	return ret == -1 ? -errno : ret;
}

long live_mmap(unsigned long addr, unsigned long len, int prot, int flags)
{
	return result_of(syscall(SYS_mmap, addr, len, (long)prot, (long)flags, -1l, 0l));
}

long live_mmap_file(unsigned long addr, unsigned long len, int prot, int flags, int fd, unsigned long pgoff)
{
	return result_of(syscall(SYS_mmap, addr, len, (long)prot, (long)flags, (long)fd, pgoff * PAGE_SIZE));
}

long live_munmap(unsigned long addr, unsigned long len)
{
	return result_of(syscall(SYS_munmap, addr, len));
}

long live_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, int flags, unsigned long new_addr)
{
	return result_of(syscall(SYS_mremap, addr, old_len, new_len, flags, new_addr));
}

long live_mprotect(unsigned long addr, unsigned long len, int prot)
{
	return result_of(syscall(SYS_mprotect, addr, len, prot));
}

long live_madvise(unsigned long addr, unsigned long len, int advice)
{
	return result_of(syscall(SYS_madvise, addr, len, advice));
}

long live_mlock(unsigned long addr, unsigned long len, int flags)
{
	return result_of(syscall(SYS_mlock2, addr, len, flags));
}

long live_munlock(unsigned long addr, unsigned long len)
{
	return result_of(syscall(SYS_munlock, addr, len));
}

long live_msync(unsigned long addr, unsigned long len, int flags)
{
	return result_of(syscall(SYS_msync, addr, len, flags));
}

long live_mlockall(int flags)
{
	return result_of(syscall(SYS_mlockall, (long)flags));
}

long live_munlockall(void)
{
	return result_of(syscall(SYS_munlockall));
}

long live_mseal(unsigned long addr, unsigned long len, unsigned long flags)
{
	return result_of(syscall(MSEAL_CALL, addr, len, flags));
}

long live_process_madvise(const struct iovec *vec, unsigned long nr, int advice, unsigned int flags)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	long ret = result_of(syscall(SYS_process_madvise, pidfd, vec, nr, advice, flags));

	close(pidfd);
	return ret;
}

long live_mincore(unsigned long addr, unsigned long len, unsigned char *vec)
{
	return result_of(syscall(SYS_mincore, addr, len, vec));
}

bool live_is_at_least(unsigned int major, unsigned int minor)
{
	unsigned int has_major, has_minor;
	struct utsname uts;

	if (uname(&uts) || sscanf(uts.release, "%u.%u", &has_major, &has_minor) != 2)
		return false;
	return has_major > major || (has_major == major && has_minor >= minor);
}

bool live_may_lock(unsigned long addr, unsigned long len)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	long ret;

	BUG_ON(live_mmap(addr, len, PROT_READ, flags) != (long)addr);
	ret = live_mlock(addr, len, MLOCK_ONFAULT);
	BUG_ON(live_munmap(addr, len));
	if (ret)
		fprintf(stderr, "the running kernel locks no %lu bytes (%ld): mlock() not compared\n", len, ret);
	return !ret;
}

bool live_has_advice(unsigned long addr, int advice)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	long ret;

	BUG_ON(live_mmap(addr, PAGE_SIZE, PROT_READ | PROT_WRITE, flags) != (long)addr);
	ret = live_madvise(addr, PAGE_SIZE, advice);
	BUG_ON(live_munmap(addr, PAGE_SIZE));
	return ret == 0;
}

bool live_is_free(unsigned long start, unsigned long end)
{
	unsigned char vec;

	for (unsigned long addr = start; addr < end; addr += PAGE_SIZE)
		if (live_mincore(addr, PAGE_SIZE, &vec) != -ENOMEM)
			return false;
	return true;
}

unsigned int live_vmas(unsigned long start, unsigned long end, struct live_vma *vmas, unsigned int max)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], prot[5];
	unsigned int nr = 0;

	BUG_ON(!maps);
	while (nr < max && fgets(line, sizeof(line), maps)) {
		struct live_vma *vma = &vmas[nr];

		BUG_ON(sscanf(line, "%lx-%lx %4s", &vma->start, &vma->end, prot) != 3);
		if (vma->start >= end)
			break;
		vma->prot = (prot[0] == 'r' ? PROT_READ : 0) | (prot[1] == 'w' ? PROT_WRITE : 0) |
			    (prot[2] == 'x' ? PROT_EXEC : 0);
		vma->shared = prot[3] == 's';
		nr += vma->end > start;
	}
	fclose(maps);
	return nr;
}

bool live_stands_alone(unsigned long addr, unsigned long len)
{
	struct live_vma vma;

	return live_vmas(addr, addr + len, &vma, 1) == 1 && vma.start == addr && vma.end == addr + len;
}

bool live_find(const char *name, unsigned long *start, unsigned long *size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long end = 0;
	char line[512];

	BUG_ON(!maps);
	while (!end && fgets(line, sizeof(line), maps))
		if (strstr(line, name))
			BUG_ON(sscanf(line, "%lx-%lx", start, &end) != 2);
	fclose(maps);
	*size = end ? end - *start : 0;
	return end;
}

bool live_vmas_agree(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct live_vma live[64];
	unsigned int nr = live_vmas(start, end, live, ARRAY_SIZE(live));
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, start);

	for (unsigned int i = 0; i < nr; i++) {
		unsigned long flags = prot_to_vm_flags(live[i].prot) | (live[i].shared ? VM_SHARED : 0);

		if (!vma || vma->vm_start != live[i].start || vma->vm_end != live[i].end ||
		    (vma->vm_flags & (VM_ACCESS_FLAGS | VM_SHARED)) != flags) {
			fprintf(stderr, "the kernel has a VMA %lx-%lx prot %x, ours is %lx-%lx\n", live[i].start,
				live[i].end, (unsigned int)live[i].prot, vma ? vma->vm_start : 0,
				vma ? vma->vm_end : 0);
			return false;
		}
		vma = vma_tree_find(&mm->tree, vma->vm_end);
	}
	return !vma || vma->vm_start >= end;
}

static sigjmp_buf after_fault;
static volatile int fault_code;

/* SIGBUS and SIGSEGV have codes of the same values. */
#define BUS_CODE(code)	(SIGBUS << 8 | (code))

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = sig == SIGBUS ? BUS_CODE(info->si_code) : info->si_code;
	siglongjmp(after_fault, 1);
}

void live_catch_faults(void)
{
	const struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	BUG_ON(sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL));
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

long live_touch(unsigned long addr, bool write, unsigned char byte)
{
	if (sigsetjmp(after_fault, 1))
		return -fault_code;
	if (!write)
		return load_byte(addr);
	store_byte(addr, byte);
	return byte;
}

long our_touch(struct mm_struct *mm, unsigned long addr, bool write, unsigned char byte)
{
	vm_fault_t fault = do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0);
	unsigned char *bytes;

	/* A guard region is reported as unmapped. */
	if (fault & VM_FAULT_SIGSEGV)
		return fault & VM_FAULT_BADACCESS ? -SEGV_ACCERR : -SEGV_MAPERR;
	if (fault & VM_FAULT_SIGBUS)
		return -BUS_CODE(BUS_ADRERR);
	BUG_ON(fault);
	bytes = page_payload(pte_page(tree_pte(mm, addr)));
	if (write)
		bytes[0] = byte;
	return bytes[0];
}
