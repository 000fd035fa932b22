/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c - the two sides in step. */
#include "bench/conform/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALL_EVERY	16	/* steps; all processes are compared then */

struct engine_states {
	struct process_state live[NR_PROCESSES], core[NR_PROCESSES];
	const struct process_state *seen[NR_PROCESSES];
};

/* One run of a sequence. */
struct run {
	struct engine *engine;
	struct sequence *sequence;
	struct process_tree tree;
	struct step step;
	struct divergence *divergence;
	enum outcome outcome;
};

bool engine_begin(struct engine *engine, struct side *live, struct side *core)
{
	*engine = (struct engine){
		.live = live,
		.core = core,
		.both = knows_both(&live->knows, &core->knows),
		.states = calloc(1, sizeof(struct engine_states)),
		.classes = frame_classes_create(),
	};
	if (!engine->states || !engine->classes)
		return false;
	for (unsigned int i = 0; i < NR_PROCESSES; i++)
		engine->states->seen[i] = &engine->states->live[i];
	return true;
}

void engine_end(struct engine *engine)
{
	free(engine->states);
	frame_classes_free(engine->classes);
}

static void note_divergence(struct run *run, const struct difference *difference)
{
	struct divergence *divergence = run->divergence;
	FILE *out = fmemopen(divergence->text, sizeof(divergence->text), "w");

	divergence->at = run->sequence->nr - 1;
	divergence->difference = *difference;
	divergence->text[0] = '\0';
	if (!out)
		return;
	difference_print(out, difference, run->step.live, run->step.core);
	fclose(out);
	divergence->text[sizeof(divergence->text) - 1] = '\0';
}

/* As difference_fn. */
static bool excuse(void *arg, const struct difference *difference)
{
	struct run *run = arg;
	enum verdict verdict = exceptions_judge(run->engine->exceptions, &run->step, difference);

	if (verdict == EXCUSED)
		return true;
	run->outcome = verdict == ENDS ? ENDED : DIVERGED;
	if (verdict == DIVERGES)
		note_divergence(run, difference);
	return false;
}

/* ---- states ---- */
static bool compare_process(struct run *run, unsigned int process, struct frame_classes *classes)
{
	struct engine *engine = run->engine;
	struct process_state *live = &engine->states->live[process], *core = &engine->states->core[process];

	engine->live->look(engine->live, process, live);
	engine->core->look(engine->core, process, core);
	run->step.live = live;
	run->step.core = core;
	return states_agree(live, core, run->sequence->pages, &engine->both, process, classes, excuse, run);
}

static bool compare_all(struct run *run)
{
	bool agree = true;

	frame_classes_begin(run->engine->classes);
	run->engine->live->thorough = true;
	for (unsigned int i = 0; i < NR_PROCESSES && agree; i++)
		agree = !run->tree.alive[i] || compare_process(run, i, run->engine->classes);
	return agree;
}

/* ---- contents, at the end: what reads them marks pages accessed, and maps some ---- */
static void want_readable(const struct process_state *state, unsigned char *wanted)
{
	memset(wanted, 0, WINDOW_PAGES_MAX);
	for (unsigned int i = 0; i < state->nr_vmas; i++)
		if (state->vmas[i].prot & PROT_READ)
			memset(wanted + state->vmas[i].first, 1,
			       (size_t)(state->vmas[i].end - state->vmas[i].first));
}

static bool compare_contents(struct run *run, unsigned int process)
{
	static int live[WINDOW_PAGES_MAX], core[WINDOW_PAGES_MAX];
	static unsigned char wanted[WINDOW_PAGES_MAX];
	struct engine *engine = run->engine;
	struct difference difference = { .kind = DIFFER_CONTENTS, .process = process };

	want_readable(&engine->states->core[process], wanted);
	engine->live->contents(engine->live, process, wanted, live);
	engine->core->contents(engine->core, process, wanted, core);
	run->step.live = &engine->states->live[process];
	run->step.core = &engine->states->core[process];
	for (difference.page = 0; difference.page < run->sequence->pages; difference.page++) {
		difference.live = live[difference.page];
		difference.core = core[difference.page];
		if (wanted[difference.page] && difference.live != difference.core && !excuse(run, &difference))
			return false;
	}
	return true;
}

