/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conflicts.c - vector clocks of an execution's dependences. */
#include "bench/check/conflicts.h"

#include <string.h>
#include <sys/mman.h>

#include "bench/ground/command.h"

#define THREADS		8u		/* in a clock: workers, and callbacks last */
#define BUCKETS	(1u << 16)	/* words, a power of two */
#define MAX_CELLS	(1u << 15)
#define NR_ACCESSES	3u		/* kinds of them */

/* How much of each thread is known to have happened before. */
struct clock {
	uint32_t at[THREADS];
};

/* A thread's latest access of one kind to the bytes of a cell. */
struct latest {
	uint32_t place;			/* among the thread's accesses, from 1; 0: none */
	uint32_t position;
};

/* Accesses to the same bytes of a word. */
struct cell {
	uintptr_t word;
	uint32_t next;			/* cell of the same word, with other bytes; 0: none */
	uint8_t bytes;
	struct latest latest[NR_ACCESSES][THREADS];
	struct clock clocks[NR_ACCESSES];
	uint64_t marks[NR_ACCESSES];	/* of those that the next may depend on: a sum */
};

struct bucket {
	uint32_t execution, cell;
};

/* What is known of a thread. */
struct progress {
	struct clock clock;
	uint32_t place;			/* of its latest access */
	uint32_t run;			/* its latest run began behind this place */
	uint32_t after;			/* the thread that ran next */
};

struct conflicts {
	uint32_t execution, nr_cells;
	struct progress threads[THREADS];
	unsigned int running;		/* THREADS: none yet */
	struct bucket table[BUCKETS];
	struct cell cells[MAX_CELLS];	/* the first is unused */
};

/* Not copied by fork: the pages that it would protect take a fault each, in every execution. */
struct conflicts *conflicts_create(void)
{
	struct conflicts *conflicts = mmap(NULL, sizeof(*conflicts), PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (conflicts == MAP_FAILED)
		return NULL;
	madvise(conflicts, sizeof(*conflicts), MADV_DONTFORK);
	return conflicts;
}

void conflicts_free(struct conflicts *conflicts)
{
	if (conflicts)
		munmap(conflicts, sizeof(*conflicts));
}

static unsigned int slot_of(unsigned int thread)
{
	return thread == SCHEDULE_CALLBACKS ? THREADS - 1 : thread;
}

static unsigned int thread_of(unsigned int slot)
{
	return slot == THREADS - 1 ? SCHEDULE_CALLBACKS : slot;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * 0x9e3779b97f4a7c15ul;
	a = (a ^ a >> 29) * 0xbf58476d1ce4e5b9ul;
	return a ^ a >> 32;
}

static struct bucket *find_bucket(struct conflicts *conflicts, uintptr_t word)
{
	for (uint32_t i = (uint32_t)(mix(word, 1) >> 32);; i++) {
		struct bucket *bucket = &conflicts->table[i % BUCKETS];

		if (bucket->execution != conflicts->execution)
			*bucket = (struct bucket){ .execution = conflicts->execution };
		if (!bucket->cell || conflicts->cells[bucket->cell].word == word)
			return bucket;
	}
}

/* Adds that of @event's bytes to its word's cells. Returns the first of these; NULL: there are too many. */
static struct cell *cells_of(struct conflicts *conflicts, const struct decision_event *event)
{
	struct bucket *bucket = find_bucket(conflicts, event->word);
	struct cell *cell;

