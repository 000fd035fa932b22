/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twice.c - plays an episode twice, and compares event by event. */
#include "bench/check/twice.h"

#include <stdlib.h>
#include <string.h>

#include "bench/check/interleaving.h"
#include "bench/ground/command.h"

/* What is left of the first time. */
struct first {
	struct schedule_log log;
	struct schedule_event *events;
	uint32_t nr;			/* kept */
	bool failed;
};

static bool keep(struct first *first, const struct episode_end *end)
{
	first->log = *end->log;
	first->failed = end->failed;
	first->nr = min(end->log->nr_events, end->log->room);
	first->events = malloc(first->nr * sizeof(*first->events) + 1);
	if (first->events)
		memcpy(first->events, end->log->events, first->nr * sizeof(*first->events));
	return first->events;
}

/*
 * Addresses differ where the C library's memory differs: those of the first time and those of the second go in pairs.
 * Entries are found by either half, in @size places, a power of two.
 */
struct pairs {
	struct pair {
		uint64_t one, other;
		bool used;
	} *by_one, *by_other;
	size_t size;
};

static struct pair *find(struct pair *table, size_t size, uint64_t key, bool by_other)
{
	for (size_t i = key * 0x9e3779b97f4a7c15ul >> 20;; i++) {
		struct pair *pair = &table[i % size];

		if (!pair->used || (by_other ? pair->other : pair->one) == key)
			return pair;
	}
}

/* Returns whether @one and @other are a pair, or can be one from now on. */
static bool paired(struct pairs *pairs, uint64_t one, uint64_t other)
{
	struct pair *first = find(pairs->by_one, pairs->size, one, false);
	struct pair *second = find(pairs->by_other, pairs->size, other, true);

	if (first->used || second->used)
		return first->used && second->used && first->other == other && second->one == one;
	*first = *second = (struct pair){ one, other, true };
	return true;
}

static bool is_access(const struct schedule_event *event)
{
	return event->kind >= SCHEDULE_READS && event->kind <= SCHEDULE_UPDATES;
}

/* Values that may be addresses go in pairs too. */
static bool same_access(struct pairs *pairs, const struct schedule_event *one, const struct schedule_event *other)
{
	if (one->size != other->size || one->order != other->order ||
	    !paired(pairs, (uintptr_t)one->address, (uintptr_t)other->address))
		return false;
	return one->value == other->value ||
	       (min(one->value, other->value) > UINT32_MAX && paired(pairs, one->value, other->value));
}

static bool same_event(struct pairs *pairs, const struct schedule_event *one, const struct schedule_event *other)
{
	return one->thread == other->thread && one->step == other->step && one->kind == other->kind &&
	       one->where == other->where && (!is_access(one) || same_access(pairs, one, other));
}

static int differs(const struct episode *episode, const struct first *first, const struct schedule_log *log, uint32_t i)
{
	char one[256] = "the end", other[256] = "the end";

	if (i < first->nr)
		interleaving_event_text(&first->events[i], one, sizeof(one));
	if (i < log->nr_events)
		interleaving_event_text(&log->events[i], other, sizeof(other));
	return fail("%s: event %u differs the second time, first '%s', then '%s': something else than the schedule "
		    "has a say", episode->what->name, i, one, other);
}

static int compare(const struct episode *episode, const struct first *first, const struct episode_end *end,
		   struct pairs *pairs)
{
	const struct schedule_log *log = end->log;
	uint32_t nr = min(log->nr_events, log->room);

	for (uint32_t i = 0; i < min(nr, first->nr); i++)
		if (!same_event(pairs, &first->events[i], &log->events[i]))
			return differs(episode, first, log, i);
	if (first->log.nr_events != log->nr_events)
		return differs(episode, first, log, min(nr, first->nr));
	if (first->failed != end->failed)
		return fail("%s: it failed the %s time only, after the same events", episode->what->name,
			    end->failed ? "second" : "first");
	return 0;
}

static int compare_all(const struct episode *episode, const struct first *first, const struct episode_end *end)
{
	struct pairs pairs = { .size = 1 };
	int status;

	while (pairs.size < 4ul * first->nr + 1)	/* an address and a value for each event, half full */
		pairs.size *= 2;
	pairs.by_one = calloc(pairs.size, sizeof(*pairs.by_one));
	pairs.by_other = calloc(pairs.size, sizeof(*pairs.by_other));
	status = pairs.by_one && pairs.by_other ? compare(episode, first, end, &pairs) : fail("out of memory");
	free(pairs.by_one);
	free(pairs.by_other);
	return status;
}

int episode_play_twice(const struct episode *episode, const struct episode_end **end)
{
	struct first first = { .events = NULL };
	int status = episode_play(episode, end);

	if (!status && !keep(&first, *end))
		status = fail("out of memory");
	if (!status)
		status = episode_play(episode, end);
	if (!status)
		status = compare_all(episode, &first, *end);
	free(first.events);
	return status;
}