static bool compare_at_end(struct run *run)
{
	if (!compare_all(run))
		return false;
	for (unsigned int i = 0; i < NR_PROCESSES; i++)
		if (run->tree.alive[i] && !compare_contents(run, i))
			return false;
	return true;
}

/* ---- steps ---- */
static bool compare_step(struct run *run, const struct op *op, bool all)
{
	if (all)
		return compare_all(run);
	return (!run->tree.alive[op->process] || compare_process(run, op->process, NULL)) &&
	       ((op->kind != OP_FORK && op->kind != OP_PROCESS_MADVISE) || !run->tree.alive[op->to] ||
		compare_process(run, (unsigned int)op->to, NULL));
}

/* Returns false if the sequence ends here. */
static bool take_step(struct run *run, const struct op *op, bool thorough)
{
	struct engine *engine = run->engine;
	struct difference difference = { .kind = DIFFER_RESULT, .process = op->process };
	bool all = thorough || (run->sequence->nr + 1) % ALL_EVERY == 0;

	run->sequence->ops[run->sequence->nr++] = *op;
	engine->live->thorough = all;
	difference.live = engine->live->run(engine->live, op);
	difference.core = engine->core->run(engine->core, op);
	engine->results[run->sequence->nr - 1][0] = difference.live;
	engine->results[run->sequence->nr - 1][1] = difference.core;
	engine->operations++;
	engine->met[op->kind][difference.live >= 0]++;
	run->step = (struct step){
		.op = &run->sequence->ops[run->sequence->nr - 1],
		.earlier = run->sequence->ops,
		.nr_earlier = run->sequence->nr,
		.live_result = difference.live,
		.core_result = difference.core,
		.live = &engine->states->live[op->process],
		.core = &engine->states->core[op->process],
	};
	if (difference.live != difference.core && !excuse(run, &difference))
		return false;
	if (difference.core >= 0)
		process_tree_follow(&run->tree, op);
	return compare_step(run, op, all);
}

static bool next_allowed(struct run *run, struct op_source *source, struct op *op)
{
	const struct view view = { run->sequence, &run->tree, run->engine->states->seen };

	while (run->sequence->nr < SEQUENCE_OPS && source->next(source, &view, op))
		if (process_tree_allows(&run->tree, op))
			return true;
	return false;
}

enum outcome engine_run(struct engine *engine, struct sequence *sequence, struct op_source *source, bool thorough,
			struct divergence *divergence)
{
	struct run run = { .engine = engine, .sequence = sequence, .divergence = divergence, .outcome = AGREES };
	bool agree = true;
	struct op op;

	sequence->nr = 0;
	engine->sequences++;
	engine->live->huge = engine->core->huge = sequence->huge;
	engine->live->reset(engine->live, sequence->pages);
	engine->core->reset(engine->core, sequence->pages);
	process_tree_begin(&run.tree);
	engine->states->live[0].nr_vmas = engine->states->core[0].nr_vmas = 0;
	while (agree && next_allowed(&run, source, &op))
		agree = take_step(&run, &op, thorough);
	if (agree && sequence->nr)
		compare_at_end(&run);
	engine->ended += run.outcome == ENDED;
	if (run.outcome == DIVERGED && engine->live->collapsed && engine->live->collapsed(engine->live))
		run.outcome = DISTURBED;
	return run.outcome;
}

/* ---- a sequence that is given ---- */
struct replay {
	struct op_source source;
	const struct sequence *from;
	unsigned int next;
};

static bool replay_next(struct op_source *source, const struct view *view, struct op *op)
{
	struct replay *replay = (struct replay *)source;

	(void)view;
	if (replay->next == replay->from->nr)
		return false;
	*op = replay->from->ops[replay->next++];
	return true;
}

enum outcome engine_replay(struct engine *engine, const struct sequence *sequence, struct sequence *ran,
			   struct divergence *divergence)
{
	struct replay replay = { { replay_next }, sequence, 0 };

	ran->pages = sequence->pages;
	ran->huge = sequence->huge;
	return engine_run(engine, ran, &replay.source, true, divergence);
}
