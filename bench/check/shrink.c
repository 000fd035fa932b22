/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.c - plays smaller episodes until none fails alike. */
#include "bench/check/shrink.h"

#include <string.h>

#define MAX_DEPTH	4u	/* of schedules that shall replace one that wanders */
#define SEEDS	60u	/* tried for each smaller size: what shows once in thousands of episodes may be lost */

/* What failures have in common: the first line said, but for the words with digits. */
struct failure {
	char kind[256];
};

static void read_failure(struct failure *failure, const char *said)
{
	size_t n = 0;

	said += strspn(said, "\n=");
	while (*said && *said != '\n') {
		size_t length = strcspn(said, " \n");

		if (!length)
			length = 1;
		if (strcspn(said, "0123456789") >= length && n + length < sizeof(failure->kind)) {
			memcpy(failure->kind + n, said, length);
			n += length;
		}
		said += length;
	}
	failure->kind[n] = '\0';
}

/* ---- the changes of a failure, by the steps of who made them ---- */

/* Where the change at step @at of all was. */
static bool find_change(const struct schedule_log *log, uint32_t at, struct schedule_change *change)
{
	const uint32_t nr = min(log->nr_events, log->room);

	for (uint32_t i = 0; i < nr; i++) {
		const struct schedule_event *event = &log->events[i];

		if (event->kind != SCHEDULE_CHANGED || event->step != at)
			continue;
		*change = (struct schedule_change){ .thread = event->thread, .op = event->op, .step = event->op_step };
		return true;
	}
	return false;
}

/* Changes that were never reached are removed: each of the others keeps its rank. */
static void change_by_ops(struct episode *episode, const struct schedule_log *log)
{
	struct schedule_plan *plan = &episode->plan;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < plan->nr_changes; i++)
		if (plan->changes[i].thread != SCHEDULE_ANY ||
		    find_change(log, plan->changes[i].step, &plan->changes[i]))
			plan->changes[nr++] = plan->changes[i];
	plan->nr_changes = nr;
}

/* ---- failures ---- */
static bool fails_alike(const struct failure *failure, const struct episode_end *end)
{
	struct failure other;

	if (!end->failed)
		return false;
	read_failure(&other, end->said);
	return !strcmp(failure->kind, other.kind);
}

int episode_measure(const struct episode *episode, uint32_t *steps, const struct episode_end **end)
{
	struct episode straight = *episode;
	int status;

	straight.plan.seed = 0;
	straight.plan.nr_changes = 0;
	straight.plan.wander = 0;
	status = episode_play(&straight, end);
	if (!status)
		*steps = (*end)->log->steps;
	return status;
}

void episode_draw(struct episode *episode, uint64_t seed, unsigned int depth, uint32_t steps)
{
	episode->plan.seed = seed;
	schedule_draw(&episode->plan, depth, steps);
}

/* Looks for a failure alike in episodes of @size, with @depth; when there is one, @episode is the first. */
static int look_for(struct episode *episode, const struct episode *size, unsigned int depth,
		    const struct failure *failure, bool *found)
{
	struct episode tried = *size;
	const struct episode_end *end;
	uint32_t steps;
	int status = episode_measure(size, &steps, &end);

	*found = false;
	for (uint64_t seed = 1; !status && !*found && seed <= SEEDS; seed++) {
		episode_draw(&tried, seed, depth, steps);
		status = episode_play(&tried, &end);
		*found = !status && fails_alike(failure, end);
	}
	if (*found)
		*episode = tried;
	return status;
}

static int fewer_threads(struct episode *episode, const struct failure *failure)
{
	const unsigned int least = max(1u, episode->what->workload->min_threads);
	struct episode size = *episode;
	bool found = false;
	int status = 0;

	for (unsigned int n = least; !status && !found && n < episode->threads; n++) {
		size.threads = n;
		status = look_for(episode, &size, episode->plan.nr_changes + 1, failure, &found);
	}
	return status;
}

