/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core_target.c - pages of the core.
 *
 * A read or a write is what a processor does: it walks the tables without a lock, uses the entry, or faults and tries
 * again. The PTL around it stands for one instruction, during which an entry is not flushed. It takes no lock of VMAs:
 * two more VMAs, on either side of the window, keep its upper tables, as long as it is used. Its PTE table may be freed
 * by MADV_DONTNEED.
 */
#include <errno.h>
#include <sys/mman.h>

#include "bench/linearize/target.h"

#define SWAP_SLOTS	64	/* more than pages, so that none has to wait for another's slot */
#define WINDOW	(16 * PMD_SIZE + 64 * PAGE_SIZE)

/* Lock key: (C) const while threads work */
static struct {
	struct mm_struct *mm;		/* (C) */
	unsigned int pages;		/* (C) */
} window;

static unsigned long address_of(unsigned int page)
{
	return WINDOW + page * PAGE_SIZE;
}

static int map_keeper(unsigned long addr)
{
	long ret = sys_mmap(window.mm, addr, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 1);

	return ret < 0 ? (int)ret : 0;
}

static void core_end(void)
{
	mm_exit(window.mm);
	window.mm = NULL;
	swap_off();
}

static int core_begin(const struct mm_policy *policy, unsigned int pages)
{
	int error;

	window.pages = pages;
	error = swap_on(SWAP_SLOTS);
	if (error)
		return error;
	window.mm = mm_create(policy);
	if (!window.mm) {
		swap_off();
		return -ENOMEM;
	}
	error = map_keeper(address_of(0) - PAGE_SIZE);
	if (!error)
		error = map_keeper(address_of(pages));
	if (error)
		core_end();
	return error;
}

static int core_enter(unsigned int index)
{
	return index ? cpu_register(index % machine.nr_nodes, MEM_LOCAL, index) : 0;
}

static void core_leave(void)
{
	frame_drain_cpu();
	cpu_unregister();
}

static void core_clean(void)
{
	BUG_ON(sys_munmap(window.mm, address_of(0), window.pages * PAGE_SIZE));
	rcu_quiescent();
}

/* The access itself, if an entry allows it. As of processors without dirty bits, a fault sets those. */
static bool access_mapped(struct mm_struct *mm, unsigned long addr, bool write, uint8_t *byte)
{
	struct mapped_entry entry;
	bool allowed;

	if (!mapped_entry_lock(&entry, &mm->pt, addr))
		return false;
	allowed = pte_accessible(entry.pte) && (!write || (pte_write(entry.pte) && pte_dirty(entry.pte)));
	if (allowed && write)
		store_relaxed((uint8_t *)page_payload(pte_page(entry.pte)), *byte);
	else if (allowed)
		*byte = load_relaxed((uint8_t *)page_payload(pte_page(entry.pte)));
	mapped_entry_unlock(&entry);
	return allowed;
}

/* Returns 0, or -EFAULT for SIGSEGV. */
static int access_page(struct mm_struct *mm, unsigned int page, bool write, uint8_t *byte)
{
	while (!access_mapped(mm, address_of(page), write, byte)) {
		vm_fault_t fault = do_user_addr_fault(mm, address_of(page), write ? FAULT_FLAG_WRITE : 0);

		if (fault & VM_FAULT_SIGSEGV)
			return -EFAULT;
		BUG_ON(fault);
	}
	return 0;
}

static void perform_access(struct history_op *op)
{
	uint8_t byte = op->arg;

	op->result = access_page(window.mm, op->first, op->kind == OP_WRITE, &byte);
	op->seen[0] = op->kind == OP_READ ? byte : 0;
}

/* As a device does: between pin and unpin it uses the page, and no table. */
static void perform_pin(struct history_op *op)
{
	bool write = op->kind == OP_PIN_WRITE;
	struct page *page;
	long pinned = pin_user_pages_fast(window.mm, address_of(op->first), 1, write ? FOLL_WRITE : 0, &page);

	op->result = pinned < 0 ? (int)pinned : 0;
	op->seen[0] = 0;
	if (op->result)
		return;
	SYNCPOINT("linearize.pinned");
	if (write)
		store_relaxed((uint8_t *)page_payload(page), op->arg);
	else
		op->seen[0] = load_relaxed((uint8_t *)page_payload(page));
	unpin_user_page(page);
}

