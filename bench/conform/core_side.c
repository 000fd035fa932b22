/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_side.c - the core's side: each process is an mm_struct, and operations are its system calls. */
#include "bench/conform/core_side.h"

#include <errno.h>
#include <signal.h>

#define SWAP_SLOTS	8192	/* 32 MiB: more than all windows of a tree */

static struct core_side *core_of(struct side *side)
{
	return container_of(side, struct core_side, side);
}

static struct mm_struct *core_mm(struct core_side *core, unsigned int process)
{
	return core->mms[process];
}

/* ---- files: all pages are in the page cache, as those of a file in memory are ---- */
static void read_all_in(struct core_side *core, struct file *file)
{
	struct mm_struct *mm = mm_create(&core->policy);
	long addr;

	BUG_ON(!mm);
	addr = sys_mmap_file(mm, 0, FILE_PAGES * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	BUG_ON(addr < 0);
	BUG_ON(sys_madvise(mm, (unsigned long)addr, FILE_PAGES * PAGE_SIZE, MADV_POPULATE_READ));
	mm_exit(mm);
}

static struct file *core_file(struct core_side *core, unsigned int number)
{
	struct file *file = core->files[number];

	if (file)
		return file;
	file = file_create(FILE_PAGES, FILE_PAGES_MAX, 0, number);
	BUG_ON(!file);
	for (long i = 0; i < FILE_PAGES; i++)
		file->device[i] = file_byte(number, i) * 0x0101010101010101ull;
	read_all_in(core, file);
	core->files[number] = file;
	return file;
}

/* ---- calls ---- */

/* An address outside of the window is unmapped again. */
static long place_of(struct core_side *core, struct mm_struct *mm, long addr, long pages)
{
	long page;

	if (addr < 0)
		return addr;
	page = (addr - (long)window_start(core->pages)) / (long)PAGE_SIZE;
	if (page >= 0 && page < core->pages)
		return page;
	BUG_ON(sys_munmap(mm, (unsigned long)addr, (unsigned long)pages * PAGE_SIZE));
	return RESULT_ELSEWHERE;
}

static long run_mmap(struct core_side *core, struct mm_struct *mm, const struct op *op, unsigned long addr,
		     unsigned long len)
{
	long ret;

	if (op->file && !(op->flags & MAP_ANONYMOUS))
		ret = sys_mmap_file(mm, addr, len, op->prot, op->flags, core_file(core, op->file),
				    (unsigned long)op->pgoff);
	else
		ret = sys_mmap(mm, addr, len, op->prot, op->flags, 0);
	return place_of(core, mm, ret, op->pages);
}

static long run_mremap(struct core_side *core, struct mm_struct *mm, const struct op *op, unsigned long addr,
		       unsigned long len)
{
	unsigned long to = window_start(core->pages) + (unsigned long)op->to * PAGE_SIZE;
	long ret = sys_mremap(mm, addr, len, (unsigned long)op->new_pages * PAGE_SIZE, op->flags, to);

	return place_of(core, mm, ret, op->new_pages);
}

static long run_mincore(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	static unsigned char vec[2 * WINDOW_PAGES_MAX];

	return len > sizeof(vec) * PAGE_SIZE ? -ENOMEM : sys_mincore(mm, addr, len, vec);
}

static long run_touch(struct mm_struct *mm, const struct op *op, unsigned long addr)
{
	vm_fault_t fault = do_user_addr_fault(mm, addr, op->kind == OP_WRITE ? FAULT_FLAG_WRITE : 0);
	unsigned char *byte;

	/* A guard region is reported as unmapped. */
	if (fault & VM_FAULT_SIGSEGV)
		return RESULT_SIGNAL(SIGSEGV, fault & VM_FAULT_BADACCESS ? SEGV_ACCERR : SEGV_MAPERR);
	if (fault & VM_FAULT_SIGBUS)
		return RESULT_SIGNAL(SIGBUS, BUS_ADRERR);
	BUG_ON(fault);
	byte = core_byte(mm, addr);
	BUG_ON(!byte && op->kind == OP_WRITE);
	if (op->kind == OP_WRITE)
		*byte = op->byte;
	return byte ? *byte : 0;
}

static long run_fork(struct core_side *core, struct mm_struct *mm, const struct op *op)
{
	return sys_fork(mm, &core->mms[op->to]);
}

static void drop_pin(struct core_side *core, unsigned int pin)
{
	struct page *page = core->pins[pin].page;

	if (page && core->pins[pin].write)
		unpin_user_page(page);
	else if (page)
		put_page(page);
	core->pins[pin].page = NULL;
}

static void end_process(struct core_side *core, unsigned int process)
{
	for (unsigned int i = 0; i < NR_PINS; i++)
		if (core->pins[i].process == process)
			drop_pin(core, i);
	mm_exit(core->mms[process]);
	core->mms[process] = NULL;
}

/* The live side's files are in memory: nothing tracks their dirty pages, and long-term pins may write to them. */
static unsigned int pin_flags(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	bool shared;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	shared = vma && (vma->vm_flags & VM_SHARED);
	mmap_read_unlock(mm);
	return FOLL_WRITE | (shared ? 0 : FOLL_LONGTERM);
}

/* To write: long-term, as a registered buffer of io_uring. To read: a reference, as of vmsplice(). */
static long run_pin(struct core_side *core, struct mm_struct *mm, const struct op *op, unsigned long addr)
{
	struct page *page;
	long nr = op->flags ? pin_user_pages_fast(mm, addr, 1, pin_flags(mm, addr), &page) :
			      get_user_pages_fast(mm, addr, 1, 0, &page);

	if (nr != 1)
		return nr;
	drop_pin(core, (unsigned int)op->to);
	core->pins[op->to].page = page;
	core->pins[op->to].process = op->process;
	core->pins[op->to].write = op->flags;
	return 0;
}

/* The result of the page: its node, or an error. */
static long run_move(struct mm_struct *mm, const struct op *op, unsigned long addr)
{
	const int node = 0;
	int status = 0;
	long ret = sys_move_pages(mm, 1, &addr, op->flags ? &node : NULL, &status, (unsigned int)op->flags);

	return ret < 0 ? ret : status;
}

static long core_run(struct side *side, const struct op *op)
{
	struct core_side *core = core_of(side);
	struct mm_struct *mm = core_mm(core, op->process);
	unsigned long addr = op_address(op, core->pages), len = (unsigned long)op->pages * PAGE_SIZE;

	switch (op->kind) {
	case OP_MMAP:
		return run_mmap(core, mm, op, addr, len);
	case OP_MUNMAP:
		return sys_munmap(mm, addr, len);
	case OP_MPROTECT:
		return sys_mprotect(mm, addr, len, op->prot);
	case OP_MREMAP:
		return run_mremap(core, mm, op, addr, len);
	case OP_MADVISE:
		return sys_madvise(mm, addr, len, op->advice);
	case OP_PROCESS_MADVISE:
		return sys_process_madvise(core_mm(core, (unsigned int)op->to), &(struct iovec){ (void *)addr, len }, 1,
					   op->advice, 0, op->to != op->process);
	case OP_MLOCK:
		return sys_mlock2(mm, addr, len, op->flags);
	case OP_MUNLOCK:
		return sys_munlock(mm, addr, len);
	case OP_MLOCKALL:
		return sys_mlockall(mm, op->flags);
	case OP_MUNLOCKALL:
		return sys_munlockall(mm);
	case OP_MSYNC:
		return sys_msync(mm, addr, len, op->flags);
	case OP_MSEAL:
		return sys_mseal(mm, addr, len, 0);
	case OP_MINCORE:
		return run_mincore(mm, addr, len);
	case OP_READ:
	case OP_WRITE:
		return run_touch(mm, op, addr);
	case OP_FORK:
		return run_fork(core, mm, op);
	case OP_EXIT:
		end_process(core, op->process);
		return 0;
	case OP_TRUNCATE:
		return sys_ftruncate(core_file(core, op->file), (unsigned long)op->pages);
	case OP_PIN:
		return run_pin(core, mm, op, addr);
	case OP_UNPIN:
		drop_pin(core, (unsigned int)op->to);
		return 0;
	case OP_MOVE_PAGES:
		return run_move(mm, op, addr);
	case OP_CLEAR_REFS:
		return sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY);
	default:
		return -ENOSYS;
	}
}