static int fewer_rounds(struct episode *episode, const struct failure *failure)
{
	struct episode size = *episode;
	bool found = false;
	int status = 0;

	for (uint64_t n = 1; !status && !found && n < episode->rounds; n *= 2) {
		size.rounds = n;
		status = look_for(episode, &size, episode->plan.nr_changes + 1, failure, &found);
	}
	return status;
}

static int less_depth(struct episode *episode, const struct failure *failure)
{
	const unsigned int most = episode->plan.wander ? MAX_DEPTH : episode->plan.nr_changes;
	struct episode size = *episode;
	bool found = false;
	int status = 0;

	size.plan.wander = 0;
	for (unsigned int depth = 1; !status && !found && depth <= most; depth++)
		status = look_for(episode, &size, depth, failure, &found);
	return status;
}

/* A change in the last place replaces the removed one, or is none: each keeps its rank. */
static int leave_changes_out(struct episode *episode, const struct failure *failure)
{
	const struct episode_end *end;
	int status = 0;

	for (unsigned int i = episode->plan.nr_changes; !status && i-- > 0;) {
		struct episode tried = *episode;

		memmove(&tried.plan.changes[i], &tried.plan.changes[i + 1],
			(--tried.plan.nr_changes - i) * sizeof(tried.plan.changes[0]));
		status = episode_play(&tried, &end);
		if (!status && fails_alike(failure, end))
			*episode = tried;
	}
	return status;
}

/* ---- operations ---- */
#define MAX_PLAYS	400u	/* in search of operations that can go */

struct op {
	unsigned int worker;
	uint64_t bit;
};

static unsigned int list_ops(const struct episode *episode, struct op *ops)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < episode->threads; i++)
		for (unsigned int op = 0; op < episode->rounds; op++)
			if (episode->kept[i] >> op & 1)
				ops[nr++] = (struct op){ i, 1ull << op };
	return nr;
}

/* Without @nr of the ops. Keeps it so if it fails alike. */
static int leave_ops_out(struct episode *episode, const struct op *ops, unsigned int nr, const struct failure *failure,
			 bool *gone)
{
	struct episode tried = *episode;
	const struct episode_end *end;
	int status;

	for (unsigned int i = 0; i < nr; i++)
		tried.kept[ops[i].worker] &= ~ops[i].bit;
	status = episode_play(&tried, &end);
	*gone = !status && fails_alike(failure, end);
	if (*gone)
		*episode = tried;
	return status;
}

/*
 * Halves, then quarters, down to single ones, until not one can go (delta debugging; Zeller and Hildebrandt, TSE 2002).
 */
static int fewer_ops(struct episode *episode, const struct failure *failure)
{
	struct op ops[SCHEDULE_WORKERS * 64];
	unsigned int nr, plays = 0;
	bool gone, any = false;
	int status = 0;

	episode->some = true;
	for (unsigned int i = 0; i < episode->threads; i++)
		episode->kept[i] = episode->rounds == 64 ? ~0ull : (1ull << episode->rounds) - 1;
	nr = list_ops(episode, ops);
	for (unsigned int chunk = (nr + 1) / 2; !status && chunk && plays < MAX_PLAYS;
	     chunk = any && chunk == 1 ? 1 : chunk / 2) {
		any = false;
		for (unsigned int i = 0; !status && i < nr && plays < MAX_PLAYS; plays++) {
			status = leave_ops_out(episode, &ops[i], min(chunk, nr - i), failure, &gone);
			if (gone)
				nr = list_ops(episode, ops);
			else
				i += chunk;
			any |= gone;
		}
	}
	return status;
}

int shrink(struct episode *episode, const struct episode_end *end)
{
	struct failure failure;
	int status;

	read_failure(&failure, end->said);
	status = fewer_threads(episode, &failure);
	if (!status)
		status = fewer_rounds(episode, &failure);
	if (!status)
		status = less_depth(episode, &failure);
	if (!status)
		status = episode_play(episode, &end);
	if (status)
		return status;
	change_by_ops(episode, end->log);
	status = leave_changes_out(episode, &failure);
	if (!status && episode->rounds <= 64)
		status = fewer_ops(episode, &failure);
	return status;
}
