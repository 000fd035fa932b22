/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * typesafe: readers under RCU access objects that may be freed and reused meanwhile.
 *
 * An object is found by the key it had when it was put into its slot: a reader tries to take a reference, then
 * re-reads the key. Never: memory that is no object, a reference to one whose key differs after the re-read.
 * Sometimes: the key differed at the re-read, that is, the object was reused in between; a run without is void.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/host/rcu.h"
#include "core/host/typesafe.h"
#include "tests/lib/harness/threads.h"

#define MAGIC		0x5afe5afe5afe5afeul
#define SLOTS		8
#define WRITERS		3
#define READERS		3
#define ROUNDS		20000
#define PATIENCE	60	/* seconds, for the Sometimes to occur */

struct object {
	unsigned long magic;	/* (C) since construction */
	unsigned int refs;	/* (A) 0: free or being freed */
	unsigned int key;	/* (A) changed by the only owner */
	unsigned long owned;	/* written and read under a reference only, plainly: ThreadSanitizer checks it */
};

static struct typesafe_cache *cache;
static struct object *slots[SLOTS];	/* (A) */
static unsigned int reused, found;	/* (A) */
static bool writers_done;		/* (A) */

static void construct(void *obj)
{
	((struct object *)obj)->magic = MAGIC;
}

static void put(struct object *object)
{
	if (fetch_sub_acq_rel(&object->refs, 1u) == 1)
		typesafe_free(cache, object);
}

static void replace(unsigned int slot)
{
	struct object *object = typesafe_alloc(cache);

	BUG_ON(!object || object->magic != MAGIC || load_relaxed(&object->refs));
	store_relaxed(&object->key, slot);
	object->owned = slot;
	store_release(&object->refs, 1u);
	object = xchg_acq_rel(&slots[slot], object);
	if (object)
		put(object);
}

static bool get(struct object *object)
{
	unsigned int refs = load_relaxed(&object->refs);

	do {
		if (!refs)
			return false;
	} while (!try_cmpxchg_acquire(&object->refs, &refs, refs + 1));
	return true;
}

static void look_up(unsigned int slot)
{
	struct object *object;

	rcu_read_lock();
	object = load_acquire(&slots[slot]);
	if (object) {
		BUG_ON(object->magic != MAGIC);
		if (get(object)) {
			if (load_relaxed(&object->key) == slot) {
				BUG_ON(object->owned != slot);
				fetch_add_relaxed(&found, 1u);
			} else {
				fetch_add_relaxed(&reused, 1u);
			}
			put(object);
		}
	}
	rcu_read_unlock();
}

static void write_or_read(void *arg, unsigned int index)
{
	time_t end = time(NULL) + PATIENCE;

	(void)arg;
	if (index >= WRITERS) {
		while (!load_acquire(&writers_done)) {
			look_up((unsigned int)rng_below(&this_cpu->rng, SLOTS));
			rcu_quiescent();
		}
		return;
	}
	for (int i = 0; i < ROUNDS || (!load_relaxed(&reused) && time(NULL) < end); i++) {
		replace((unsigned int)rng_below(&this_cpu->rng, SLOTS));
		rcu_quiescent();
	}
	if (index == 0)
		store_release(&writers_done, true);
}

static void readers_meet_reused_objects(void **state)
{
	(void)state;
	cache = typesafe_cache_create("object", sizeof(struct object), 64, construct);
	assert_non_null(cache);
	threads_run(WRITERS + READERS, write_or_read, NULL);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i])
			put(slots[i]);
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	assert_int_equal(typesafe_cache_destroy(cache), 0);
	cpu_unregister();
	assert_int_equal(arena_live_bytes(), 0);
	assert_true(found > 0);
	assert_true(reused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_meet_reused_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
