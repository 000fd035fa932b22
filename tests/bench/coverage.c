/* SPDX-License-Identifier: GPL-2.0-or-later */
/* coverage: orders of two accesses, counted in logs written here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bench/check/coverage.h"

/* Accesses: by the letter of their instruction, to the word of their digit. */
static uint64_t words[10];
static const char lines[128];

#define AT(nr, letter, event_kind, word) \
	{ .kind = (event_kind), .thread = (nr), .pc = &lines[letter], .address = &words[word], .size = 8, \
	  .order = __ATOMIC_RELAXED, .op_step = (letter) }
#define READ(nr, letter, word)	AT(nr, letter, SCHEDULE_READS, word)
#define WRITE(nr, letter, word)	AT(nr, letter, SCHEDULE_WRITES, word)
#define PLAIN(nr, letter, word) \
	{ .kind = SCHEDULE_WRITES, .thread = (nr), .pc = &lines[letter], .address = &words[word], .size = 8, \
	  .order = SCHEDULE_PLAIN }
#define DETAIL(nr, detail, word, what) { .kind = (detail), .thread = (nr), .address = &words[word], .value = (what) }

static void add(const struct schedule_event *events, uint32_t nr)
{
	const struct schedule_log log = {
		.nr_events = nr, .room = nr, .details = true, .events = (struct schedule_event *)(uintptr_t)events,
	};

	coverage_add(&log);
}

#define ADD(...) do { \
	const struct schedule_event events_[] = { __VA_ARGS__ }; \
\
	add(events_, ARRAY_SIZE(events_)); \
} while (0)

#define IS(nr_seen, nr_possible) do { \
	assert_int_equal(coverage_figure().seen, nr_seen); \
	assert_int_equal(coverage_figure().possible, nr_possible); \
} while (0)

static int begin(void **state)
{
	(void)state;
	return coverage_open();
}

static int end(void **state)
{
	(void)state;
	coverage_close();
	return 0;
}

static void each_order_is_seen_once(void **state)
{
	(void)state;
	ADD(WRITE(0, 'a', 0), READ(1, 'b', 0));
	IS(1, 2);
	ADD(WRITE(0, 'a', 1), READ(1, 'b', 1));
	IS(1, 2);
	ADD(READ(1, 'b', 0), WRITE(0, 'a', 0));
	IS(2, 2);
	/* Two reads, one thread, two words, and what is plain are no pairs. */
	ADD(READ(0, 'c', 0), READ(1, 'd', 0), WRITE(2, 'e', 1), WRITE(2, 'f', 1), WRITE(3, 'g', 2), WRITE(4, 'h', 3),
	    PLAIN(5, 'i', 4), READ(6, 'k', 4));
	IS(2, 2);
	/* A write is a pair with each read before it, and then with the next write alone. */
	ADD(READ(0, 'l', 0), READ(1, 'm', 0), WRITE(2, 'n', 0), WRITE(3, 'o', 0));
	IS(5, 8);
}

static void what_is_ordered_otherwise_is_no_pair(void **state)
{
	(void)state;
	/* The flag, word 1, is a pair; what it passes on is none. */
	ADD(WRITE(0, 'a', 0), WRITE(0, 'b', 1), READ(1, 'c', 1), READ(1, 'd', 0));
	IS(1, 2);
	ADD(WRITE(0, 'e', 0), DETAIL(0, SCHEDULE_WAKES, 9, 1), READ(1, 'f', 0));
	IS(1, 2);
	ADD(READ(0, 'g', 0), DETAIL(0, SCHEDULE_EXITS, 9, 0), DETAIL(1, SCHEDULE_SYNCHRONIZED, 9, 0), WRITE(1, 'h', 0));
	IS(1, 2);
	ADD(WRITE(0, 'i', 0), DETAIL(0, SCHEDULE_QUEUES, 9, 0), DETAIL(1, SCHEDULE_RUNS, 9, 0), WRITE(1, 'k', 0));
	IS(1, 2);
	/* Without the grace period, the wake-up, or with that of another thread, it is. */
	ADD(READ(0, 'g', 0), DETAIL(0, SCHEDULE_EXITS, 9, 0), WRITE(1, 'h', 0));
	IS(2, 4);
	ADD(WRITE(0, 'e', 0), DETAIL(0, SCHEDULE_WAKES, 9, 2), READ(1, 'f', 0));
	IS(3, 6);
}

static void missing_orders_are_found(void **state)
{
	const struct schedule_event events[] = { READ(0, 'x', 2), WRITE(0, 'a', 0), READ(1, 'b', 0), WRITE(1, 'c', 3) };
	const struct schedule_log log = {
		.nr_events = ARRAY_SIZE(events), .room = ARRAY_SIZE(events), .details = true,
		.events = (struct schedule_event *)(uintptr_t)events,
	};
	const struct schedule_event *first, *second;

	(void)state;
	coverage_add(&log);
	for (uint64_t chance = 0; chance < 8; chance++) {
		assert_true(coverage_missing(&log, chance, &first, &second));
		assert_ptr_equal(first, &events[2]);
		assert_ptr_equal(second, &events[1]);
	}
	ADD(READ(1, 'b', 0), WRITE(0, 'a', 0));
	for (uint64_t chance = 0; chance < 8; chance++)
		assert_false(coverage_missing(&log, chance, &first, &second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_order_is_seen_once, begin, end),
		cmocka_unit_test_setup_teardown(what_is_ordered_otherwise_is_no_pair, begin, end),
		cmocka_unit_test_setup_teardown(missing_orders_are_found, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