/* The child reads once its parent goes on. */
static void perform_fork(struct history_op *op)
{
	struct mm_struct *child;

	op->result = sys_fork(window.mm, &child);
	op->returned = history_stamp();
	if (op->result)
		return;
	for (unsigned int i = 0; i < op->nr; i++) {
		uint8_t byte = 0;

		op->seen[i] = access_page(child, op->first + i, false, &byte) ? SEEN_SIGSEGV : byte;
	}
	mm_exit(child);
}

/* As compaction does: to other frames, of the same node. */
static void perform_migrate(struct history_op *op, unsigned long start, unsigned long end)
{
	struct folio_batch batch = { .next = start };
	bool more;

	do {
		batch.nr = 0;
		more = migrate_next_batch(window.mm, &batch, end, true);
		for (unsigned int i = 0; i < batch.nr; i++)
			migrate_folio(batch.folios[i], 0);
	} while (more);
	op->result = 0;
}

static void perform_mincore(struct history_op *op, unsigned long start, unsigned long len)
{
	unsigned char in_core[HISTORY_PAGES];

	op->result = sys_mincore(window.mm, start, len, in_core);
	for (unsigned int i = 0; i < op->nr; i++)
		op->seen[i] = op->result ? 0 : in_core[i] & 1;
}

static int result_of(long ret)
{
	return ret < 0 ? (int)ret : 0;
}

static void perform_call(struct history_op *op)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	unsigned long start = address_of(op->first), len = op->nr * PAGE_SIZE;
	struct mm_struct *mm = window.mm;

	switch ((enum history_kind)op->kind) {
	case OP_MMAP:
		op->result = result_of(sys_mmap(mm, start, len, prots[op->arg],
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0));
		break;
	case OP_MUNMAP:
		op->result = sys_munmap(mm, start, len);
		break;
	case OP_MPROTECT:
		op->result = sys_mprotect(mm, start, len, prots[op->arg]);
		break;
	case OP_DONTNEED:
		op->result = sys_madvise(mm, start, len, MADV_DONTNEED);
		break;
	case OP_GUARD_INSTALL:
		op->result = sys_madvise(mm, start, len, MADV_GUARD_INSTALL);
		break;
	case OP_GUARD_REMOVE:
		op->result = sys_madvise(mm, start, len, MADV_GUARD_REMOVE);
		break;
	case OP_MREMAP:
		op->result = result_of(sys_mremap(mm, start, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
						  address_of(op->arg)));
		break;
	case OP_PAGEOUT:
		op->result = sys_madvise(mm, start, len, MADV_PAGEOUT);
		break;
	case OP_MIGRATE:
		perform_migrate(op, start, start + len);
		break;
	case OP_MINCORE:
		perform_mincore(op, start, len);
		break;
	case OP_PIN_READ:
	case OP_PIN_WRITE:
		perform_pin(op);
		break;
	default:
		perform_access(op);
	}
}

static void core_perform(struct history_op *op)
{
	op->called = history_stamp();
	if (op->kind == OP_FORK) {
		perform_fork(op);
	} else {
		perform_call(op);
		op->returned = history_stamp();
	}
	rcu_quiescent();
}

/* A large folio makes pages resident that were never touched. */
static uint32_t core_kinds(void)
{
	const struct mm_policy *policy = &window.mm->pt.policy;
	uint32_t kinds = (1u << NR_OP_KINDS) - 1;

	return policy->anon_order || policy->thp != THP_NEVER ? kinds & ~(1u << OP_MINCORE) : kinds;
}

static uint32_t core_allowed(void)
{
	uint32_t allowed = ALLOW(GUARD_ZAPS_FIRST) | ALLOW(GUARD_MARKS_AGAIN) | ALLOW(GUARD_RESTARTS) |
			   ALLOW(FAULT_BEFORE_ACCESS) | ALLOW(FORK_OF_PINS);

	return window.mm->pt.policy.munmap_downgrade ? allowed | ALLOW(MUNMAP_WINDOW) : allowed;
}

const struct target core_target = {
	.name = "core",
	.begin = core_begin,
	.end = core_end,
	.enter = core_enter,
	.leave = core_leave,
	.perform = core_perform,
	.clean = core_clean,
	.kinds = core_kinds,
	.allowed = core_allowed,
};
