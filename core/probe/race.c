/* SPDX-License-Identifier: GPL-2.0-or-later */
/* race.c - vector clocks of threads and words, and the latest accesses to each word. */
#include "core/probe/race.h"

#if FAULTLINE_EXPLORE
#include <string.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/probe/schedule_turn.h"

#define WORD		8u		/* bytes */
#define CELLS		4u
#define CLUSTER		64u	/* words */
#define TABLE_SIZE	(1u << 22)	/* a power of two, and twice the words of a race: some ten thousand are usual */
#define MAX_CLOCKS	(1u << 19)	/* words with a release */

struct clock {
	uint32_t at[SCHEDULE_THREADS];	/* how far each thread had come */
};

/* An access of @thread, when its clock was @at. */
struct cell {
	const void *pc;
	uint32_t at;			/* 0: none */
	uint8_t thread;
	uint8_t bytes;			/* of the word, a bit for each */
	bool write, atomic;
};

struct word {
	uintptr_t number;		/* address / WORD */
	uint32_t race;			/* in which; another one: free */
	uint32_t released;		/* index of its clock; 0: none */
	struct cell cells[CELLS];
};

/* Lock key: (O) the thread with the turn */
static struct {
	bool on;				/* (O) */
	uint32_t number, words, clocks;		/* (O) */
	uint32_t victim;			/* (O) the next cell to be forgotten, in turn */
	struct clock threads[SCHEDULE_THREADS];	/* (O) */
	struct clock pending[SCHEDULE_THREADS];	/* (O) read by relaxed loads: an acquire fence takes it */
	struct clock fenced[SCHEDULE_THREADS];	/* (O) at the last release fence: relaxed stores release it */
} race;

static struct word table[TABLE_SIZE];		/* (O) open addressing */
static struct clock clocks[MAX_CLOCKS];		/* (O) of words */

/* ---- words ---- */

/* Neighbours have neighbouring places: an episode's process touches few pages of the table. */
static uint32_t place_of(uintptr_t number)
{
	return (uint32_t)((number / CLUSTER * 0x9e3779b97f4a7c15ul >> 40) * CLUSTER + number % CLUSTER);
}

static struct word *find_word(uintptr_t number, bool add)
{
	for (uint32_t i = place_of(number);; i++) {
		struct word *word = &table[i % TABLE_SIZE];

		if (word->race == race.number && word->number == number)
			return word;
		if (word->race == race.number)
			continue;
		if (!add)
			return NULL;
		if (++race.words > TABLE_SIZE / 2)
			BUG("more than %u words accessed in a race: take fewer pages or operations", TABLE_SIZE / 2);
		*word = (struct word){ .number = number, .race = race.number };
		return word;
	}
}

static struct clock *clock_of(struct word *word)
{
	if (word->released)
		return &clocks[word->released];
	if (++race.clocks == MAX_CLOCKS)
		BUG("more than %u words with a release in a race: take fewer pages or operations", MAX_CLOCKS);
	word->released = race.clocks;
	memset(&clocks[word->released], 0, sizeof(struct clock));
	return &clocks[word->released];
}

/* ---- clocks ---- */
static unsigned int me(void)
{
	return (unsigned int)(my_turn - turns);
}

static void join(struct clock *clock, const struct clock *other)
{
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		clock->at[i] = max(clock->at[i], other->at[i]);
}

