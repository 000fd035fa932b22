/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exploration.c - plays what a systematic search decides, and says what came of it. */
#include "bench/check/exploration.h"

#include <string.h>

#include "bench/check/interleaving.h"
#include "bench/check/replay.h"
#include "bench/check/systematic.h"
#include "bench/ground/command.h"
#include "bench/ground/interrupt.h"
#include "bench/ground/progress.h"

#define MAX_STEPS	20000000u	/* of an execution; some thousand are usual, and a million can be logged */
#define SHOW_AFTER	2		/* seconds without progress shown */

enum stop { STOP_NOT, STOP_FAILURE, STOP_ERROR, STOP_TIME, STOP_NUMBER, STOP_SIGNAL };

/* How it is going. */
struct state {
	const struct exploration *exploration;
	struct episode episode;
	struct systematic search;
	int status;
	double begin;
};

static void put_decisions(FILE *out, const struct decision_plan *plan)
{
	fputs(plan->nr ? " --decisions " : " --decisions none", out);
	for (unsigned int i = 0; i < plan->nr; i++)
		fprintf(out, "%s%u:%u", i ? "," : "", plan->decisions[i].position, plan->decisions[i].thread);
}

static void print_failure(const struct state *state, const struct decision_plan *plan, const struct episode_end *end)
{
	const struct exploration *exploration = state->exploration;

	fputs(end->said, stderr);
	interleaving_print(stderr, &state->episode, end->log, exploration->given);
	fputs("repeat with: faultline explore ", stderr);
	exploration->put_command(stderr, exploration->command, state->episode.what);
	put_decisions(stderr, plan);
	fputc('\n', stderr);
	replay_print_command(stderr, &state->episode);
}

static enum stop time_is_over(const struct state *state)
{
	const struct exploration *exploration = state->exploration;

	if (interrupted())
		return STOP_SIGNAL;
	if (exploration->executions && state->search.executions >= exploration->executions)
		return STOP_NUMBER;
	return exploration->seconds > 0 && now_seconds() - state->begin >= exploration->seconds ? STOP_TIME : STOP_NOT;
}

static int play(void *arg, const struct decision_plan *plan)
{
	struct state *state = arg;
	const struct systematic *search = &state->search;
	const struct episode_end *end;
	enum stop stop = time_is_over(state);

	if (stop)
		return stop;
	state->episode.plan.decisions = plan;
	state->status = episode_play(&state->episode, &end);
	if (state->status)
		return STOP_ERROR;
	if (now_seconds() - state->begin > SHOW_AFTER)
		progress_show("%s: %llu executions of %llu decisions, %u preemptions at most",
			      state->episode.what->name, (unsigned long long)search->executions,
			      (unsigned long long)search->decisions, search->searched);
	if (!end->failed)
		return STOP_NOT;
	progress_end();
	fail("%s: execution %llu failed, with %u preemptions at most, after %.2f s", state->episode.what->name,
	     (unsigned long long)search->executions + 1, search->searched, now_seconds() - state->begin);
	print_failure(state, plan, end);
	return STOP_FAILURE;
}

static void print_stopped(const struct state *state, enum stop stop)
{
	const struct systematic *search = &state->search;
	const char *why = stop == STOP_TIME ? "--seconds" : stop == STOP_NUMBER ? "--executions" : interrupt_name();

	printf("%s: stopped after %llu executions (%s), not complete", state->episode.what->name,
	       (unsigned long long)search->executions, why);
	if (search->searched)
		printf("; all %llu up to %u preemptions explored", (unsigned long long)search->of_bound,
		       search->searched - 1);
	puts("");
}

static int play_given(struct state *state, struct decision_log *log)
{
	const struct exploration *exploration = state->exploration;
	const struct decision_plan plan = {
		.decisions = exploration->decisions, .nr = exploration->nr_decisions, .log = log,
	};
	const struct episode_end *end;
	int status;

	state->episode.plan.decisions = &plan;
	status = episode_play(&state->episode, &end);
	if (status)
		return status;
	if (end->failed) {
		print_failure(state, &plan, end);
		return EXIT_CHECK_FAILED;
	}
	interleaving_print(stdout, &state->episode, end->log, true);
	printf("%s: passed\n", state->episode.what->name);
	return EXIT_DONE;
}

int explore(const struct exploration *exploration, const struct run_case *what)
{
	struct state state = {
		.exploration = exploration,
		.episode = {
			.what = what,
			.choices = exploration->choices,
			.threads = what->threads,
			.rounds = exploration->rounds,
			.plan = { .seed = exploration->choices->seed, .max_steps = MAX_STEPS },
		},
		.search = { .bound = exploration->preemptions, .play = play },
		.begin = now_seconds(),
	};
	enum stop stop;

	if (what->threads > SYSTEMATIC_WORKERS)
		return complain("too many threads: give up to %u", SYSTEMATIC_WORKERS);
	if (what->workload->flags & WORKLOAD_LIVE)
		return complain("%s asks the live kernel, whose schedule cannot be decided", what->workload->name);
	if (exploration->given)
		return play_given(&state, episodes_decisions());
	state.search.arg = &state;
	stop = (enum stop)systematic_run(&state.search, episodes_decisions());
	progress_end();
	switch (stop) {
	case STOP_NOT:
		printf("%s: all %llu executions up to %u preemptions explored (%.1f s)\n", what->name,
		       (unsigned long long)state.search.of_bound, exploration->preemptions,
		       now_seconds() - state.begin);
		return EXIT_DONE;
	case STOP_FAILURE:
		return EXIT_CHECK_FAILED;
	case STOP_ERROR:
		return state.status ? state.status : EXIT_CHECK_FAILED;
	default:
		print_stopped(&state, stop);
		return EXIT_DONE;
	}
}
