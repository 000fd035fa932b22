/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interleaving.c - turns as lines. */
#include "bench/interleaving.h"

#define TURNS_SHOWN	40u	/* the last ones: what broke, broke there */
#define STEPS_SHOWN	8u	/* of a turn, at each of its ends */

struct turns {
	FILE *out;
	const struct episode *episode;
	const struct schedule_log *log;
	uint32_t nr;				/* events kept */
	uint64_t ops[SCHEDULE_THREADS];		/* each thread has begun */
};

static unsigned int role_of(const struct workload *workload, unsigned int worker, unsigned int threads)
{
	return workload->role_of ? workload->role_of(worker, threads) : worker % workload->nr_roles;
}

static void print_who(const struct turns *turns, unsigned int thread)
{
	const struct workload *workload = turns->episode->what->workload;
	char who[64];

	if (thread == SCHEDULE_CALLBACKS)
		snprintf(who, sizeof(who), "RCU callbacks");
	else
		snprintf(who, sizeof(who), "worker %u, %s %llu", thread,
			 workload->roles[role_of(workload, thread, turns->episode->threads)].name,
			 (unsigned long long)turns->ops[thread]);
	fprintf(turns->out, "%-24s", who);
}

static void print_event(FILE *out, const struct schedule_event *event)
{
	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_BEGINS:
		fprintf(out, " [%s]", event->where);
		break;
	case SCHEDULE_PASSED:
		fprintf(out, " %s", event->where);
		break;
	case SCHEDULE_CHANGED:
		fputs(" - is last from here", out);
		break;
	case SCHEDULE_YIELDED:
		fputs(" - yields", out);
		break;
	case SCHEDULE_WAITS:
		fprintf(out, " - waits for %s", event->where);
		break;
	case SCHEDULE_LEFT:
		fputs(" - has done", out);
		break;
	}
}

/* The first event of the next turn. */
static uint32_t turn_end(const struct turns *turns, uint32_t first)
{
	uint32_t end = first + 1;

	while (end < turns->nr && turns->log->events[end].thread == turns->log->events[first].thread)
		end++;
	return end;
}

static void count_ops(struct turns *turns, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		turns->ops[turns->log->events[i].thread] += turns->log->events[i].kind == SCHEDULE_BEGINS;
}

static void print_turn(struct turns *turns, uint32_t first, uint32_t end)
{
	const struct schedule_event *events = turns->log->events;

	fprintf(turns->out, "%7u  ", events[first].step);
	print_who(turns, events[first].thread);
	for (uint32_t i = first; i < end; i++) {
		if (i == first + STEPS_SHOWN && end - i > STEPS_SHOWN) {
			fprintf(turns->out, " ... %u more ...", end - i - STEPS_SHOWN);
			i = end - STEPS_SHOWN;
		}
		print_event(turns->out, &events[i]);
	}
	fputc('\n', turns->out);
}

static void print_steps(struct turns *turns, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		count_ops(turns, i, i + 1);
		fprintf(turns->out, "%7u  ", turns->log->events[i].step);
		print_who(turns, turns->log->events[i].thread);
		print_event(turns->out, &turns->log->events[i]);
		fputc('\n', turns->out);
	}
}

void interleaving_print(FILE *out, const struct episode *episode, const struct schedule_log *log, bool all)
{
	struct turns turns = { .out = out, .episode = episode, .log = log, .nr = min(log->nr_events, log->room) };
	uint32_t end, nr = 0, skipped;

	for (uint32_t i = 0; i < turns.nr; i = turn_end(&turns, i))
		nr++;
	skipped = all || nr <= TURNS_SHOWN ? 0 : nr - TURNS_SHOWN;
	fprintf(out, "   step  thread and its op        what it passed, in %u turns%s\n", nr,
		turns.nr < log->nr_events ? ", the beginning" : "");
	if (skipped)
		fprintf(out, "         ... %u turns ...\n", skipped);
	for (uint32_t i = 0; i < turns.nr; i = end) {
		end = turn_end(&turns, i);
		if (all) {
			print_steps(&turns, i, end);
			continue;
		}
		count_ops(&turns, i, end);
		if (skipped)
			skipped--;
		else
			print_turn(&turns, i, end);
	}
}