	for (uint32_t i = bucket->cell; i; i = conflicts->cells[i].next)
		if (conflicts->cells[i].bytes == event->bytes)
			return &conflicts->cells[bucket->cell];
	if (conflicts->nr_cells + 1 == MAX_CELLS)
		return fail("an execution with more than %u words: take fewer operations", MAX_CELLS), NULL;
	cell = &conflicts->cells[++conflicts->nr_cells];
	memset(cell, 0, sizeof(*cell));
	cell->word = event->word;
	cell->bytes = event->bytes;
	cell->next = bucket->cell;
	bucket->cell = conflicts->nr_cells;
	return cell;
}

static struct cell *next_cell(struct conflicts *conflicts, const struct cell *cell)
{
	return cell->next ? &conflicts->cells[cell->next] : NULL;
}

static void join(struct clock *clock, const struct clock *other)
{
	for (unsigned int i = 0; i < THREADS; i++)
		clock->at[i] = max(clock->at[i], other->at[i]);
}

/* A thread's latest access to what @event accesses, and that conflicts with it. */
static struct latest latest_conflict(struct conflicts *conflicts, const struct cell *first, unsigned int slot,
				     const struct decision_event *event)
{
	struct latest found = { 0 };

	for (const struct cell *cell = first; cell; cell = next_cell(conflicts, cell)) {
		if (!(cell->bytes & event->bytes))
			continue;
		for (unsigned int kind = 0; kind < NR_ACCESSES; kind++)
			if (decision_conflict(kind, event->access) && cell->latest[kind][slot].place > found.place)
				found = cell->latest[kind][slot];
	}
	return found;
}

/* Takes up what @event depends on. Returns its mark. */
static uint64_t depend(struct conflicts *conflicts, struct cell *first, const struct decision_event *event)
{
	struct progress *thread = &conflicts->threads[slot_of(event->thread)];
	uint64_t mark = mix(thread->place, event->thread + 1u);

	for (struct cell *cell = first; cell; cell = next_cell(conflicts, cell)) {
		if (!(cell->bytes & event->bytes))
			continue;
		for (unsigned int kind = 0; kind < NR_ACCESSES; kind++)
			if (decision_conflict(kind, event->access)) {
				join(&thread->clock, &cell->clocks[kind]);
				mark = mix(mark, cell->marks[kind]);
			}
	}
	return mark;
}

static void keep(struct conflicts *conflicts, struct cell *first, const struct decision_event *event, uint64_t mark)
{
	unsigned int slot = slot_of(event->thread);
	const struct progress *thread = &conflicts->threads[slot];
	struct cell *cell = first;

	while (cell->bytes != event->bytes)
		cell = next_cell(conflicts, cell);
	cell->latest[event->access][slot] = (struct latest){ thread->place, event->position };
	join(&cell->clocks[event->access], &thread->clock);
	if (event->access == DECISION_WRITES)
		memset(cell->marks, 0, sizeof(cell->marks));
	cell->marks[event->access] += mark;
}

static void run_begins(struct conflicts *conflicts, unsigned int slot)
{
	if (conflicts->running != THREADS)
		conflicts->threads[conflicts->running].after = thread_of(slot);
	conflicts->running = slot;
	conflicts->threads[slot].run = conflicts->threads[slot].place;
}

bool conflicts_find(struct conflicts *conflicts, const struct decision_log *log,
		    void (*found)(void *arg, uint32_t position, unsigned int thread), void *arg, uint64_t *class_)
{
	conflicts->execution++;
	conflicts->nr_cells = 0;
	memset(conflicts->threads, 0, sizeof(conflicts->threads));
	conflicts->running = THREADS;
	*class_ = 0;
	for (uint32_t i = 0; i < log->nr_events; i++) {
		const struct decision_event *event = &log->events[i];
		unsigned int me = slot_of(event->kind == DECISION_ACCESS ? event->thread : event->next);
		struct cell *first;
		uint64_t mark;

		if (event->kind != DECISION_ACCESS) {
			run_begins(conflicts, me);
			continue;
		}
		first = cells_of(conflicts, event);
		if (!first)
			return false;
		for (unsigned int other = 0; other < THREADS; other++) {
			const struct progress *progress = &conflicts->threads[other];
			struct latest latest;

			/* Most threads have done nothing, or nothing that this one does not know of. */
			if (other == me || progress->place <= conflicts->threads[me].clock.at[other])
				continue;
			latest = latest_conflict(conflicts, first, other, event);
			if (latest.position && latest.place > progress->run + 1 &&
			    latest.place > conflicts->threads[me].clock.at[other])
				found(arg, latest.position, progress->after);
		}
		conflicts->threads[me].clock.at[me] = ++conflicts->threads[me].place;
		mark = depend(conflicts, first, event);
		keep(conflicts, first, event, mark);
		*class_ += mix(mark, event->access);
	}
	return true;
}
