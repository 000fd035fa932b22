/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate.c - random programs for threads on a few pages. */
#include "bench/linearize/generate.h"

#define COSTLY	8u	/* how much less often a costly kind is chosen */

/* Lock key: (T) this thread only */
struct program {
	const struct generator *generator;	/* (T) */
	struct rng *rng;			/* (T) */
	unsigned int weight[NR_OP_KINDS], total;	/* (T) of this history */
	uint8_t byte;				/* (T) the last one written */
};

/* Those that the history may have. */
static uint32_t possible_kinds(struct program *program)
{
	const struct generator *generator = program->generator;
	uint32_t kinds = generator->kinds & mix_kinds(generator->mix);
	/* A page that was swapped out may be in the swap cache still: mincore could say either. */
	const uint32_t not_both[] = { 1u << OP_PAGEOUT, 1u << OP_MINCORE };

	if (generator->pages < 2)
		kinds &= ~(1u << OP_MREMAP);
	return (kinds & not_both[0]) && (kinds & not_both[1]) ? kinds & ~not_both[rng_below(program->rng, 2)] : kinds;
}

static void choose_kinds(struct program *program)
{
	const struct generator *generator = program->generator;
	uint32_t kinds = possible_kinds(program);

	for (unsigned int i = 0; i < NR_OP_KINDS; i++) {
		bool optional = generator->mix->few && !history_is_access((enum history_kind)i);
		unsigned int weight = generator->mix->weights[i];

		if (!(kinds & 1u << i) || (optional && rng_below(program->rng, 3)))
			continue;
		program->weight[i] = generator->costly & 1u << i ? max(weight / COSTLY, 1u) : weight;
		program->total += program->weight[i];
	}
}

static enum history_kind random_kind(struct program *program)
{
	uint64_t at = rng_below(program->rng, program->total);
	unsigned int i = 0;

	for (; at >= program->weight[i]; i++)
		at -= program->weight[i];
	return (enum history_kind)i;
}

static uint8_t next_byte(struct program *program)
{
	program->byte = (uint8_t)(program->byte == UINT8_MAX ? 1 : program->byte + 1);
	return program->byte;
}

/* Mostly writable: most kinds need it to show anything. */
static uint8_t random_prot(struct program *program)
{
	uint64_t at = rng_below(program->rng, 4);

	return at < 2 ? PAGE_PROT_WRITE : at == 2 ? PAGE_PROT_READ : PAGE_PROT_NONE;
}

/* One page, or a range. */
static void choose_pages(struct program *program, struct history_op *op)
{
	unsigned int pages = program->generator->pages;

	op->first = (uint8_t)rng_below(program->rng, pages);
	op->nr = 1;
	if (op->kind == OP_FORK) {
		op->first = 0;
		op->nr = (uint8_t)pages;
	} else if (!history_is_access((enum history_kind)op->kind) && op->kind != OP_MREMAP) {
		op->nr = (uint8_t)(1 + rng_below(program->rng, pages - op->first));
	}
}

static void fill_op(struct program *program, struct history_op *op)
{
	unsigned int pages = program->generator->pages;

	choose_pages(program, op);
	if (history_is_write((enum history_kind)op->kind))
		op->arg = next_byte(program);
	else if (op->kind == OP_MMAP || op->kind == OP_MPROTECT)
		op->arg = random_prot(program);
	else if (op->kind == OP_MREMAP)
		op->arg = (uint8_t)((op->first + 1 + rng_below(program->rng, pages - 1)) % pages);
}

static struct history_op *add_op(struct history *history, unsigned int thread, enum history_kind kind)
{
	struct history_op *op = &history->ops[history->nr++];

	*op = (struct history_op){ .thread = (uint8_t)thread, .kind = (uint8_t)kind };
	return op;
}

unsigned int history_generate(struct history *history, const struct generator *generator, struct rng *rng)
{
	struct program program = { .generator = generator, .rng = rng };
	struct history_op *op;
	unsigned int first;

	history->pages = generator->pages;
	history->nr = 0;
	history->allowed = 0;
	choose_kinds(&program);
	op = add_op(history, 0, OP_MMAP);
	op->nr = (uint8_t)generator->pages;
	op->arg = PAGE_PROT_WRITE;
	for (unsigned int page = 0; page < generator->pages; page++)
		if (rng_below(rng, 2)) {
			op = add_op(history, 0, OP_WRITE);
			op->first = (uint8_t)page;
			op->nr = 1;
			op->arg = next_byte(&program);
		}
	first = history->nr;
	for (unsigned int i = 0; i < generator->ops; i++)
		for (unsigned int thread = 0; thread < generator->threads; thread++)
			fill_op(&program, add_op(history, thread, random_kind(&program)));
	return first;
}
