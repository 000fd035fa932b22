/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tsan.c - bugs put into the RCU and lock glue on purpose: ThreadSanitizer reports each, in data that the glue should
 * keep, and nothing while the glue is intact. So its silence over the workloads is evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/faultline.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/threads.h"

#define CREW	4
#define ROUNDS	20000
#define TRIES	3	/* a report is lost when its older stack is gone from the history */

struct node {
	uint64_t value;
	struct rcu_cb rcu;
};

static struct node *published;		/* (A) */
static bool stop;			/* (A) */
static spinlock_t lock;
static uint64_t counter;		/* under the lock */

static struct node *make_node(uint64_t value)
{
	struct node *node = malloc(sizeof(*node));

	BUG_ON(!node);
	node->value = value;
	return node;
}

static void free_node(struct rcu_head *head)
{
	struct node *node = rcu_cb_entry(head, struct node, rcu);

	node->value = 0;
	free(node);
}

/* By turns in both ways. */
static void update(void)
{
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		struct node *old = xchg_acq_rel(&published, make_node(i));

		if (i % 64) {
			call_rcu(&old->rcu, free_node);
			continue;
		}
		synchronize_rcu();
		free_node(&old->rcu.head);
	}
	store_relaxed(&stop, true);
}

static void read_or_update(void *arg, unsigned int index)
{
	(void)arg;
	if (!index) {
		update();
		return;
	}
	while (!load_relaxed(&stop)) {
		rcu_read_lock();
		BUG_ON(!load_acquire(&published)->value);
		rcu_read_unlock();
		rcu_quiescent();
	}
}

static void read_and_update(void)
{
	published = make_node(1);
	threads_run(CREW, read_or_update, NULL);
	free_node(&published->rcu.head);
}

static void count(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spin_lock(&lock);
		counter++;
		spin_unlock(&lock);
	}
}

static void count_together(void)
{
	spin_lock_init(&lock, SPIN_TTAS, RANK_PTE_PTL);
	threads_run(CREW, count, NULL);
}

static const struct seeded {
	const char *knockout;		/* NULL: nothing */
	void (*run)(void);
} seeded[] = {
	{ "rcu:grace", read_and_update },	/* a grace period dropped */
	{ "spin-wait", count_together },	/* a lock */
	{ "spin-lock:A", count_together },	/* a release */
}, whole[] = {
	{ NULL, read_and_update },
	{ NULL, count_together },
};

/* Other detectors would end the run before ThreadSanitizer reports. */
static bool runs(void *arg)
{
	const struct seeded *bug = arg;

	if (detector_switch("shadow", false) || (bug->knockout && knockout_enable(bug->knockout)))
		return false;
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	bug->run();
	rcu_barrier();
	cpu_unregister();
	return true;
}

static bool is_reported(const struct seeded *bug, char *said, size_t said_size)
{
	for (unsigned int i = 0; i < TRIES; i++)
		if (!child_ends_well(runs, (void *)bug, said, said_size) && strstr(said, "WARNING: ThreadSanitizer"))
			return true;
	return false;
}

static void seeded_bugs_are_reported(void **state)
{
	char said[8192];

	(void)state;
	if (!FAULTLINE_TSAN)
		skip();
	for (unsigned int i = 0; i < ARRAY_SIZE(seeded); i++)
		if (!is_reported(&seeded[i], said, sizeof(said)))
			fail_msg("%s is not reported: %s", seeded[i].knockout, said);
}

static void the_whole_glue_is_silent(void **state)
{
	char said[8192];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(whole); i++)
		if (!child_ends_well(runs, (void *)&whole[i], said, sizeof(said)))
			fail_msg("case %u: %s", i, said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeded_bugs_are_reported),
		cmocka_unit_test(the_whole_glue_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
