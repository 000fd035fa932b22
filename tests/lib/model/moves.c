/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moves.c - random operations on an address space. */
#include "tests/lib/model/moves.h"

#include <stdio.h>
#include <string.h>

#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "core/op/mmap.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/scene/tree.h"

static const int advices[] = { MADV_DONTNEED, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE, MADV_POPULATE_READ,
			       MADV_POPULATE_WRITE };

/* Places where things meet: the ends of windows, of tables, and of what may be mapped. */
static unsigned long random_place(const struct model *model, struct rng *rng, unsigned int w)
{
	const struct model_window *window = &model->window[w];
	unsigned long addr = window->base + rng_below(rng, window->pages + 1) * PAGE_SIZE;

	if (rng_below(rng, 8) == 0)
		return addr;
	if (w == 0)
		return MMAP_MIN_ADDR + rng_below(rng, 16) * PAGE_SIZE - 2 * PAGE_SIZE;
	if (w == 1)
		addr = window->base + rng_below(rng, 5) * PMD_SIZE + rng_below(rng, 12) * PAGE_SIZE - 6 * PAGE_SIZE;
	else
		addr = (rng_below(rng, 2) ? TASK_SIZE : TASK_SIZE - PMD_SIZE) - rng_below(rng, 12) * PAGE_SIZE;
	return addr;
}

static void random_range(const struct model *model, struct rng *rng, struct move *move)
{
	unsigned int w = rng_below(rng, 2) ? 1 : (unsigned int)rng_below(rng, MODEL_WINDOWS);
	unsigned long a = random_place(model, rng, w), b = random_place(model, rng, w);

	if (rng_below(rng, 3))	/* short */
		b = a + rng_below(rng, 6) * PAGE_SIZE;
	move->start = min(a, b);
	move->len = max(a, b) - move->start;
	if (rng_below(rng, 8) == 0 && w == 1) {	/* whole tables */
		move->start = model->window[1].base + rng_below(rng, 4) * PMD_SIZE;
		move->len = PMD_SIZE * (1 + rng_below(rng, 2));
	}
	if (rng_below(rng, 8) == 0)
		move->len -= min(move->len, 1 + rng_below(rng, PAGE_SIZE - 1));
	if (rng_below(rng, 64) == 0)
		move->start += 1 + rng_below(rng, PAGE_SIZE - 1);
	if (rng_below(rng, 200) == 0)
		move->len = -1ul - rng_below(rng, 3 * PAGE_SIZE);
	if (rng_below(rng, 200) == 0)
		move->len = TASK_SIZE - rng_below(rng, 3 * PAGE_SIZE);
}

static int random_prot(struct rng *rng)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE,
				     PROT_READ | PROT_WRITE | PROT_EXEC };

	return prots[rng_below(rng, ARRAY_SIZE(prots))];
}

static int random_flags(struct rng *rng)
{
	static const int wrong[] = { 0, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS,
				     4 | MAP_ANONYMOUS, 4 | MAP_ANONYMOUS | MAP_FIXED };
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (rng_below(rng, 4) ? 0 : MAP_NORESERVE);

	if (rng_below(rng, 64) == 0)
		return wrong[rng_below(rng, ARRAY_SIZE(wrong))];
	switch (rng_below(rng, 6)) {
	case 0:
		return flags | MAP_FIXED_NOREPLACE;
	case 1:
		return flags;
	default:
		return flags | MAP_FIXED;
	}
}

