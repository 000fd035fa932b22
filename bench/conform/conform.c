/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform.c - sequences one after the other, and what is reported at the end. */
#include "bench/conform/conform.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/failure.h"
#include "bench/conform/shrink.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/message.h"
#include "bench/ground/out_file.h"
#include "bench/ground/progress.h"

/* In a run of so many operations each exception is used. */
#define LONG_RUN	50000000ull
/* Runs of a sequence that khugepaged disturbed: it scans for some milliseconds in 10 s. */
#define DISTURBED_RUNS	4

struct totals {
	double began, seconds;
	uint64_t divergences, unrepeated, disturbed;
};

static void note_repeat(const struct conform *conform, uint64_t seed)
{
	char *text = NULL;

	if (asprintf(&text, "repeat with: faultline conform --seed %llu --sequences 1 --ops %llu%s%s%s\n",
		     (unsigned long long)seed, (unsigned long long)conform->ops, conform->theme ? " --theme " : "",
		     conform->theme ? conform->theme->name : "", conform->swap ? " --swap" : "") < 0)
		text = NULL;
	failure_repeat_with(text);
}

/* ---- divergences ---- */
static int save(const struct conform *conform, const struct engine *engine, const struct sequence *sequence,
		const struct divergence *divergence, uint64_t seed, char *path, size_t size)
{
	struct out_file file;
	int status;

	snprintf(path, size, "%s/conform-%llu.txt", conform->folder ? conform->folder : ".",
		 (unsigned long long)seed);
	status = out_file_begin(&file, path);
	if (status)
		return status;
	divergence_print(file.stream, engine, sequence, divergence);
	return out_file_end(&file, 0);
}

static int report(const struct conform *conform, struct engine *engine, struct sequence *sequence, uint64_t seed,
		  struct divergence *divergence, struct totals *totals)
{
	char path[4096];
	int status;

	progress_end();
	if (!divergence_shrink(engine, sequence, divergence)) {
		totals->unrepeated++;
		printf("a difference that does not repeat (seed %llu): %s\n", (unsigned long long)seed,
		       divergence->text);
		return EXIT_DONE;
	}
	totals->divergences++;
	printf("divergence %llu, of seed %llu:\n", (unsigned long long)totals->divergences, (unsigned long long)seed);
	divergence_print(stdout, engine, sequence, divergence);
	status = save(conform, engine, sequence, divergence, seed, path, sizeof(path));
	if (!status)
		printf("replay with: faultline conform --replay %s%s%s\n", conform->strict ? "--strict " : "",
		       conform->swap ? "--swap " : "", path);
	fflush(stdout);
	return status;
}

/* ---- results ---- */
static uint64_t never_fired(const struct engine *engine, FILE *out)
{
	uint64_t nr = 0;

	for (const struct exception *exception = exceptions; exception->name; exception++) {
		if (exception->fired || (exception->swap && !engine->live->swap))
			continue;
		if (out)
			fprintf(out, "%s%s", nr ? ", " : "exceptions that were never used: ", exception->name);
		nr++;
	}
	if (nr && out)
		fputc('\n', out);
	return nr;
}

static void print_results(const struct engine *engine, const struct totals *totals, bool strict)
{
	printf("%llu operations in %llu sequences, %.0f operations/s: %llu divergences, %llu that did not repeat\n",
	       (unsigned long long)engine->operations, (unsigned long long)engine->sequences,
	       (double)engine->operations / max(totals->seconds, 1e-9), (unsigned long long)totals->divergences,
	       (unsigned long long)totals->unrepeated);
	for (const struct exception *exception = exceptions; !strict && exception->name; exception++)
		if (exception->fired)
			printf("  exception %s: %lu times\n", exception->name, exception->fired);
	if (totals->disturbed)
		printf("  %llu differences explained by khugepaged; their sequences were repeated\n",
		       (unsigned long long)totals->disturbed);
	if (engine->ended)
		printf("  %llu sequences ended at an exception\n", (unsigned long long)engine->ended);
}

static json_t *json_of(const struct engine *engine, const struct totals *totals, uint64_t seed)
{
	json_t *kinds = json_object(), *excused = json_array();

	for (unsigned int i = 0; i < NR_OP_KINDS; i++)
		json_object_set_new(kinds, op_kind_name((enum op_kind)i),
				    json_pack("{s:I, s:I}", "succeeded", (json_int_t)engine->met[i][1], "failed",
					      (json_int_t)engine->met[i][0]));
	for (const struct exception *exception = exceptions; exception->name; exception++)
		json_array_append_new(excused, json_pack("{s:s, s:s, s:I}", "name", exception->name, "reason",
							 exception->reason, "fired", (json_int_t)exception->fired));
	return json_pack("{s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:o, s:o}", "seed", (json_int_t)seed, "operations",
			 (json_int_t)engine->operations, "sequences", (json_int_t)engine->sequences, "seconds",
			 totals->seconds, "operations_per_second",
			 (double)engine->operations / max(totals->seconds, 1e-9), "divergences",
			 (json_int_t)totals->divergences, "not_repeated", (json_int_t)totals->unrepeated,
			 "disturbed", (json_int_t)totals->disturbed, "kinds", kinds, "exceptions", excused);
}

