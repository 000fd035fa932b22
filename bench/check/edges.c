/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edges.c - one pass over the events, with the latest release of each word and of each lock. */
#include "bench/check/edges.h"

#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"

#define NONE	UINT32_MAX

struct word {
	const void *address;		/* NULL: free */
	uint32_t released;		/* the event; NONE: none */
};

struct pass {
	const struct schedule_log *log;
	struct edges *edges;
	struct word *words;		/* open addressing */
	size_t size;
	uint32_t known[SCHEDULE_THREADS][SCHEDULE_THREADS];	/* [thread][other]: 1 + its latest event */
	uint32_t entered[SCHEDULE_THREADS];	/* the event that began the open section; NONE: none is open */
	uint32_t exits[SCHEDULE_THREADS];	/* the latest end of one; NONE */
	uint32_t entered_last[SCHEDULE_THREADS];	/* the begin of that one */
	uint32_t woken[SCHEDULE_THREADS];	/* the event that woke the thread, which has not run yet; NONE */
	bool failed;
};

static bool accesses(const struct schedule_event *event)
{
	return event->kind >= SCHEDULE_READS && event->kind <= SCHEDULE_UPDATES;
}

static struct word *word_of(struct pass *pass, const void *address)
{
	for (size_t i = (uintptr_t)address * 0x9e3779b97f4a7c15ul >> 24;; i++) {
		struct word *word = &pass->words[i % pass->size];

		if (word->address && word->address != address)
			continue;
		if (!word->address)
			*word = (struct word){ address, NONE };
		return word;
	}
}

static void add(struct pass *pass, uint32_t from, uint32_t to, enum edge_kind kind)
{
	struct edges *edges = pass->edges;
	unsigned int thread = pass->log->events[to].thread, other = pass->log->events[from].thread;

	if (thread == other || (kind != EDGE_MISSING && pass->known[thread][other] > from))
		return;
	if (edges->nr == edges->room) {
		uint32_t room = edges->room ? 2 * edges->room : 256;
		struct edge *grown = realloc(edges->edges, room * sizeof(*grown));

		pass->failed |= !grown;
		if (!grown)
			return;
		edges->edges = grown;
		edges->room = room;
	}
	edges->edges[edges->nr++] = (struct edge){ from, to, kind };
	if (kind != EDGE_MISSING)
		pass->known[thread][other] = from + 1;
}

/* ---- atomic accesses ---- */
static bool acquires(int order)
{
	return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* A read-modify-write of any order keeps what was released before it; a store does not. */
static void take_access(struct pass *pass, uint32_t at)
{
	const struct schedule_event *event = &pass->log->events[at];
	struct word *word = word_of(pass, (const void *)((uintptr_t)event->address & ~7ul));

	if (event->order == SCHEDULE_PLAIN)
		return;
	if (event->kind != SCHEDULE_WRITES && acquires(event->order) && word->released != NONE)
		add(pass, word->released, at, EDGE_ACQUIRES);
	if (event->kind == SCHEDULE_READS)
		return;
	if (releases(event->order))
		word->released = at;
	else if (event->kind == SCHEDULE_WRITES)
		word->released = NONE;
}

/* ---- what the schedule does itself ---- */
/* A grace period ends behind the sections that were open when it was asked for, at event @asked. */
static void grace_over(struct pass *pass, uint32_t asked, uint32_t at)
{
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		if (pass->exits[i] != NONE && pass->exits[i] > asked && pass->entered_last[i] < asked)
			add(pass, pass->exits[i], at, EDGE_GRACE);
}

/* The event at which @thread began to wait for the grace period that is over. */
static uint32_t asked_at(const struct pass *pass, uint32_t at)
{
	const struct schedule_event *events = pass->log->events;

	for (uint32_t i = at; i-- > 0;)
		if (events[i].thread == events[at].thread && events[i].kind == SCHEDULE_WAITS)
			return i;
	return 0;
}

static void missing(struct pass *pass, uint32_t at)
{
	const struct schedule_event *events = pass->log->events, *older = &events[at];
	uint32_t newer = at;

	while (newer > 0 && (!accesses(&events[newer]) || events[newer].thread == older->thread))
		newer--;
	for (uint32_t i = newer; i-- > 0;)
		if (events[i].thread == older->thread && events[i].pc == older->pc && accesses(&events[i]) &&
		    ((uintptr_t)events[i].address ^ (uintptr_t)events[newer].address) < 16) {
			add(pass, i, newer, EDGE_MISSING);
			return;
		}
}

static void detail(struct pass *pass, uint32_t at)
{
	const struct schedule_event *event = &pass->log->events[at];
	struct word *word;

	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_LOCKS:
		word = word_of(pass, (const char *)event->address + 1);	/* apart from its accesses */
		if (word->released != NONE)
			add(pass, word->released, at, EDGE_LOCK);
		break;
	case SCHEDULE_UNLOCKS:
		word_of(pass, (const char *)event->address + 1)->released = at;
		break;
	case SCHEDULE_ENTERS:
		pass->entered[event->thread] = at;
		break;
	case SCHEDULE_EXITS:
		pass->exits[event->thread] = at;
		pass->entered_last[event->thread] = pass->entered[event->thread];
		break;
	case SCHEDULE_QUEUES:
		word_of(pass, (const char *)event->address + 1)->released = at;
		break;
	case SCHEDULE_RUNS:
		word = word_of(pass, (const char *)event->address + 1);
		if (word->released == NONE)
			break;
		add(pass, word->released, at, EDGE_GRACE);
		grace_over(pass, word->released, at);
		break;
	case SCHEDULE_SYNCHRONIZED:
		grace_over(pass, asked_at(pass, at), at);
		break;
	case SCHEDULE_WAKES:
		if (event->value < SCHEDULE_THREADS)
			pass->woken[event->value] = at;
		break;
	case SCHEDULE_RACES:
		missing(pass, at);
		break;
	default:
		break;
	}
}

static void look_at(struct pass *pass, uint32_t at)
{
	const struct schedule_event *event = &pass->log->events[at];

	if (pass->woken[event->thread] != NONE) {
		add(pass, pass->woken[event->thread], at, EDGE_WAKES);
		pass->woken[event->thread] = NONE;
	}
	if (accesses(event))
		take_access(pass, at);
	else
		detail(pass, at);
}

int edges_find(struct edges *edges, const struct schedule_log *log)
{
	uint32_t nr = min(log->nr_events, log->room);
	struct pass *pass = calloc(1, sizeof(*pass));
	int status = 0;

	*edges = (struct edges){ .edges = NULL };
	if (!pass)
		return fail("out of memory");
	pass->log = log;
	pass->edges = edges;
	for (pass->size = 64; pass->size < 2ul * nr; pass->size *= 2)
		;
	pass->words = calloc(pass->size, sizeof(*pass->words));
	pass->failed = !pass->words;
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		pass->entered[i] = pass->exits[i] = pass->woken[i] = NONE;
	for (uint32_t i = 0; i < nr && !pass->failed; i++)
		look_at(pass, i);
	if (pass->failed)
		status = fail("out of memory");
	free(pass->words);
	free(pass);
	return status;
}

void edges_free(struct edges *edges)
{
	free(edges->edges);
}

const char *edge_words(enum edge_kind kind)
{
	static const char *const words[] = {
		[EDGE_ACQUIRES] = "acquires what was released at",
		[EDGE_LOCK] = "takes the lock that was released at",
		[EDGE_WAKES] = "was woken at",
		[EDGE_GRACE] = "is a grace period behind",
		[EDGE_MISSING] = "data race: nothing orders it behind",
	};

	return words[kind];
}
