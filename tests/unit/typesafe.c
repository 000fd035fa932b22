/* SPDX-License-Identifier: GPL-2.0-or-later */
/* typesafe: objects are constructed once, reused as the same type, and given back with the cache. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/host/typesafe.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"

struct object {
	int constructed;
	int user;
	char rest[100];
};

static unsigned int constructions;

static void construct(void *obj)
{
	struct object *object = obj;

	object->constructed++;
	constructions++;
}

static int up(void **state)
{
	(void)state;
	constructions = 0;
	return cpu_register(0, MEM_LOCAL, 1);
}

static int down(void **state)
{
	(void)state;
	inject_alloc_failure(0);
	cpu_unregister();
	return teardown(!arena_live_bytes());
}

static void constructed_once(void **state)
{
	struct typesafe_cache *cache = typesafe_cache_create("object", sizeof(struct object), 64, construct);
	struct object *objects[2000];
	unsigned int made;

	(void)state;
	assert_non_null(cache);
	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
			objects[i] = typesafe_alloc(cache);
			assert_non_null(objects[i]);
			assert_true(IS_ALIGNED((uintptr_t)objects[i], 64));
			assert_int_equal(objects[i]->constructed, 1);
			assert_int_equal(objects[i]->user, 0);
			objects[i]->user = 1;
		}
		if (round == 0)
			made = constructions;
		assert_int_equal(constructions, made);
		assert_int_equal(typesafe_live(cache), ARRAY_SIZE(objects));
		for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
			objects[i]->user = 0;
			typesafe_free(cache, objects[i]);
		}
		assert_int_equal(typesafe_live(cache), 0);
	}
	assert_int_equal(typesafe_cache_destroy(cache), 0);
}

static void last_in_first_out(void **state)
{
	struct typesafe_cache *cache = typesafe_cache_create("object", sizeof(struct object), 0, NULL);
	void *a = typesafe_alloc(cache), *b = typesafe_alloc(cache);

	(void)state;
	typesafe_free(cache, a);
	typesafe_free(cache, b);
	assert_ptr_equal(typesafe_alloc(cache), b);
	assert_ptr_equal(typesafe_alloc(cache), a);
	typesafe_free(cache, a);
	typesafe_free(cache, b);
	assert_int_equal(typesafe_cache_destroy(cache), 0);
}

static void cleared_without_a_constructor(void **state)
{
	static const char zeroes[1000];
	struct typesafe_cache *cache = typesafe_cache_create("thousand", sizeof(zeroes), 0, NULL);
	void *obj = typesafe_alloc(cache);

	(void)state;
	assert_memory_equal(obj, zeroes, sizeof(zeroes));
	typesafe_free(cache, obj);
	assert_int_equal(typesafe_cache_destroy(cache), 0);
}

/* Neighbours don't overlap, at any size and alignment. */
static void objects_are_apart(void **state)
{
	static const size_t sizes[] = { 1, 17, 64, 200, 3000 }, aligns[] = { 0, 64, 4096 };

	(void)state;
	for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++)
		for (unsigned int a = 0; a < ARRAY_SIZE(aligns); a++) {
			struct typesafe_cache *cache = typesafe_cache_create("sized", sizes[s], aligns[a], NULL);
			unsigned char *objs[300];

			for (unsigned int i = 0; i < ARRAY_SIZE(objs); i++) {
				objs[i] = typesafe_alloc(cache);
				assert_non_null(objs[i]);
				assert_true(IS_ALIGNED((uintptr_t)objs[i], aligns[a] ? aligns[a] : 16));
				memset(objs[i], (int)i % 251, sizes[s]);
			}
			for (unsigned int i = 0; i < ARRAY_SIZE(objs); i++) {
				for (size_t c = 0; c < sizes[s]; c++)
					assert_int_equal(objs[i][c], i % 251);
				typesafe_free(cache, objs[i]);
			}
			assert_int_equal(typesafe_cache_destroy(cache), 0);
		}
}

static void leaks_are_reported(void **state)
{
	struct typesafe_cache *cache = typesafe_cache_create("object", sizeof(struct object), 0, NULL);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_non_null(typesafe_alloc(cache));
	typesafe_free(cache, typesafe_alloc(cache));
	assert_int_equal(typesafe_live(cache), 5);
	assert_int_equal(typesafe_cache_destroy(cache), 5);
}

