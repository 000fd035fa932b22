/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.c - what a few private anonymous pages do, step by step. */
#include "bench/linearize/model.h"

#include <errno.h>
#include <string.h>

const struct nondeterminism_info nondeterminisms[NR_NONDETERMINISMS] = {
	[MUNMAP_WINDOW] = {
		"munmap-window",
		"during munmap an access that faults is fatal, while one that finds an entry succeeds",
		"munmap detaches its VMAs, then zaps pages under mmap_lock for read: mm/vma.c, "
		"vms_complete_munmap_vmas(), since Linux 4.20",
	},
	[STALE_TLB] = {
		"stale-tlb",
		"while MADV_DONTNEED or a guard zaps a page, one thread reaches the old page, another one the new page",
		"entries are cleared under the PTL and flushed later, and faults run meanwhile: mm/memory.c, "
		"zap_pte_range(); mm/mmu_gather.c, tlb_finish_mmu()",
	},
	[GUARD_ZAPS_FIRST] = {
		"guard-zaps-first",
		"MADV_GUARD_INSTALL empties a page, which may be read and written anew, before it becomes a guard",
		"a mapped page is zapped before a marker is set, and again if a fault was faster: mm/madvise.c, "
		"madvise_guard_install()",
	},
	[GUARD_MARKS_AGAIN] = {
		"guard-marks-again",
		"MADV_GUARD_INSTALL of several pages makes one of them a guard twice, and it is none in between",
		"a mapped page makes the walk begin again at the start of the range, where MADV_GUARD_REMOVE may have "
		"removed markers: mm/madvise.c, madvise_guard_install()",
	},
	[GUARD_RESTARTS] = {
		"guard-restarts",
		"MADV_GUARD_INSTALL empties a page, and then finds that it is not mapped",
		"it drops its lock and restarts after MAX_MADVISE_GUARD_RETRIES lost races with faults: mm/madvise.c, "
		"madvise_guard_install()",
	},
	[MREMAP_ALIAS] = {
		"mremap-alias",
		"during mremap a page is reachable at both addresses",
		"the new entry is set before the old one is flushed, both under the PTL, which accesses do not take: "
		"mm/mremap.c, move_ptes()",
	},
	[FAULT_BEFORE_ACCESS] = {
		"fault-before-access",
		"mincore finds a page resident for an access that has not happened yet",
		"a fault maps the page, and the access is repeated after it: arch/x86/mm/fault.c, do_user_addr_fault()",
	},
	[FORK_OF_PINS] = {
		"fork-of-pins",
		"a child has one page of an earlier moment than another one, in histories with pins",
		"a page that may be pinned is copied at once, and stays writable in the parent, while others are not "
		"copied yet: mm/memory.c, copy_present_page()",
	},
};

int nondeterminism_find(const char *name)
{
	for (int i = 0; i < NR_NONDETERMINISMS; i++)
		if (!strcmp(nondeterminisms[i].name, name))
			return i;
	return -1;
}

/* ---- a page ---- */
static enum page_prot prot_of(uint32_t page)
{
	return (enum page_prot)(page >> 1 & 3);
}

static int byte_of(uint32_t page)
{
	return (int)(page >> 9 & UINT8_MAX);
}

static int stale_byte_of(uint32_t page)
{
	return (int)(page >> 17 & UINT8_MAX);
}

static uint32_t with_byte(uint32_t page, unsigned int byte)
{
	return (page & ~STATE_BYTE(UINT8_MAX)) | STATE_BYTE(byte);
}

static uint32_t with_stale_byte(uint32_t page, unsigned int byte)
{
	return (page & ~STATE_STALE(UINT8_MAX)) | STATE_STALE(byte);
}

static uint32_t with_prot(uint32_t page, unsigned int prot)
{
	return (page & ~STATE_PROT(3)) | STATE_PROT(prot);
}

static bool has_vma(uint32_t page)
{
	return (page & STATE_MAPPED) && !(page & STATE_DETACHED);
}

/* No call is at work on the page that holds mmap_lock or a VMA lock for read: what needs them for write waits. */
static bool is_settled(uint32_t page)
{
	return !(page & (STATE_DETACHED | STATE_ALIAS | STATE_WINDOWS));
}

static bool allows(uint32_t page, bool write)
{
	return (page & STATE_MAPPED) && prot_of(page) >= (write ? PAGE_PROT_WRITE : PAGE_PROT_READ);
}

static bool is_accessible(uint32_t page, bool write)
{
	return allows(page, write) && !(page & STATE_GUARD);
}

static uint32_t zapped(uint32_t page)
{
	return with_byte(page, 0) & ~STATE_RESIDENT;
}

/* The last flush of those due forgets the stale byte. */
static uint32_t window_closed(uint32_t page)
{
	page -= STATE_WINDOW;
	return page & STATE_WINDOWS ? page : with_stale_byte(page, 0);
}

/* ---- steps ---- */
/* Lock key: (T) this thread only */
struct step {
	const struct model_part *part;		/* (T) */
	const struct model_state *from;		/* (T) */
	uint32_t allowed;			/* (T) */
	enum phase phase;			/* (T) */
	struct model_next *next;		/* (T) */
	unsigned int nr;			/* (T) of @next */
};