/* Most are in the low window or around the boundary, as wide as a hint's place allows. */
static void random_mmap(const struct model *model, struct rng *rng, struct move *move)
{
	long at;

	do {
		random_range(model, rng, move);
		move->prot = random_prot(rng);
		move->flags = random_flags(rng);
		if (move->len <= 8 * PAGE_SIZE && rng_below(rng, 4) == 0)
			move->flags |= MAP_POPULATE;
		move->name = (uint32_t)(rng_below(rng, 4) ? 0 : rng_below(rng, 3));
		if (!(move->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && rng_below(rng, 2)) {
			move->start = rng_below(rng, 2) * rng_below(rng, 2 * PAGE_SIZE);
			move->len = min(move->len, 8 * PAGE_SIZE);
		}
		at = model_mmap_address(model, move->start, move->len, move->prot, move->flags);
	} while (at == MODEL_OUTSIDE);
}

/* Where things meet again: near, in another window, or with tables that fit. */
static void random_mremap(const struct model *model, struct rng *rng, struct move *move)
{
	static const int flags[] = { 0,
				     MREMAP_MAYMOVE,
				     MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
				     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
				     MREMAP_FIXED,
				     8 };
	long at;

	do {
		unsigned int w = rng_below(rng, 2) ? 1 : (unsigned int)rng_below(rng, MODEL_WINDOWS);

		random_range(model, rng, move);
		move->flags = flags[rng_below(rng, ARRAY_SIZE(flags) - (rng_below(rng, 32) ? 2 : 0))];
		move->new_len = rng_below(rng, 2) ? move->len : rng_below(rng, 8) * PAGE_SIZE;
		move->new_addr = random_place(model, rng, w);
		if (move->len >= PMD_SIZE && move->start % PMD_SIZE == 0 && rng_below(rng, 2))
			move->new_addr = model->window[1].base + rng_below(rng, 4) * PMD_SIZE;
		if (rng_below(rng, 64) == 0)
			move->new_addr += 1 + rng_below(rng, PAGE_SIZE - 1);
		at = model_mremap_address(model, move->start, move->len, move->new_len, move->flags, move->new_addr);
	} while (at == MODEL_OUTSIDE);
}

/* A length that takes the range out of its window, but into no other. */
static void limit(struct move *move)
{
	if (move->len / PAGE_SIZE > MOVE_MAX_PAGES && move->len <= TASK_SIZE)
		move->len = MOVE_MAX_PAGES * PAGE_SIZE;
}

struct move move_random(const struct model *model, struct rng *rng)
{
	static const enum move_kind kinds[] = { MOVE_MMAP, MOVE_MMAP, MOVE_MUNMAP, MOVE_MPROTECT, MOVE_MPROTECT,
						MOVE_MADVISE, MOVE_MADVISE, MOVE_MINCORE, MOVE_MREMAP, MOVE_MREMAP,
						MOVE_TOUCH, MOVE_TOUCH, MOVE_TOUCH, MOVE_TOUCH };
	struct move move = { .kind = kinds[rng_below(rng, ARRAY_SIZE(kinds))] };

	if (move.kind == MOVE_MMAP) {
		random_mmap(model, rng, &move);
		return move;
	}
	if (move.kind == MOVE_MREMAP) {
		random_mremap(model, rng, &move);
		return move;
	}
	random_range(model, rng, &move);
	move.prot = rng_below(rng, 100) ? random_prot(rng) : 1 << rng_below(rng, 8);
	move.advice = rng_below(rng, 100) ? advices[rng_below(rng, ARRAY_SIZE(advices))] : 77;
	move.write = rng_below(rng, 2);
	move.content = (uint8_t)rng_next(rng);
	if (move.kind != MOVE_MUNMAP)
		limit(&move);
	return move;
}

/* Reads, or writes @content to both ends, as a processor would after the fault. */
static void access_page(struct mm_struct *mm, unsigned long addr, bool write, uint8_t content)
{
	pte_t pte = tree_pte(mm, addr);
	uint8_t *bytes = page_payload(pte_page(pte));

	BUG_ON(!pte_accessible(pte) || (write && !(pte_write(pte) && pte_dirty(pte))));
	if (!write || !machine.payload)
		return;
	bytes[0] = content;
	bytes[machine.payload - 1] = content;
}

static long touch(const struct move *move, struct mm_struct *mm)
{
	vm_fault_t fault = do_user_addr_fault(mm, move->start, move->write ? FAULT_FLAG_WRITE : 0);

	if (!fault)
		access_page(mm, move->start, move->write, move->content);
	return fault;
}

void move_do(const struct move *move, struct mm_struct *mm, struct outcome *outcome)
{
	memset(outcome->vec, 0xaa, sizeof(outcome->vec));
	switch (move->kind) {
	case MOVE_MMAP:
		outcome->ret = sys_mmap(mm, move->start, move->len, move->prot, move->flags, move->name);
		break;
	case MOVE_MUNMAP:
		outcome->ret = sys_munmap(mm, move->start, move->len);
		break;
	case MOVE_MPROTECT:
		outcome->ret = sys_mprotect(mm, move->start, move->len, move->prot);
		break;
	case MOVE_MADVISE:
		outcome->ret = sys_madvise(mm, move->start, move->len, move->advice);
		break;
	case MOVE_MINCORE:
		outcome->ret = sys_mincore(mm, move->start, move->len, outcome->vec);
		break;
	case MOVE_MREMAP:
		outcome->ret = sys_mremap(mm, move->start, move->len, move->new_len, move->flags, move->new_addr);
		break;
	default:
		outcome->ret = touch(move, mm);
	}
}

void move_model(const struct move *move, struct model *model, struct outcome *outcome)
{
	memset(outcome->vec, 0xaa, sizeof(outcome->vec));
	switch (move->kind) {
	case MOVE_MMAP:
		outcome->ret = model_mmap(model, move->start, move->len, move->prot, move->flags, move->name);
		break;
	case MOVE_MUNMAP:
		outcome->ret = model_munmap(model, move->start, move->len);
		break;
	case MOVE_MPROTECT:
		outcome->ret = model_mprotect(model, move->start, move->len, move->prot);
		break;
	case MOVE_MADVISE:
		outcome->ret = model_madvise(model, move->start, move->len, move->advice);
		break;
	case MOVE_MINCORE:
		outcome->ret = model_mincore(model, move->start, move->len, outcome->vec);
		break;
	case MOVE_MREMAP:
		outcome->ret = model_mremap(model, move->start, move->len, move->new_len, move->flags, move->new_addr);
		break;
	default:
		outcome->ret = model_touch(model, move->start, move->write, move->content);
	}
}

void move_tell(const struct move *move)
{
	static const char *const names[] = { "mmap", "munmap", "mprotect", "madvise", "mincore", "mremap", "touch" };

	fprintf(stderr, "%s start %lx len %lx (end %lx) prot %x flags %x advice %d name %u %s to %lx len %lx\n",
		names[move->kind], move->start, move->len, move->start + move->len, (unsigned int)move->prot,
		(unsigned int)move->flags, move->advice, move->name, move->write ? "write" : "read", move->new_addr,
		move->new_len);
}

bool outcomes_equal(const struct move *move, const struct outcome *got, const struct outcome *want)
{
	if (got->ret == want->ret && !memcmp(got->vec, want->vec, sizeof(got->vec)))
		return true;
	move_tell(move);
	fprintf(stderr, "gave %lx (%ld), should be %lx (%ld)%s\n", (unsigned long)got->ret, got->ret,
		(unsigned long)want->ret, want->ret, got->ret == want->ret ? "; mincore's vector differs" : "");
	return false;
}