/* ---- runs ---- */
static bool finished(const struct conform *conform, const struct engine *engine, const struct totals *totals,
		     uint64_t begun)
{
	double past = now_seconds() - totals->began;

	if (past > 2)
		progress_show("%llu operations, %llu sequences, %.0f operations/s, %llu divergences",
			      (unsigned long long)engine->operations, (unsigned long long)engine->sequences,
			      (double)engine->operations / past, (unsigned long long)totals->divergences);
	if (interrupted() || totals->divergences >= conform->divergences_most)
		return true;
	return conform->sequences ? begun >= conform->sequences : past >= conform->seconds;
}

static enum outcome run_one(const struct conform *conform, struct engine *engine, const struct abilities *abilities,
			    uint64_t seed, struct sequence *sequence, struct divergence *divergence)
{
	static struct generator generator;

	generator_begin(&generator, seed, conform->theme, (unsigned int)conform->ops, abilities);
	sequence->pages = generator.pages;
	sequence->huge = generator.huge;
	return engine_run(engine, sequence, &generator.source, false, divergence);
}

/* A sequence that khugepaged disturbed runs again. */
static enum outcome run_undisturbed(const struct conform *conform, struct engine *engine,
				    const struct abilities *abilities, uint64_t seed, struct sequence *sequence,
				    struct divergence *divergence, struct totals *totals)
{
	enum outcome outcome = run_one(conform, engine, abilities, seed, sequence, divergence);

	for (unsigned int i = 1; outcome == DISTURBED && i < DISTURBED_RUNS; i++) {
		totals->disturbed++;
		progress_end();
		printf("a difference explained (seed %llu): khugepaged collapsed ranges meanwhile (%lu): %s\n",
		       (unsigned long long)seed, engine->live->collapsed(engine->live), divergence->text);
		outcome = run_one(conform, engine, abilities, seed, sequence, divergence);
	}
	return outcome == DISTURBED ? DIVERGED : outcome;
}

static int run_sequences(const struct conform *conform, struct engine *engine, const struct abilities *abilities,
			 struct totals *totals)
{
	static struct sequence sequence;
	static struct divergence divergence;
	int status = EXIT_DONE;

	for (uint64_t begun = 0; !status && !finished(conform, engine, totals, begun); begun++) {
		uint64_t seed = conform->seed + begun;

		note_repeat(conform, seed);
		if (run_undisturbed(conform, engine, abilities, seed, &sequence, &divergence, totals) == DIVERGED)
			status = report(conform, engine, &sequence, seed, &divergence, totals);
	}
	progress_end();
	totals->seconds = now_seconds() - totals->began;
	return status;
}

static int judge_run(const struct conform *conform, const struct engine *engine, const struct totals *totals)
{
	const bool whole = !conform->strict && !conform->theme &&
			   (conform->all_exceptions || engine->operations > LONG_RUN);

	print_results(engine, totals, conform->strict);
	if (totals->divergences)
		return EXIT_CHECK_FAILED;
	return !conform->strict && never_fired(engine, stdout) && whole ? fail("an exception is not needed any more") :
								    EXIT_DONE;
}

int conform_run(const struct conform *conform, struct side *live, struct side *core, const char *json)
{
	struct totals totals = { 0 };
	struct abilities abilities;
	struct engine engine;
	int status, written;

	if (!engine_begin(&engine, live, core))
		return fail("out of memory");
	engine.exceptions = conform->strict ? NULL : exceptions;
	abilities_find(&abilities, live, core, stdout);
	totals.began = now_seconds();
	status = run_sequences(conform, &engine, &abilities, &totals);
	if (!status)
		status = judge_run(conform, &engine, &totals);
	if (json) {
		written = out_file_write_json(json, json_of(&engine, &totals, conform->seed), JSON_INDENT(1));
		status = status ? status : written;
	}
	core->end(core);
	engine_end(&engine);
	return status;
}

/* ---- files ---- */
static int read_sequence(const char *path, struct sequence *sequence)
{
	FILE *in = fopen(path, "r");
	const char *why;
	unsigned int line;

	if (!in)
		return complain("%s: %s", path, strerror(errno));
	line = sequence_read(in, sequence, &why);
	fclose(in);
	return line ? complain("%s:%u: %s", path, line, why) : 0;
}

static int replay_file(struct engine *engine, const char *path)
{
	static struct sequence sequence, ran;
	static struct divergence divergence;
	int status = read_sequence(path, &sequence);
	enum outcome outcome = DISTURBED;

	if (status)
		return status;
	for (unsigned int i = 0; outcome == DISTURBED && i < DISTURBED_RUNS; i++)
		outcome = engine_replay(engine, &sequence, &ran, &divergence);
	switch (outcome) {
	case AGREES:
		printf("agrees: %s\n", path);
		return EXIT_DONE;
	case ENDED:
		printf("ends at an exception: %s\n", path);
		return EXIT_DONE;
	default:
		if (!divergence_repeats(engine, &sequence, &divergence)) {
			printf("differs, and does not repeat: %s\n", path);
			return EXIT_DONE;
		}
		printf("differs: %s\n", path);
		divergence_print(stdout, engine, &ran, &divergence);
		return EXIT_CHECK_FAILED;
	}
}

int conform_replay(const struct conform *conform, struct side *live, struct side *core, const char *const *paths,
		   unsigned int nr)
{
	struct engine engine;
	int status = EXIT_DONE;

	if (!engine_begin(&engine, live, core))
		return fail("out of memory");
	engine.exceptions = conform->strict ? NULL : exceptions;
	for (unsigned int i = 0; i < nr && status != EXIT_MISUSE; i++)
		status = max(status, replay_file(&engine, paths[i]));
	core->end(core);
	engine_end(&engine);
	return status;
}