static bool may(const struct step *step, enum nondeterminism which)
{
	return step->allowed & ALLOW(which);
}

static struct model_state *leads_to(struct step *step, enum phase phase)
{
	struct model_next *next = &step->next[step->nr++];

	BUG_ON(step->nr > MODEL_NEXTS);
	next->state = *step->from;
	next->phase = phase;
	return &next->state;
}

static void page_becomes(struct step *step, enum phase phase, uint32_t page)
{
	leads_to(step, phase)->page[step->part->page] = page;
}

static void access_succeeds(struct step *step, unsigned int at, uint32_t page)
{
	const struct history_op *op = step->part->op;
	bool write = history_is_write((enum history_kind)op->kind);

	if (is_accessible(page, write) && (write || byte_of(page) == op->seen[0]))
		leads_to(step, PHASE_DONE)->page[at] =
			(write ? with_byte(page, op->arg) : page) | STATE_RESIDENT;
	if (!(page & STATE_WINDOWS) || !allows(page, write))
		return;
	if (write || stale_byte_of(page) == op->seen[0])
		leads_to(step, PHASE_DONE)->page[at] = write ? with_stale_byte(page, op->arg) : page;
}

static void step_access(struct step *step)
{
	const struct history_op *op = step->part->op;
	unsigned int at = step->part->page;
	uint32_t page = step->from->page[at];
	bool write = history_is_write((enum history_kind)op->kind);

	if (page & STATE_ALIAS) {
		at = page >> 25;
		page = step->from->page[at];
	} else if (op->result && ((page & STATE_DETACHED) || !is_accessible(page, write))) {
		leads_to(step, PHASE_DONE);
	}
	if (!op->result)
		access_succeeds(step, at, page);
	if (may(step, FAULT_BEFORE_ACCESS) && is_accessible(page, write) && !(page & STATE_RESIDENT))
		leads_to(step, PHASE_ONE)->page[at] = page | STATE_RESIDENT;
}

static void step_mmap(struct step *step)
{
	const struct history_op *op = step->part->op;

	if (!op->result && is_settled(step->from->page[step->part->page]))
		page_becomes(step, PHASE_DONE, STATE_MAPPED | STATE_PROT(op->arg));
}

static void step_munmap(struct step *step)
{
	uint32_t page = step->from->page[step->part->page];

	if (step->part->op->result)
		return;
	if (step->phase == PHASE_ONE || is_settled(page))
		page_becomes(step, PHASE_DONE, 0);
	if (step->phase == PHASE_CALLED && is_settled(page) && (page & STATE_MAPPED) && may(step, MUNMAP_WINDOW))
		page_becomes(step, PHASE_ONE, page | STATE_DETACHED);
}

/*
 * -ENOMEM: a page of the range was not mapped; of one page, this one. True if the step for a mapped page is possible:
 * else all is said.
 */
static bool step_range(struct step *step)
{
	const struct history_op *op = step->part->op;
	bool mapped = has_vma(step->from->page[step->part->page]);

	if (op->result && op->result != -ENOMEM)
		return false;
	if (mapped)
		return !op->result || op->nr > 1;
	if (op->result)
		leads_to(step, PHASE_DONE);
	return false;
}

static void step_mprotect(struct step *step)
{
	const struct history_op *op = step->part->op;
	uint32_t page = step->from->page[step->part->page];

	if (!is_settled(page) || !step_range(step))
		return;
	page_becomes(step, PHASE_DONE, with_prot(page, op->arg));
	/* The range is changed up to the first page that is not mapped: mm/mprotect.c, do_mprotect_pkey(). */
	if (op->result)
		leads_to(step, PHASE_DONE);
}

/* The page is emptied, and, if translations may be stale, old for some until the step to phase @flushed. */
static void step_zap(struct step *step, enum phase flushed)
{
	uint32_t page = step->from->page[step->part->page];
	uint32_t stale = page & STATE_WINDOWS ? page : with_stale_byte(page, (unsigned int)byte_of(page));

	page_becomes(step, flushed, zapped(page));
	if (!may(step, STALE_TLB) || (page & STATE_WINDOWS) == STATE_WINDOWS || !(page & STATE_RESIDENT))
		return;
	page_becomes(step, PHASE_ONE, zapped(stale) + STATE_WINDOW);
	if (stale_byte_of(page) != byte_of(page) && (page & STATE_WINDOWS))
		page_becomes(step, PHASE_ONE,
			     zapped(with_stale_byte(page, (unsigned int)byte_of(page))) + STATE_WINDOW);
}

static void step_dontneed(struct step *step)
{
	uint32_t page = step->from->page[step->part->page];

	if (step->phase == PHASE_ONE)
		page_becomes(step, PHASE_DONE, window_closed(page));
	else if (step_range(step))
		step_zap(step, PHASE_DONE);
}