static struct typesafe_cache *shared;

static void *without_a_cpu(void *obj)
{
	void *mine = typesafe_alloc(shared);

	assert_non_null(mine);
	typesafe_free(shared, obj);
	return mine;
}

static void threads_that_are_no_cpus(void **state)
{
	pthread_t thread;
	void *mine;

	(void)state;
	shared = typesafe_cache_create("object", sizeof(struct object), 0, NULL);
	assert_int_equal(pthread_create(&thread, NULL, without_a_cpu, typesafe_alloc(shared)), 0);
	pthread_join(thread, &mine);
	assert_int_equal(typesafe_live(shared), 1);
	typesafe_free(shared, mine);
	assert_int_equal(typesafe_cache_destroy(shared), 0);
}

/* jemalloc knows a block by its first page only; an object is somewhere inside its slab's. */
static int node_of(const void *obj)
{
	uintptr_t page = (uintptr_t)obj & -4096ul;
	int node;

	while ((node = arena_node_of((const void *)page)) == -ENOENT)
		page -= 4096;
	return node;
}

/* A slot that moves to another node hands out that node's objects, and none of those its last thread left. */
static void objects_are_of_the_cpus_node(void **state)
{
	struct typesafe_cache *cache = typesafe_cache_create("object", sizeof(struct object), 0, NULL);
	void *objs[3];

	(void)state;
	cpu_unregister();
	for (unsigned int node = 0; node < 3; node++) {
		assert_int_equal(cpu_register(node, MEM_LOCAL, 1), 0);
		for (int i = 0; i < 10; i++) {
			objs[node] = typesafe_alloc(cache);
			if (!FAULTLINE_PLAIN_ALLOC)
				assert_int_equal(node_of(objs[node]), node);
			typesafe_free(cache, objs[node]);
		}
		objs[node] = typesafe_alloc(cache);
		cpu_unregister();
	}
	assert_int_equal(cpu_register(0, MEM_LOCAL, 1), 0);
	for (unsigned int node = 0; node < 3; node++)
		typesafe_free(cache, objs[node]);
	assert_int_equal(typesafe_live(cache), 0);
	assert_int_equal(typesafe_cache_destroy(cache), 0);
}

#if FAULTLINE_CHECK
static void double_frees_die(void **state)
{
	struct typesafe_cache *cache = typesafe_cache_create("object", sizeof(struct object), 0, NULL);
	void *obj = typesafe_alloc(cache);

	(void)state;
	typesafe_free(cache, obj);
	assert_dies("freed twice", typesafe_free(cache, obj));
	assert_string_equal(died_by(), "twice");
	assert_int_equal(typesafe_cache_destroy(cache), 0);
}

static void injected_failures(void **state)
{
	struct typesafe_cache *cache;
	void *obj;

	(void)state;
	inject_alloc_failure(1);
	assert_null(typesafe_cache_create("object", sizeof(struct object), 0, NULL));
	cache = typesafe_cache_create("object", sizeof(struct object), 0, NULL);
	inject_alloc_failure(1);		/* the object */
	assert_null(typesafe_alloc(cache));
	inject_alloc_failure(2);		/* the memory behind it */
	assert_null(typesafe_alloc(cache));
	obj = typesafe_alloc(cache);
	assert_non_null(obj);
	typesafe_free(cache, obj);
	assert_int_equal(typesafe_cache_destroy(cache), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(constructed_once, up, down),
		cmocka_unit_test_setup_teardown(last_in_first_out, up, down),
		cmocka_unit_test_setup_teardown(cleared_without_a_constructor, up, down),
		cmocka_unit_test_setup_teardown(objects_are_apart, up, down),
		cmocka_unit_test_setup_teardown(leaks_are_reported, up, down),
		cmocka_unit_test_setup_teardown(threads_that_are_no_cpus, up, down),
		cmocka_unit_test_setup_teardown(objects_are_of_the_cpus_node, up, down),
#if FAULTLINE_CHECK
		cmocka_unit_test_setup_teardown(double_frees_die, up, down),
		cmocka_unit_test_setup_teardown(injected_failures, up, down),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
