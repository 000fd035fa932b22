/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systematic.c - the tree of decisions, depth first. */
#include "bench/check/systematic.h"

#include <stdlib.h>
#include <string.h>

#include "bench/check/conflicts.h"
#include "bench/ground/command.h"

/* A decision of the latest execution. */
struct node {
	uint32_t ready;			/* threads that may run instead */
	uint32_t to_try, tried;
	uint32_t preemptions;		/* before */
	uint8_t kind, thread, next, standard;	/* the running thread; what runs now; what would by default */
};

struct tree {
	struct systematic *search;
	struct decision_log *log;
	struct conflicts *conflicts;
	unsigned int bound;
	struct node *nodes;			/* by position */
	uint32_t nr, room;			/* the first is unused */
	struct decision *decisions;
	uint32_t nr_decisions, decided;		/* the last one's position */
};

static bool costs(const struct tree *tree, const struct node *node, unsigned int next)
{
	if (tree->search->mistake == SYSTEMATIC_FREE_COSTS)
		return next != node->standard;
	if (node->kind == DECISION_YIELDS)
		return next != node->standard;
	return node->kind != DECISION_FREE && next != node->thread;
}

static bool make_room(struct tree *tree, uint32_t nr)
{
	struct node *nodes;

	if (nr <= tree->room)
		return true;
	tree->room = nr * 2;
	nodes = realloc(tree->nodes, tree->room * sizeof(*nodes));
	if (nodes)
		tree->nodes = nodes;
	return nodes;
}

/* ---- what an execution shows ---- */

/* Positions up to the last decision are known. An access after a preemption has no position any more. */
static bool add_node(struct tree *tree, const struct decision_event *event)
{
	uint32_t at = event->position;
	struct node *node;

	if (!make_room(tree, at + 1))
		return false;
	node = &tree->nodes[at];
	if (at <= tree->decided) {
		if (node->thread != event->thread || node->next != (event->kind == DECISION_ACCESS ? event->thread :
												    event->next))
			return fail("an execution did not repeat itself at decision %u: something else than the "
				    "schedule has a say", at), false;
		return true;
	}
	*node = (struct node){ .ready = event->ready, .kind = event->kind, .thread = event->thread };
	node->next = node->standard = event->kind == DECISION_ACCESS ? event->thread : event->next;
	node->tried = 1u << node->next;
	if (event->kind == DECISION_FREE || event->kind == DECISION_YIELDS || tree->search->every)
		node->to_try = event->ready;
	if (at > 1)
		node->preemptions = node[-1].preemptions + costs(tree, &node[-1], node[-1].next);
	tree->nr = at + 1;
	return true;
}

static void try_instead(void *arg, uint32_t position, unsigned int thread)
{
	struct tree *tree = arg;

	if (tree->search->mistake != SYSTEMATIC_FIRST_ONLY || !tree->decided)
		tree->nodes[position].to_try |= tree->nodes[position].ready & 1u << thread;
}

static bool learn(struct tree *tree)
{
	const struct decision_log *log = tree->log;

	tree->nr = tree->decided + 1;
	if (log->nr_events > log->room)
		return fail("an execution of more than %u accesses: take fewer operations", log->room), false;
	for (uint32_t i = 0; i < log->nr_events; i++)
		if (log->events[i].position && !add_node(tree, &log->events[i]))
			return false;
	tree->search->decisions = tree->nr - 1;
	return conflicts_find(tree->conflicts, log, try_instead, tree, &tree->search->class_);
}

/* ---- what comes next ---- */
static bool decide(struct tree *tree, uint32_t position, unsigned int next)
{
	struct decision *decisions = tree->decisions;

	tree->nodes[position].next = (uint8_t)next;
	tree->nodes[position].tried |= 1u << next;
	tree->decided = position;
	tree->nr_decisions = 0;
	for (uint32_t i = 1; i <= position; i++) {
		if (tree->nodes[i].next == tree->nodes[i].standard)
			continue;
		decisions = realloc(tree->decisions, (tree->nr_decisions + 1) * sizeof(*decisions));
		if (!decisions)
			return false;
		tree->decisions = decisions;
		decisions[tree->nr_decisions++] =
			(struct decision){ .position = i, .thread = tree->nodes[i].next };
	}
	return true;
}

/* The latest alternative that the bound allows. False: there is none. */
static bool go_on(struct tree *tree)
{
	for (uint32_t at = tree->nr - 1; at; at--) {
		struct node *node = &tree->nodes[at];

		for (uint32_t left = node->to_try & ~node->tried; left; left &= left - 1) {
			unsigned int next = (unsigned int)__builtin_ctz(left);

			if (node->preemptions + costs(tree, node, next) <= tree->bound)
				return decide(tree, at, next);
		}
	}
	return false;
}

static int search_bound(struct tree *tree)
{
	struct systematic *search = tree->search;
	int status;

	tree->nr_decisions = tree->decided = 0;
	do {
		struct decision_plan plan = {
			.decisions = tree->decisions, .nr = tree->nr_decisions, .every = search->every,
			.log = tree->log,
		};

		status = search->play(search->arg, &plan);
		if (status)
			return status;
		search->executions++;
		search->redundant += tree->log->redundant;
		if (!learn(tree))
			return EXIT_FAILURE;
	} while (go_on(tree));
	return 0;
}

int systematic_run(struct systematic *search, struct decision_log *log)
{
	struct tree tree = { .search = search, .log = log, .conflicts = conflicts_create() };
	int status = tree.conflicts ? 0 : fail("out of memory");

	search->executions = search->redundant = search->searched = 0;
	for (tree.bound = 0; !status && tree.bound <= search->bound; tree.bound++) {
		uint64_t before = search->executions;

		status = search_bound(&tree);
		if (!status) {
			search->of_bound = search->executions - before;
			search->searched++;
		}
	}
	conflicts_free(tree.conflicts);
	free(tree.nodes);
	free(tree.decisions);
	return status;
}
