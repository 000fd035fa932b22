/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - the stores to each location, and the choice of the one that a load returns. */
#include "core/probe/memory.h"

#if FAULTLINE_EXPLORE
#include <string.h>

#include "core/base/assert.h"
#include "core/probe/happens_before.h"
#include "core/probe/race.h"
#include "core/probe/word.h"

#define MAX_STORES	(1u << 22)
#define STORES_KEPT	12u	/* of a location: older ones are forgotten */
#define STALE		4u	/* one load in so many returns an older store, if it may */

/* To @size bytes at @offset of a word. */
struct store {
	uint64_t value;
	uint64_t time;			/* stores before it in the race, to any location */
	uint32_t older;			/* of the same word; 0: none */
	uint32_t at;			/* its thread's clock; 0: before all else */
	uint8_t thread, offset, size;
	struct clock released;		/* what loads acquire */
	struct clock read;		/* when each thread first returned it; 0: not yet */
};

/* Lock key: (O) the thread with the turn */
static struct {
	enum schedule_memory model;		/* (O) */
	uint32_t nr, unused;			/* (O) stores; those to use again */
	uint64_t time;				/* (O) */
	uint64_t seen[SCHEDULE_THREADS];	/* (O) tso: when each thread loads next, at the earliest */
} memory;

static struct store stores[MAX_STORES];		/* (O) number 0 is none */

void memory_begins(enum schedule_memory model)
{
	memset(&memory, 0, sizeof(memory));
	memory.model = model;
}

/* ---- the stores of a word, the latest first ---- */
static struct store *add_store(struct word *word, unsigned int offset, uint32_t size)
{
	uint32_t number = memory.unused;
	struct store *store;

	if (number)
		memory.unused = stores[number].older;
	else
		number = ++memory.nr;
	if (number == MAX_STORES)
		BUG("more than %u stores to keep in a race: take fewer pages or operations", MAX_STORES);
	store = &stores[number];
	*store = (struct store){ .older = word->newest, .offset = (uint8_t)offset, .size = (uint8_t)size };
	word->newest = number;
	return store;
}

/* @link leads to it. */
static void remove_store(uint32_t *link)
{
	uint32_t number = *link;

	*link = stores[number].older;
	stores[number].older = memory.unused;
	memory.unused = number;
}

void memory_forget(struct word *word)
{
	while (word->newest)
		remove_store(&word->newest);
}

static bool is_exact(const struct store *store, unsigned int offset, uint32_t size)
{
	return store->offset == offset && store->size == size;
}

static bool overlaps(const struct store *store, unsigned int offset, uint32_t size)
{
	return store->offset < offset + size && offset < store->offset + store->size;
}

static uint64_t value_at(const void *address, uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, address, size);
	return value;
}

/* Replaces what overlaps by one store, as if before all else: what was released stays released. */
static struct store *start_again(struct word *word, unsigned int offset, uint32_t size, uint64_t value)
{
	struct clock released = { 0 };
	struct store *store;
	bool first = true;

	for (uint32_t *link = &word->newest; *link;) {
		store = &stores[*link];
		if (overlaps(store, offset, size)) {
			clock_join(&released, &store->released);
			remove_store(link);
			first = false;
		} else {
			link = &store->older;
		}
	}
	store = add_store(word, offset, size);
	store->value = value;
	store->time = first ? 0 : memory.time;
	store->released = released;
	return store;
}

/* The latest store to the location of @access; NULL: there was none, and memory is as it was before the race. */
static struct store *latest(struct word *word, const struct schedule_event *access)
{
	unsigned int offset = (uintptr_t)access->address % WORD;
	uint64_t value = value_at(access->address, access->size);

	for (uint32_t number = word->newest; number; number = stores[number].older) {
		struct store *store = &stores[number];

		if (is_exact(store, offset, access->size) && store->value == value)
			return store;
		if (overlaps(store, offset, access->size))
			return start_again(word, offset, access->size, value);
	}
	return NULL;
}

static struct store *older_one(const struct store *store)
{
	for (uint32_t number = store->older; number; number = stores[number].older)
		if (is_exact(&stores[number], store->offset, store->size))
			return &stores[number];
	return NULL;
}

/* ---- loads ---- */

/* c11: nothing older than @store may be returned. */
static bool is_floor(const struct store *store, const struct clock *floor)
{
	if (store->at <= floor->at[store->thread])
		return true;
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		if (store->read.at[i] && store->read.at[i] <= floor->at[i])
			return true;
	return false;
}

