/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interval_tree: long random sequences against a plain array; what its check sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/mm/interval_tree.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"

#define NODES	300

struct scene {
	struct interval_tree tree;
	struct interval_node node[NODES];
	bool in[NODES];
	unsigned int seen[NODES];	/* in the iteration of this number */
	unsigned int nr, iteration;
	struct rng rng;
};

/* Many begin or end alike, some are long. */
static void insert_random(struct scene *s, unsigned int i)
{
	unsigned long first = rng_below(&s->rng, 1000), pages = rng_below(&s->rng, 8) ? 20 : 1000;

	interval_tree_insert(&s->tree, &s->node[i], first, first + rng_below(&s->rng, pages));
	s->in[i] = true;
	s->nr++;
}

static void remove_one(struct scene *s, unsigned int i)
{
	interval_tree_remove(&s->tree, &s->node[i]);
	s->in[i] = false;
	s->nr--;
}

/* In order, each that overlaps once, no other. */
static void check_overlaps(struct scene *s, unsigned long first, unsigned long last)
{
	struct interval_node *node;
	unsigned long from = 0;

	s->iteration++;
	interval_tree_foreach(node, &s->tree, first, last) {
		long i = node - s->node;

		assert_true(s->in[i] && s->seen[i] != s->iteration);
		assert_true(node->first <= last && node->last >= first && node->first >= from);
		s->seen[i] = s->iteration;
		from = node->first;
	}
	for (unsigned int i = 0; i < NODES; i++)
		if (s->in[i] && s->node[i].first <= last && s->node[i].last >= first)
			assert_int_equal(s->seen[i], s->iteration);
}

static void random_sequences_against_an_array(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	rng_init(&s->rng, test_seed());
	for (unsigned int round = 0; round < test_rounds(40000); round++) {
		unsigned int i = (unsigned int)rng_below(&s->rng, round / 1000 % 2 ? NODES : NODES / 10);
		unsigned long first = rng_below(&s->rng, 1100);

		if (s->in[i])
			remove_one(s, i);
		else
			insert_random(s, i);
		if (round % 16 == 0)
			assert_int_equal(interval_tree_check(&s->tree), s->nr);
		check_overlaps(s, first, first + rng_below(&s->rng, 4) * rng_below(&s->rng, 300));
	}
	for (unsigned int i = 0; i < NODES; i++)
		if (s->in[i])
			remove_one(s, i);
	assert_int_equal(interval_tree_check(&s->tree), 0);
	assert_null(interval_tree_iter_first(&s->tree, 0, ~0ul));
	free(s);
}

static void ends_are_part_of_a_range(void **state)
{
	struct interval_tree tree = { NULL };
	struct interval_node node;

	(void)state;
	interval_tree_insert(&tree, &node, 10, 20);
	assert_ptr_equal(interval_tree_iter_first(&tree, 0, 10), &node);
	assert_ptr_equal(interval_tree_iter_first(&tree, 20, ~0ul), &node);
	assert_null(interval_tree_iter_first(&tree, 0, 9));
	assert_null(interval_tree_iter_first(&tree, 21, ~0ul));
	assert_null(interval_tree_iter_next(&node, 0, ~0ul));
	interval_tree_remove(&tree, &node);
}

/* Three nodes, and one thing after another made wrong. */
static void the_check_sees_what_is_wrong(void **state)
{
	static struct interval_tree tree;
	static struct interval_node node[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		interval_tree_insert(&tree, &node[i], 10 * i, 10 * i + 5);
	assert_int_equal(interval_tree_check(&tree), 3);
	node[2].last = 100;
	assert_dies("subtree_last", interval_tree_check(&tree));
	node[2].last = 25;
	node[0].first = 12;
	node[0].last = 15;
	node[0].subtree_last = 15;
	assert_dies("first", interval_tree_check(&tree));
	node[0].first = 0;
	RB_COLOR(&node[0], rb) = !RB_COLOR(&node[0], rb);
	assert_dies("black", interval_tree_check(&tree));
	RB_COLOR(&node[0], rb) = !RB_COLOR(&node[0], rb);
	assert_int_equal(interval_tree_check(&tree), 3);
	assert_dies("last < first", interval_tree_insert(&tree, &node[0], 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_against_an_array),
		cmocka_unit_test(ends_are_part_of_a_range),
		cmocka_unit_test(the_check_sees_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
