/* SPDX-License-Identifier: GPL-2.0-or-later */
/* race.c - compares each access with the latest ones to its words, and keeps the order of what is not instrumented. */
#include "core/probe/race.h"

#if FAULTLINE_EXPLORE
#include <string.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/probe/happens_before.h"
#include "core/probe/memory.h"
#include "core/probe/word.h"

#define MAX_OBJECTS	(1u << 9)	/* a power of two, and twice the objects of a race */
#define MAX_GRACES	(1u << 16)	/* a power of two, as in schedule_rcu.c */

struct object {
	const void *address;		/* NULL: free */
	struct clock released;
};

/* Lock key: (O) the thread with the turn */
static struct {
	bool loads_older;			/* (O) */
	uint32_t victim;			/* (O) the next cell to be forgotten, in turn */
	uint32_t objects;			/* (O) */
	struct object table[MAX_OBJECTS];	/* (O) open addressing */
	struct clock asked;			/* (O) before the latest request of a grace period */
	uint64_t asked_at;			/* (O) its time, as memory.h counts */
	struct clock ended;			/* (O) all sections that ended */
} race;

static struct clock graces[MAX_GRACES];		/* (O) the request of each, and the sections it waits for */

/* ---- accesses ---- */
static void __cold report(const struct cell *older, const struct cell *newer, const void *address)
{
	schedule_note(older->pc, older->thread, SCHEDULE_RACES);
	hb_ends();
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

	for (struct cell *old = word->cells; old < word->cells + WORD_CELLS; old++) {
		if (old->at && conflicts(old, cell) && old->at > hb_clocks[hb_me()].at[old->thread])
			report(old, cell, address);
		if (!old->at || replaces(cell, old))
			place = old;
	}
	*(place ? place : &word->cells[race.victim++ % WORD_CELLS]) = *cell;
}

void race_check(const struct schedule_event *access)
{
	struct cell cell = { .pc = access->pc, .at = hb_now(), .thread = (uint8_t)hb_me(),
			     .write = access->kind != SCHEDULE_READS, .atomic = access->order != SCHEDULE_PLAIN };
	uintptr_t first = (uintptr_t)access->address, end = first + access->size;

	for (uintptr_t at = first; at < end; at = (at / WORD + 1) * WORD) {
		uintptr_t last = min(end, (at / WORD + 1) * WORD);

		cell.bytes = (uint8_t)(((1u << (last - at)) - 1) << at % WORD);
		check_word(word_find(at / WORD, true), &cell, access->address);
	}
}

/* ---- mutexes, depots ---- */
static struct clock *released_by(const void *object)
{
	for (uint32_t i = (uint32_t)((uintptr_t)object * 0x9e3779b97f4a7c15ul >> 40);; i++) {
		struct object *place = &race.table[i % MAX_OBJECTS];

		if (place->address == object)
			return &place->released;
		if (place->address)
			continue;
		if (++race.objects > MAX_OBJECTS / 2)
			BUG("more than %u mutexes and the like in a race", MAX_OBJECTS / 2);
		place->address = object;
		return &place->released;
	}
}

void race_release(const void *object)
{
	if (hb_counts())
		hb_release(released_by(object), __ATOMIC_RELEASE);
}

void race_acquire(const void *object)
{
	if (!hb_counts())
		return;
	hb_acquire(released_by(object), __ATOMIC_ACQUIRE);
	memory_catch_up(memory_now());
}

void race_read(const uint32_t *word)
{
	memory_load_latest(&(struct schedule_event){
		.address = word, .size = sizeof(*word), .order = __ATOMIC_RELAXED,
	});
}

void race_see_all(void)
{
	if (!hb_counts())
		return;
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		clock_join(&hb_clocks[hb_me()], &hb_clocks[i]);
	memory_catch_up(memory_now());
}

void race_fresh(const void *address, size_t size)
{
	uintptr_t first = (uintptr_t)address / WORD, end = ((uintptr_t)address + size + WORD - 1) / WORD;

	if (!hb_counts())
		return;
	for (uintptr_t number = first; number < end; number++) {
		struct word *word = word_find(number, false);

		if (word) {
			memset(word->cells, 0, sizeof(word->cells));
			memory_forget(word);
		}
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

/* ---- grace periods ---- */
void race_section_begins(void)
{
	if (!hb_counts())
		return;
	hb_acquire(&race.asked, __ATOMIC_ACQUIRE);
	memory_catch_up(race.asked_at);
}

void race_section_ends(uint64_t began, uint64_t asked)
{
	if (!hb_counts())
		return;
	for (uint64_t number = began + 1; number <= asked; number++)
		clock_join(&graces[number % MAX_GRACES], &hb_clocks[hb_me()]);
	hb_release(&race.ended, __ATOMIC_RELEASE);
}

void race_grace_asked(uint64_t asked)
{
	struct clock *grace = &graces[asked % MAX_GRACES];

	memset(grace, 0, sizeof(*grace));
	if (!hb_counts())
		return;
	*grace = race.ended;
	clock_join(grace, &hb_clocks[hb_me()]);
	hb_release(&race.asked, __ATOMIC_RELEASE);
	race.asked_at = memory_now();
}

void race_grace_over(uint64_t number)
{
	if (!hb_counts())
		return;
	hb_acquire(&graces[number % MAX_GRACES], __ATOMIC_ACQUIRE);
	memory_catch_up(memory_now());
}

/* ---- the race ---- */
void race_begins(enum schedule_memory memory)
{
	memset(&race, 0, sizeof(race));
	race.loads_older = memory != MEMORY_SC;
	words_begin();
	hb_begins();
	memory_begins(memory);
}

void race_ends(void)
{
	race.loads_older = false;
	hb_ends();
}

bool race_loads_older(void)
{
	return race.loads_older;
}
#endif