static bool may_be_older(const struct store *store, const struct clock *floor)
{
	if (memory.model == MEMORY_C11)
		return !is_floor(store, floor);
	return store->time > memory.seen[hb_me()] && store->thread != hb_me();
}

/* One of those that the thread may read: @store is the latest. */
static struct store *choose(struct store *store)
{
	uint64_t chance = schedule_random();
	const struct clock floor = hb_floor();
	uint64_t nr = 0;

	if (chance % STALE)
		return store;
	for (struct store *at = store, *older; may_be_older(at, &floor) && (older = older_one(at)); at = older)
		nr++;
	for (uint64_t left = nr ? 1 + chance / STALE % nr : 0; left; left--)
		store = older_one(store);
	return store;
}

uint64_t memory_now(void)
{
	return memory.time;
}

void memory_catch_up(uint64_t time)
{
	memory.seen[hb_me()] = max(memory.seen[hb_me()], time);
}

static void load(struct store *store, int order)
{
	unsigned int me = hb_me();

	if (!store->read.at[me])
		store->read.at[me] = hb_now();
	if (store->thread != me || !store->at)
		memory_catch_up(store->time);
	hb_acquire(&store->released, order);
}

uint32_t memory_choose(struct schedule_event *access)
{
	struct store *store;

	if (!hb_counts()) {
		access->value = value_at(access->address, access->size);
		return 0;
	}
	store = latest(word_of(access->address), access);
	if (store && memory.model != MEMORY_SC && access->order != __ATOMIC_SEQ_CST)
		store = choose(store);
	access->value = store ? store->value : value_at(access->address, access->size);
	return store ? (uint32_t)(store - stores) : 0;
}

void memory_load(uint32_t store, int order)
{
	if (store)
		load(&stores[store], order);
}

void memory_load_latest(const struct schedule_event *access)
{
	struct store *store;

	if (hb_counts() && (store = latest(word_of(access->address), access)))
		load(store, access->order);
}

/* ---- stores ---- */
/* Of stores to the place of @store, the latest of @word, forgets all but some. */
static void forget_old_stores(struct word *word, const struct store *store)
{
	uint32_t *link = &word->newest;
	unsigned int nr = 0;

	while (*link) {
		struct store *next = &stores[*link];

		if (is_exact(next, store->offset, store->size) &&
		    ++nr > (memory.model == MEMORY_SC ? 1 : STORES_KEPT))
			remove_store(link);
		else
			link = &next->older;
	}
}

/* Other threads may go on to read what is there now. */
static void keep_first_value(struct word *word, const struct schedule_event *access)
{
	if (memory.model != MEMORY_SC)
		start_again(word, (uintptr_t)access->address % WORD, access->size,
			    value_at(access->address, access->size));
}

/* @released: what its readers acquire beside what it releases. */
static void store(struct word *word, const struct schedule_event *access, const struct clock *released)
{
	struct store *store = add_store(word, (uintptr_t)access->address % WORD, access->size);

	store->value = access->value;
	store->time = ++memory.time;
	store->thread = (uint8_t)hb_me();
	store->at = hb_now();
	store->released = *released;
	hb_release(&store->released, access->order);
	forget_old_stores(word, store);
}

/* What was released there before is over. */
void memory_store(const struct schedule_event *access)
{
	const struct clock none = { 0 };
	struct word *word;

	if (!hb_counts())
		return;
	word = word_of(access->address);
	if (!latest(word, access))
		keep_first_value(word, access);
	store(word, access, &none);
	if (access->order == __ATOMIC_SEQ_CST)
		memory_catch_up(memory.time);
}

void memory_update(const struct schedule_event *access)
{
	struct clock released = { 0 };
	struct store *old;
	struct word *word;

	if (!hb_counts())
		return;
	word = word_of(access->address);
	memory_catch_up(memory.time);
	old = latest(word, access);
	if (old) {
		load(old, access->order);
		released = old->released;
	} else {
		keep_first_value(word, access);
	}
	store(word, access, &released);
	memory_catch_up(memory.time);
}

void memory_fence(int order)
{
	if (!hb_counts())
		return;
	hb_fence(order);
	if (order == __ATOMIC_SEQ_CST)
		memory_catch_up(memory.time);
}
#endif
