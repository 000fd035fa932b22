/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_words.c - what an event did, to what, and where. */
#include "bench/check/event_words.h"

#include <stdio.h>
#include <string.h>

#include "bench/check/source_line.h"

static const char *const verbs[] = {
	[SCHEDULE_BEGINS] = "begins",
	[SCHEDULE_PASSED] = "passes",
	[SCHEDULE_READS] = "reads",
	[SCHEDULE_WRITES] = "writes",
	[SCHEDULE_UPDATES] = "updates",
	[SCHEDULE_RACES] = "had raced",
	[SCHEDULE_CHANGED] = "gets another priority",
	[SCHEDULE_YIELDED] = "yields",
	[SCHEDULE_WAITS] = "waits for",
	[SCHEDULE_LEFT] = "has done",
	[SCHEDULE_LOCKS] = "takes",
	[SCHEDULE_UNLOCKS] = "releases",
	[SCHEDULE_ENTERS] = "enters an RCU read section",
	[SCHEDULE_EXITS] = "leaves its RCU read section",
	[SCHEDULE_QUEUES] = "queues an RCU callback",
	[SCHEDULE_RUNS] = "runs an RCU callback",
	[SCHEDULE_SYNCHRONIZED] = "has waited for a grace period",
	[SCHEDULE_WAKES] = "wakes",
};

static const char *order_name(int order)
{
	switch (order) {
	case __ATOMIC_RELAXED:
		return "relaxed";
	case __ATOMIC_CONSUME:
	case __ATOMIC_ACQUIRE:
		return "acquire";
	case __ATOMIC_RELEASE:
		return "release";
	case __ATOMIC_ACQ_REL:
		return "acq_rel";
	case __ATOMIC_SEQ_CST:
		return "seq_cst";
	default:
		return "";
	}
}

bool event_is_access(const struct schedule_event *event)
{
	return event->kind >= SCHEDULE_READS && event->kind <= SCHEDULE_UPDATES;
}

void event_thread_name(unsigned int thread, char *text, size_t size)
{
	if (thread == SCHEDULE_CALLBACKS)
		snprintf(text, size, "RCU callbacks");
	else
		snprintf(text, size, "worker %u", thread);
}

static void put_place(struct event_words *words, const void *pc)
{
	const struct source_place *place = source_place(pc);

	source_line(pc, words->place, sizeof(words->place));
	words->source = place->text ? place->text + strspn(place->text, " \t") : NULL;
}

static void put_access(struct event_words *words, const struct schedule_event *event, uint32_t at)
{
	named_memory_find(event->address, event->size, at, &words->named);
	snprintf(words->what, sizeof(words->what), "%s", words->named.name);
	named_memory_value(&words->named, event->value, event->size, at, words->value, sizeof(words->value));
	snprintf(words->order, sizeof(words->order), "%s", order_name(event->order));
	put_place(words, event->pc);
}

/* The lock's own word is not named, but what it belongs to. */
static void put_lock(struct event_words *words, const struct schedule_event *event, uint32_t at)
{
	struct named named;
	char *tail;

	named_memory_find(event->address, 1, at, &named);
	tail = strrchr(named.name, '.');
	if (tail && strchr(named.name, '.') != tail)
		*tail = '\0';
	snprintf(words->what, sizeof(words->what), "%s (%s)%s", event->where, named.name,
		 event->value == HELD_READ ? " for read" : "");
}

static bool is_lock_name(const char *where)
{
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		if (where == lockrank_name(rank))
			return true;
	return false;
}

void event_words(struct event_words *words, const struct schedule_log *log, uint32_t at)
{
	const struct schedule_event *event = &log->events[at];

	memset(words, 0, sizeof(*words));
	words->verb = verbs[event->kind];
	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_READS:
	case SCHEDULE_WRITES:
	case SCHEDULE_UPDATES:
		put_access(words, event, at);
		break;
	case SCHEDULE_RACES:
		put_place(words, event->pc);
		break;
	case SCHEDULE_PASSED:
		if (is_lock_name(event->where))
			words->verb = "wants";
		snprintf(words->what, sizeof(words->what), "%s", event->where);
		break;
	case SCHEDULE_BEGINS:
	case SCHEDULE_WAITS:
		snprintf(words->what, sizeof(words->what), "%s", event->where);
		break;
	case SCHEDULE_LOCKS:
	case SCHEDULE_UNLOCKS:
		put_lock(words, event, at);
		break;
	case SCHEDULE_WAKES:
		event_thread_name((unsigned int)event->value, words->what, sizeof(words->what));
		break;
	default:
		break;
	}
}

void event_switch_reason(const struct episode *episode, const struct schedule_log *log, uint32_t at, char *text,
			 size_t size)
{
	const struct schedule_event *last = &log->events[at - 1];

	switch ((enum schedule_event_kind)last->kind) {
	case SCHEDULE_CHANGED:
		snprintf(text, size, "its priority changed");
		break;
	case SCHEDULE_YIELDED:
		snprintf(text, size, "it yields");
		break;
	case SCHEDULE_WAITS:
		snprintf(text, size, "it waits for %s", last->where);
		break;
	case SCHEDULE_LEFT:
		snprintf(text, size, "it has done");
		break;
	default:
		snprintf(text, size, "%s", episode->plan.decisions ? "it is preempted" :
			 "the other, of higher priority, can run again");
		break;
	}
}
