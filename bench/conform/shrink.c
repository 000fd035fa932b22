/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.c - delta debugging over the operations of a sequence. */
#include "bench/conform/shrink.h"

#include <string.h>

#define MOST_RUNS	3000	/* of candidates */

struct shrink {
	struct engine *engine;
	struct sequence *best;		/* differs */
	enum difference_kind kind;	/* in this way */
	unsigned int runs;
};

bool divergence_repeats(struct engine *engine, const struct sequence *sequence, struct divergence *divergence)
{
	static struct sequence ran;

	for (unsigned int i = 0; i < SHRINK_REPEATS; i++) {
		const enum difference_kind kind = divergence->difference.kind;

		if (engine_replay(engine, sequence, &ran, divergence) != DIVERGED)
			return false;
		if (i && divergence->difference.kind != kind)
			return false;
	}
	return true;
}

/* Takes @candidate over, without what comes after the difference, if the two still differ. */
static bool try_candidate(struct shrink *shrink, const struct sequence *candidate)
{
	static struct sequence ran;
	struct divergence divergence;

	if (shrink->runs++ >= MOST_RUNS ||
	    engine_replay(shrink->engine, candidate, &ran, &divergence) != DIVERGED ||
	    divergence.difference.kind != shrink->kind)
		return false;
	*shrink->best = ran;
	return true;
}

static void drop_ops(struct sequence *sequence, unsigned int first, unsigned int nr)
{
	memmove(&sequence->ops[first], &sequence->ops[first + nr],
		(sequence->nr - first - nr) * sizeof(sequence->ops[0]));
	sequence->nr -= nr;
}

/* In pieces of @nr, from the end on. True: some were dropped. */
static bool drop_pieces(struct shrink *shrink, unsigned int nr)
{
	static struct sequence candidate;
	bool dropped = false;

	for (long at = (long)shrink->best->nr - (long)nr; at >= 0; at -= (long)nr) {
		if ((unsigned long)at + nr > shrink->best->nr)
			continue;
		candidate = *shrink->best;
		drop_ops(&candidate, (unsigned int)at, nr);
		if (candidate.nr)
			dropped |= try_candidate(shrink, &candidate);
	}
	return dropped;
}

/* ---- arguments ---- */
static bool simpler(struct op *op, unsigned int how)
{
	const struct op before = *op;

	switch (how) {
	case 0:
		op->pages /= 2;
		op->new_pages = op->new_pages == before.pages ? op->pages : op->new_pages;
		break;
	case 1:
		op->pages--;
		op->new_pages -= op->new_pages == before.pages;
		break;
	case 2:
		op->first++;
		op->pages--;
		break;
	case 3:
		op->new_pages--;
		break;
	case 4:
		op->skew = 0;
		break;
	default:
		op->byte = 1;
	}
	return op->pages >= 1 && op->new_pages >= 0 && memcmp(op, &before, sizeof(before));
}

static bool has_range(const struct op *op)
{
	return op->pages > 1 || op->skew || op->kind == OP_WRITE;
}

static bool simplify_arguments(struct shrink *shrink)
{
	static struct sequence candidate;
	bool changed = false;

	for (unsigned int i = 0; i < shrink->best->nr; i++) {
		for (unsigned int how = 0; i < shrink->best->nr && has_range(&shrink->best->ops[i]) && how < 6; how++) {
			candidate = *shrink->best;
			if (simpler(&candidate.ops[i], how) && try_candidate(shrink, &candidate)) {
				changed = true;
				how--;
			}
		}
	}
	return changed;
}

/* ---- processes: what a child does its parent may do ---- */
static void stay_in_parent(struct sequence *sequence, unsigned int fork)
{
	const struct op op = sequence->ops[fork];

	drop_ops(sequence, fork, 1);
	for (unsigned int i = fork; i < sequence->nr; i++) {
		if (sequence->ops[i].process == (unsigned int)op.to)
			sequence->ops[i].process = op.process;
		if (sequence->ops[i].kind == OP_FORK && sequence->ops[i].to == op.to)
			break;
	}
}

static bool drop_forks(struct shrink *shrink)
{
	static struct sequence candidate;
	bool dropped = false;

	for (unsigned int i = 0; i < shrink->best->nr; i++) {
		if (shrink->best->ops[i].kind != OP_FORK)
			continue;
		candidate = *shrink->best;
		stay_in_parent(&candidate, i);
		dropped |= candidate.nr && try_candidate(shrink, &candidate);
	}
	return dropped;
}

static long last_page(const struct sequence *sequence)
{
	long last = 0;

	for (unsigned int i = 0; i < sequence->nr; i++) {
		const struct op *op = &sequence->ops[i];
		long end = op->kind == OP_TRUNCATE ? 0 : op->first + op->pages;

		end = op->kind == OP_MREMAP && end < op->to + op->new_pages ? op->to + op->new_pages : end;
		last = end > last ? end : last;
	}
	return last;
}

static void narrow_window(struct shrink *shrink)
{
	static struct sequence candidate;

	for (long pages = 4; pages < shrink->best->pages; pages *= 2) {
		candidate = *shrink->best;
		candidate.pages = pages;
		if (last_page(&candidate) <= pages && try_candidate(shrink, &candidate))
			return;
	}
}

bool divergence_shrink(struct engine *engine, struct sequence *sequence, struct divergence *divergence)
{
	static struct sequence before;
	struct shrink shrink = { .engine = engine, .best = sequence };

	before = *sequence;
	if (!divergence_repeats(engine, sequence, divergence))
		return false;
	shrink.kind = divergence->difference.kind;
	sequence->nr = divergence->at + 1 < sequence->nr ? divergence->at + 1 : sequence->nr;
	for (unsigned int nr = sequence->nr / 2; nr; nr /= 2)
		drop_pieces(&shrink, nr);
	while (drop_forks(&shrink) || simplify_arguments(&shrink) || drop_pieces(&shrink, 1))
		;
	narrow_window(&shrink);
	if (divergence_repeats(engine, sequence, divergence))
		return true;
	*sequence = before;
	return false;
}

void divergence_print(FILE *out, const struct engine *engine, const struct sequence *sequence,
		      const struct divergence *divergence)
{
	sequence_write_window(out, sequence);
	for (unsigned int i = 0; i < sequence->nr && i <= divergence->at; i++) {
		const long *results = engine->results[i];

		op_print(out, &sequence->ops[i]);
		fputs("\t# ", out);
		result_print(out, results[0]);
		if (results[1] != results[0]) {
			fputs(", core ", out);
			result_print(out, results[1]);
		}
		fputc('\n', out);
	}
	fprintf(out, "# %s\n", divergence->text);
}