/* ---- the side ---- */
static void drop_all(struct core_side *core)
{
	for (unsigned int i = 0; i < NR_PROCESSES; i++)
		if (core->mms[i])
			end_process(core, i);
	for (unsigned int i = 1; i <= NR_FILES; i++) {
		if (core->files[i])
			file_put(core->files[i]);
		core->files[i] = NULL;
	}
}

static void core_reset(struct side *side, long pages)
{
	struct core_side *core = core_of(side);
	struct mm_policy policy;

	drop_all(core);
	core->pages = pages;
	policy = core->policy;
	policy.thp = side->huge ? policy.thp : THP_NEVER;
	core->mms[0] = mm_create(&policy);
	BUG_ON(!core->mms[0]);
}

static void core_end(struct side *side)
{
	drop_all(core_of(side));
	if (side->swap)
		BUG_ON(swap_off());
}

struct side *core_side(const struct mm_policy *policy, bool swap)
{
	static struct core_side core;

	core = (struct core_side){
		.policy = *policy,
		.side = {
			.name = "core",
			.knows = {
				.page_bits = PAGE_PRESENT | PAGE_SWAPPED | PAGE_OF_FILE | PAGE_GUARD |
					     PAGE_MAPPED_ONCE | (policy->soft_dirty ? PAGE_SOFT_DIRTY : 0) |
					     PAGE_INCORE | PAGE_ZEROES | PAGE_ANON_EXCLUSIVE | PAGE_HUGE,
				.vm_flags = VMA_LOCKED | VMA_LOCKONFAULT | VMA_HUGE | VMA_NOHUGE | VMA_MERGEABLE |
					    VMA_SEALED | VMA_DONTFORK | VMA_WIPEONFORK | VMA_DONTDUMP |
					    VMA_ACCOUNT | VMA_NORESERVE | VMA_SEQUENTIAL | VMA_RANDOM,
				.rss = true,
				.sizes = true,
				.frames = true,
				.mapcounts = true,
			},
			.reset = core_reset,
			.run = core_run,
			.look = core_look,
			.contents = core_contents,
			.end = core_end,
		},
	};
	core.side.swap = swap && !swap_on(SWAP_SLOTS);
	return &core.side;
}
