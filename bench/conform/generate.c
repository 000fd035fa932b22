/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate.c - the next operation: a kind by weight, and arguments at the edges of the process's VMAs. */
#include "bench/conform/generate.h"

#include "bench/conform/op_names.h"

#define PAGEOUT_ADVICE	21
#define COLLAPSE_ADVICE	25
#define NO_ADVICE	99
#define MPOL_MF_MOVE	2

static bool chance(struct generator *generator, unsigned int of_100)
{
	return rng_below(&generator->rng, 100) < of_100;
}

static long below(struct generator *generator, long n)
{
	return n > 0 ? (long)rng_below(&generator->rng, (uint64_t)n) : 0;
}

/* An index by weight; @nr if all weights are 0. */
static unsigned int weighted(struct generator *generator, const unsigned char *weights, unsigned int nr,
			     const bool *able)
{
	unsigned int sum = 0, at, i;

	for (i = 0; i < nr; i++)
		sum += able[i] ? weights[i] : 0;
	if (!sum)
		return nr;
	at = (unsigned int)rng_below(&generator->rng, sum);
	for (i = 0; !able[i] || at >= weights[i]; i++)
		at -= able[i] ? weights[i] : 0;
	return i;
}

/* ---- places ---- */
static const struct vma_state *some_vma(struct generator *generator, const struct process_state *state)
{
	return state->nr_vmas ? &state->vmas[below(generator, state->nr_vmas)] : NULL;
}

/* A page in a VMA mostly. */
static long some_page(struct generator *generator, const struct process_state *state)
{
	const struct vma_state *vma = some_vma(generator, state);

	if (!vma || chance(generator, 6))
		return below(generator, generator->pages);
	return vma->first + below(generator, vma->end - vma->first);
}

/* An edge of a VMA, or a page beside it. */
static long some_edge(struct generator *generator, const struct process_state *state)
{
	const struct vma_state *vma = some_vma(generator, state);
	long edge;

	if (!vma || chance(generator, 20))
		return below(generator, generator->pages);
	edge = (chance(generator, 50) ? vma->first : vma->end) + below(generator, 3) - 1;
	return edge < 0 ? 0 : edge < generator->pages ? edge : generator->pages - 1;
}

static long some_length(struct generator *generator)
{
	const long longest = generator->pages > 512 && chance(generator, 30) ? generator->pages : 6;

	return 1 + below(generator, longest);
}

static void some_range(struct generator *generator, const struct process_state *state, struct op *op)
{
	const struct vma_state *vma = some_vma(generator, state);

	if (vma && chance(generator, 25)) {
		op->first = vma->first;
		op->pages = vma->end - vma->first;
	} else {
		op->first = some_edge(generator, state);
		op->pages = some_length(generator);
	}
	op->pages = min(op->pages, generator->pages - op->first);
	if (chance(generator, 1))
		op->pages = chance(generator, 50) ? 0 : op->pages + 2;
	if (chance(generator, 1))
		op->skew = 1 + (unsigned int)below(generator, 4000);
}

/* ---- arguments ---- */
static int some_prot(struct generator *generator)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
				     PROT_READ, PROT_NONE, PROT_WRITE, PROT_READ | PROT_EXEC };

	return prots[below(generator, ARRAY_SIZE(prots))];
}

static void some_mmap(struct generator *generator, const struct process_state *state, struct op *op)
{
	unsigned int form = weighted(generator, generator->theme->forms, NR_MAP_FORMS, generator->abilities->forms);
	bool file = false;

	some_range(generator, state, op);
	op->pages = min(op->pages, generator->pages - op->first);
	op->prot = chance(generator, 60) ? PROT_READ | PROT_WRITE : some_prot(generator);
	op->flags = map_form_flags((enum map_form)(form % NR_MAP_FORMS), &file);
	if (!(op->flags & MAP_FIXED_NOREPLACE) && chance(generator, 95))
		op->flags |= MAP_FIXED;
	if (!generator->noreserve && chance(generator, 50))
		op->flags &= ~MAP_NORESERVE;
	if (file) {
		op->file = 1 + (unsigned int)below(generator, chance(generator, 70) ? 1 : NR_FILES);
		op->pgoff = chance(generator, 50) ? op->first % FILE_PAGES : below(generator, FILE_PAGES);
	}
	if (chance(generator, 1))
		op->flags &= chance(generator, 50) ? ~MAP_PRIVATE : ~MAP_ANONYMOUS;
}

static int some_mremap_flags(struct generator *generator)
{
	static const int flags[] = {
		MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED,
		MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED,
		0, 0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED | 4, MREMAP_MAYMOVE | MREMAP_FIXED | 4,
		MREMAP_MAYMOVE | 4,
	};

	return chance(generator, 1) ? (int)below(generator, 16) : flags[below(generator, ARRAY_SIZE(flags))];
}

static void some_mremap(struct generator *generator, const struct process_state *state, struct op *op)
{
	op->flags = some_mremap_flags(generator);
	some_range(generator, state, op);
	op->new_pages = op->pages;
	if (!(op->flags & 4) && chance(generator, 40))
		op->new_pages = some_length(generator);
	op->to = chance(generator, 60) ? some_edge(generator, state) : below(generator, generator->pages);
	op->to = min(op->to, max(0l, generator->pages - op->new_pages));
	op->new_pages = min(op->new_pages, generator->pages - (op->flags & ~1 ? op->to : op->first));
}