static void step_guard_install(struct step *step)
{
	const struct history_op *op = step->part->op;
	uint32_t page = step->from->page[step->part->page];
	bool restarts = op->result == -ENOMEM && may(step, GUARD_RESTARTS);

	if (step->phase == PHASE_ONE) {
		page_becomes(step, PHASE_TWO, window_closed(page));
		return;
	}
	if (step->phase == PHASE_TWO && restarts && !has_vma(page))
		leads_to(step, PHASE_DONE);
	if (step->phase == PHASE_CALLED && !step_range(step) && !restarts)
		return;
	if (!has_vma(page))
		return;
	if (!op->result || op->nr > 1)
		page_becomes(step, PHASE_DONE, zapped(page) | STATE_GUARD);
	if (may(step, GUARD_MARKS_AGAIN) && op->nr > 1)
		page_becomes(step, PHASE_TWO, zapped(page) | STATE_GUARD);
	if ((may(step, GUARD_ZAPS_FIRST) || restarts) && (page & STATE_RESIDENT))
		step_zap(step, PHASE_TWO);
}

static void step_guard_remove(struct step *step)
{
	if (step_range(step))
		page_becomes(step, PHASE_DONE, step->from->page[step->part->page] & ~STATE_GUARD);
}

static void step_mincore(struct step *step)
{
	const struct history_op *op = step->part->op;
	uint32_t page = step->from->page[step->part->page];

	if (step_range(step) && (op->result || op->seen[step->part->page - op->first] == !!(page & STATE_RESIDENT)))
		leads_to(step, PHASE_DONE);
}

/* The page stays what it is, and, once swapped out, may be in memory or not. */
static void step_pageout(struct step *step)
{
	uint32_t page = step->from->page[step->part->page];

	if (!step_range(step))
		return;
	leads_to(step, PHASE_DONE);
	if (page & STATE_RESIDENT)
		page_becomes(step, PHASE_DONE, page & ~STATE_RESIDENT);
}

/* The page moves to another frame, or stays: no program notices. */
static void step_migrate(struct step *step)
{
	leads_to(step, PHASE_DONE);
}

/* ---- steps of several pages ---- */
static void step_mremap(struct step *step)
{
	const struct history_op *op = step->part->op;
	uint32_t from = step->from->page[op->first], to = step->from->page[op->arg];
	struct model_state *state;

	if (step->phase == PHASE_ONE) {
		leads_to(step, PHASE_DONE)->page[op->first] = 0;
		return;
	}
	if (!is_settled(from) || !is_settled(to))
		return;
	if (op->result) {
		if (op->result == -EFAULT && !(from & STATE_MAPPED))
			leads_to(step, PHASE_DONE);
		return;
	}
	if (!(from & STATE_MAPPED))
		return;
	state = leads_to(step, PHASE_DONE);
	state->page[op->arg] = from;
	state->page[op->first] = 0;
	if (may(step, MREMAP_ALIAS) && (from & STATE_RESIDENT)) {
		state = leads_to(step, PHASE_ONE);
		state->page[op->arg] = from;
		state->page[op->first] = STATE_ALIAS | STATE_TARGET(op->arg);
	}
}

/* The child has what the page at @at holds now. */
static bool child_sees(const struct step *step, unsigned int at)
{
	const struct history_op *op = step->part->op;
	uint32_t page = step->from->page[at];
	int seen = is_accessible(page, false) ? byte_of(page) : SEEN_SIGSEGV;

	return is_settled(page) && seen == op->seen[at - op->first];
}

static void step_fork(struct step *step)
{
	const struct history_op *op = step->part->op;
	bool joint = model_is_joint(OP_FORK, step->allowed);
	unsigned int first = joint ? op->first : step->part->page, nr = joint ? op->nr : 1;

	if (op->result)
		return;
	for (unsigned int i = 0; i < nr && !step->part->maybe; i++)
		if (!child_sees(step, first + i))
			return;
	leads_to(step, PHASE_DONE);
}

bool model_is_joint(enum history_kind kind, uint32_t allowed)
{
	return (kind == OP_FORK && !(allowed & ALLOW(FORK_OF_PINS))) || kind == OP_MREMAP;
}

unsigned int model_step(const struct model_part *part, enum phase phase, const struct model_state *state,
			uint32_t allowed, struct model_next *next)
{
	static void (*const steps[NR_OP_KINDS])(struct step *step) = {
		[OP_READ] = step_access,
		[OP_WRITE] = step_access,
		[OP_PIN_READ] = step_access,
		[OP_PIN_WRITE] = step_access,
		[OP_MMAP] = step_mmap,
		[OP_MUNMAP] = step_munmap,
		[OP_MPROTECT] = step_mprotect,
		[OP_DONTNEED] = step_dontneed,
		[OP_GUARD_INSTALL] = step_guard_install,
		[OP_GUARD_REMOVE] = step_guard_remove,
		[OP_MREMAP] = step_mremap,
		[OP_FORK] = step_fork,
		[OP_MINCORE] = step_mincore,
		[OP_PAGEOUT] = step_pageout,
		[OP_MIGRATE] = step_migrate,
	};
	struct step step = { .part = part, .from = state, .allowed = allowed, .phase = phase, .next = next };

	steps[part->op->kind](&step);
	return step.nr;
}