static bool acquires(int order)
{
	return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static void read_clock(const struct word *word, int order)
{
	if (word->released)
		join(acquires(order) ? &race.threads[me()] : &race.pending[me()], &clocks[word->released]);
}

static void write_clock(struct word *word, int order)
{
	struct clock *own = &race.threads[me()];

	join(clock_of(word), releases(order) ? own : &race.fenced[me()]);
	if (releases(order))
		own->at[me()]++;
}

/* ---- accesses ---- */
static void __cold report(const struct cell *older, const struct cell *newer, const void *address)
{
	schedule_note(older->pc, older->thread, SCHEDULE_RACES);
	race.on = false;
	BUG_BY("data race", "data race at %p: thread %u %s, and thread %u %s, with nothing between that orders them",
	       address, older->thread, older->write ? "wrote" : "read", newer->thread,
	       newer->write ? "writes" : "reads");
}

static bool conflicts(const struct cell *one, const struct cell *other)
{
	return one->thread != other->thread && one->bytes & other->bytes && (one->write || other->write) &&
	       !(one->atomic && other->atomic);
}

/* What races with @old races with @cell too. */
static bool replaces(const struct cell *cell, const struct cell *old)
{
	return old->thread == cell->thread && old->bytes == cell->bytes && old->write <= cell->write &&
	       old->atomic >= cell->atomic;
}

static void check_word(struct word *word, const struct cell *cell, const void *address)
{
	struct cell *place = NULL;

	for (struct cell *old = word->cells; old < word->cells + CELLS; old++) {
		if (old->at && conflicts(old, cell) && old->at > race.threads[me()].at[old->thread])
			report(old, cell, address);
		if (!old->at || replaces(cell, old))
			place = old;
	}
	*(place ? place : &word->cells[race.victim++ % CELLS]) = *cell;
}

/* Returns the word of @address. */
static struct word *check(const void *address, size_t size, bool write, bool atomic, const void *pc)
{
	struct cell cell = { .pc = pc, .at = race.threads[me()].at[me()], .thread = (uint8_t)me(), .write = write,
			     .atomic = atomic };
	uintptr_t first = (uintptr_t)address, end = first + size;
	struct word *word = NULL;

	for (uintptr_t at = first; at < end; at = (at / WORD + 1) * WORD) {
		uintptr_t last = min(end, (at / WORD + 1) * WORD);

		cell.bytes = (uint8_t)(((1u << (last - at)) - 1) << at % WORD);
		word = find_word(at / WORD, true);
		check_word(word, &cell, address);
	}
	return word;
}

static bool counts(void)
{
	return race.on && my_turn;
}

void race_plain(const void *address, size_t size, bool write, const void *pc)
{
	if (counts())
		check(address, size, write, false, pc);
}

void race_load(const void *address, size_t size, int order, const void *pc)
{
	if (counts())
		read_clock(check(address, size, false, true, pc), order);
}

/* What was released there before is over. */
void race_store(const void *address, size_t size, int order, const void *pc)
{
	struct word *word;

	if (!counts())
		return;
	word = check(address, size, true, true, pc);
	memset(clock_of(word), 0, sizeof(struct clock));
	write_clock(word, order);
}

void race_update(const void *address, size_t size, int order, const void *pc)
{
	struct word *word;

	if (!counts())
		return;
	word = check(address, size, true, true, pc);
	read_clock(word, order);
	write_clock(word, order);
}

void race_fence(int order)
{
	if (!counts())
		return;
	if (acquires(order))
		join(&race.threads[me()], &race.pending[me()]);
	if (releases(order)) {
		race.fenced[me()] = race.threads[me()];
		race.threads[me()].at[me()]++;
	}
}

void race_release(const void *object)
{
	if (counts())
		write_clock(find_word((uintptr_t)object / WORD, true), __ATOMIC_RELEASE);
}

void race_acquire(const void *object)
{
	if (counts())
		read_clock(find_word((uintptr_t)object / WORD, true), __ATOMIC_ACQUIRE);
}

void race_fresh(const void *address, size_t size)
{
	uintptr_t first = (uintptr_t)address / WORD, end = ((uintptr_t)address + size + WORD - 1) / WORD;

	if (!counts())
		return;
	for (uintptr_t number = first; number < end; number++) {
		struct word *word = find_word(number, false);

		if (word)
			memset(word->cells, 0, sizeof(word->cells));
	}
}

/* A cpu's data passes from thread to thread under a mutex of core/base/cpu.c. */
static void cpu_begins(void)
{
	race_acquire(this_cpu);
}

static void cpu_ends(void)
{
	race_release(this_cpu);
}

static const struct cpu_client race_client = { cpu_begins, cpu_ends };
CPU_CLIENT(race_client);

/* The linker makes calls of malloc() and calloc() calls of these. */
extern void *__real_malloc(size_t size), *__real_calloc(size_t nr, size_t size);
void *__wrap_malloc(size_t size), *__wrap_calloc(size_t nr, size_t size);

void *__wrap_malloc(size_t size)
{
	void *p = __real_malloc(size);

	race_fresh(p, size);
	return p;
}

void *__wrap_calloc(size_t nr, size_t size)
{
	void *p = __real_calloc(nr, size);

	race_fresh(p, nr * size);
	return p;
}

void race_begins(void)
{
	race.number++;
	race.words = race.clocks = 0;
	memset(race.threads, 0, sizeof(race.threads));
	memset(race.pending, 0, sizeof(race.pending));
	memset(race.fenced, 0, sizeof(race.fenced));
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		race.threads[i].at[i] = 1;
	race.on = true;
}

void race_ends(void)
{
	race.on = false;
}
#endif
