/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interleaving.c - one line for each turn. */
#include "bench/check/interleaving.h"

#include <string.h>

#include "bench/check/source_line.h"

#define TURNS_SHOWN	40u	/* the last ones: what broke, broke there */
#define STEPS_SHOWN	8u	/* of a turn, at each of its ends */

#define LINE_LENGTH	125u
#define INDENT		35u

struct turns {
	FILE *out;
	const struct episode *episode;
	const struct schedule_log *log;
	uint32_t nr;				/* events kept */
	unsigned int column;
	uint64_t ops[SCHEDULE_THREADS];		/* each thread has begun */
};

/* The runner's own words, between operations. */
static bool op_begins(const struct turns *turns, const struct schedule_event *event)
{
	return event->kind == SCHEDULE_BEGINS && !strcmp(event->where, episode_role(turns->episode, event->thread));
}

static void print_who(struct turns *turns, const struct schedule_event *event)
{
	char who[64];

	if (event->thread == SCHEDULE_CALLBACKS)
		snprintf(who, sizeof(who), "RCU callbacks");
	else
		snprintf(who, sizeof(who), "worker %u, %s %llu", event->thread,
			 episode_role(turns->episode, event->thread), (unsigned long long)turns->ops[event->thread]);
	fprintf(turns->out, "%7u  %-26s", event->step, who);
	turns->column = INDENT;
}

static void put_words(struct turns *turns, const char *before, const char *words)
{
	unsigned int length = (unsigned int)(strlen(before) + strlen(words));

	if (turns->column + length > LINE_LENGTH) {
		fprintf(turns->out, "\n%*s", (int)INDENT, "");
		turns->column = INDENT;
	}
	fprintf(turns->out, "%s%s", before, words);
	turns->column += length;
}

static const char *const leads[] = {
	[SCHEDULE_BEGINS] = " : ",
	[SCHEDULE_PASSED] = " ",
	[SCHEDULE_READS] = " reads: ",
	[SCHEDULE_WRITES] = " writes: ",
	[SCHEDULE_UPDATES] = " updates: ",
	[SCHEDULE_RACES] = " races with ",
	[SCHEDULE_CHANGED] = " - another place",
	[SCHEDULE_YIELDED] = " - yields",
	[SCHEDULE_WAITS] = " - waits for ",
	[SCHEDULE_LEFT] = " - has done",
};

static void event_place(const struct schedule_event *event, char *place, size_t size)
{
	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_READS:
	case SCHEDULE_WRITES:
	case SCHEDULE_UPDATES:
	case SCHEDULE_RACES:
		source_line(event->pc, place, size);
		break;
	case SCHEDULE_BEGINS:
	case SCHEDULE_PASSED:
	case SCHEDULE_WAITS:
		snprintf(place, size, "%s", event->where);
		break;
	default:
		*place = '\0';
	}
}

void interleaving_event_text(const struct schedule_event *event, char *text, size_t size)
{
	char place[128];

	event_place(event, place, sizeof(place));
	snprintf(text, size, "step %u of thread %u:%s%s, %p, value %#llx", event->step, event->thread,
		 leads[event->kind], place, event->address, (unsigned long long)event->value);
}

static bool is_detail(const struct schedule_event *event)
{
	return event->kind > SCHEDULE_LEFT;
}

static void print_event(struct turns *turns, const struct schedule_event *event)
{
	char place[128];

	if (is_detail(event))
		return;
	event_place(event, place, sizeof(place));
	put_words(turns, op_begins(turns, event) ? " | " : leads[event->kind], place);
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
		turns->ops[turns->log->events[i].thread] += op_begins(turns, &turns->log->events[i]);
}

/* The op named is the one that goes on, or the first to begin. */
static void print_turn(struct turns *turns, uint32_t first, uint32_t end)
{
	const struct schedule_event *events = turns->log->events;
	bool long_turn = end - first > 2 * STEPS_SHOWN + STEPS_SHOWN / 2;

	count_ops(turns, first, first + 1);
	print_who(turns, &events[first]);
	for (uint32_t i = first; i < end; i++) {
		if (long_turn && i == first + STEPS_SHOWN) {
			char more[32];

			snprintf(more, sizeof(more), "... %u more ...", end - i - STEPS_SHOWN);
			put_words(turns, " ", more);
			i = end - STEPS_SHOWN;
		}
		print_event(turns, &events[i]);
	}
	fputc('\n', turns->out);
	count_ops(turns, first + 1, end);
}

static void print_steps(struct turns *turns, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		if (is_detail(&turns->log->events[i]))
			continue;
		count_ops(turns, i, i + 1);
		print_who(turns, &turns->log->events[i]);
		print_event(turns, &turns->log->events[i]);
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
		if (!skipped) {
			print_turn(&turns, i, end);
			continue;
		}
		count_ops(&turns, i, end);
		skipped--;
	}
}