static int some_advice(struct generator *generator)
{
	static const int guards[] = { 102, 102, 103 }, huge[] = { 14, 14, 15, COLLAPSE_ADVICE };
	const bool *able = generator->abilities->advices;
	unsigned int nr = 0, at;

	if (chance(generator, 1))
		return NO_ADVICE;
	if (generator->theme->pageout && able[PAGEOUT_ADVICE] && chance(generator, generator->theme->pageout))
		return PAGEOUT_ADVICE;
	if (chance(generator, generator->theme->huge)) {
		at = (unsigned int)below(generator, ARRAY_SIZE(huge));
		if (able[huge[at]])
			return huge[at];
	}
	if (able[102] && chance(generator, generator->theme->guards))
		return guards[below(generator, ARRAY_SIZE(guards))];
	for (unsigned int i = 0; i < NR_ADVICES; i++)
		nr += able[i] && i != PAGEOUT_ADVICE && i != COLLAPSE_ADVICE;
	at = (unsigned int)below(generator, nr);
	for (int i = 0; i < NR_ADVICES; i++)
		if (able[i] && i != PAGEOUT_ADVICE && i != COLLAPSE_ADVICE && !at--)
			return i;
	return MADV_DONTNEED;
}

static void some_pin(struct generator *generator, const struct view *view, const struct process_state *state,
		     struct op *op)
{
	op->to = below(generator, NR_PINS);
	for (unsigned int i = 0; i < NR_PINS && op->kind == OP_UNPIN; i++)
		if (view->tree->pinned_by[i] == (int)op->process)
			op->to = (long)i;
	if (op->kind == OP_PIN) {
		op->first = some_page(generator, state);
		op->flags = (int)below(generator, 2);
	}
}

static unsigned int some_alive(struct generator *generator, const struct view *view)
{
	unsigned int at = (unsigned int)below(generator, view->tree->nr_alive);

	for (unsigned int i = 0; i < NR_PROCESSES; i++)
		if (view->tree->alive[i] && !at--)
			return i;
	return 0;
}

static void some_arguments(struct generator *generator, const struct view *view, struct op *op)
{
	const struct process_state *state = view->states[op->process];
	static const int msync_flags[] = { 4, 4, 1, 2, 6, 0, 5 };

	switch (op->kind) {
	case OP_MMAP:
		some_mmap(generator, state, op);
		break;
	case OP_MREMAP:
		some_mremap(generator, state, op);
		break;
	case OP_READ:
	case OP_WRITE:
	case OP_MOVE_PAGES:
		op->first = some_page(generator, state);
		if (op->kind == OP_WRITE)
			op->byte = (unsigned char)rng_next(&generator->rng);
		if (op->kind == OP_MOVE_PAGES && chance(generator, 50))
			op->flags = MPOL_MF_MOVE;
		break;
	case OP_PROCESS_MADVISE:
		op->to = some_alive(generator, view);
		some_range(generator, view->states[op->to], op);
		op->advice = some_advice(generator);
		break;
	case OP_FORK:
		op->to = below(generator, NR_PROCESSES);
		break;
	case OP_TRUNCATE:
		op->file = 1 + (unsigned int)below(generator, chance(generator, 70) ? 1 : NR_FILES);
		op->pages = below(generator, FILE_PAGES + 3);
		break;
	case OP_PIN:
	case OP_UNPIN:
		some_pin(generator, view, state, op);
		break;
	default:
		some_range(generator, state, op);
		op->prot = op->kind == OP_MPROTECT ? some_prot(generator) : 0;
		op->advice = op->kind == OP_MADVISE ? some_advice(generator) : 0;
		op->flags = op->kind == OP_MLOCK ? (int)below(generator, 2) :
			    op->kind == OP_MLOCKALL ? 1 + (int)below(generator, 7) :
			    op->kind == OP_MSYNC ? msync_flags[below(generator, ARRAY_SIZE(msync_flags))] : 0;
	}
}

/* ---- the source ---- */

/* The process that acted last goes on mostly. */
static unsigned int some_process(struct generator *generator, const struct view *view)
{
	unsigned int last = view->done->nr ? view->done->ops[view->done->nr - 1].process : 0;

	return view->tree->alive[last] && chance(generator, 60) ? last : some_alive(generator, view);
}

static bool generate(struct op_source *source, const struct view *view, struct op *op)
{
	struct generator *generator = (struct generator *)source;
	unsigned int kind;

	if (!generator->left)
		return false;
	generator->left--;
	*op = (struct op){ .process = some_process(generator, view) };
	kind = weighted(generator, generator->theme->weights, NR_OP_KINDS, generator->abilities->kinds);
	op->kind = view->states[op->process]->nr_vmas || chance(generator, 10) ? (enum op_kind)kind : OP_MMAP;
	some_arguments(generator, view, op);
	return true;
}

/* Looking at a large window takes long: few sequences have one. Themes that need swap are the last ones. */
static const struct theme *some_theme(struct generator *generator)
{
	const struct theme *theme;
	unsigned int nr = nr_themes;

	while (!generator->abilities->swap && themes[nr - 1].pageout)
		nr--;
	theme = &themes[below(generator, nr)];

	return theme->huge && !chance(generator, 25) ? themes : theme;
}

void generator_begin(struct generator *generator, uint64_t seed, const struct theme *theme, unsigned int nr,
		     const struct abilities *abilities)
{
	*generator = (struct generator){ .source = { generate }, .abilities = abilities, .left = nr };
	rng_init(&generator->rng, seed);
	generator->theme = theme ? theme : some_theme(generator);
	generator->huge = generator->theme->huge;
	generator->pages = 8 + below(generator, 25);
	if (generator->huge || chance(generator, 1))
		generator->pages = WINDOW_PAGES_MAX;
	generator->noreserve = !abilities->accounting || chance(generator, 50);
}
