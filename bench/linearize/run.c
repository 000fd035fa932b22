/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - threads record many short histories, and judge them. */
#include "bench/linearize/run.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/interrupt.h"
#include "bench/ground/message.h"
#include "bench/ground/progress.h"

#define BATCH		64u
#define MEET_ROUNDS	200u	/* before a waiting thread yields: about a short operation */
#define PAUSE_ROUNDS	60u	/* at most, between two operations: about as long as one */

/* What one thread counts, added up at the end. Lock key: (T) this thread only */
struct recorder {
	unsigned int index;			/* (T) */
	struct checker *checker;		/* (T) */
	struct rng rng;				/* (T) of pauses */
	struct linearize_counts counts;		/* (T) */
	int error;				/* (T) */
	pthread_t thread;			/* (T) of the main thread */
} __attribute__((aligned(2 * CACHE_LINE)));

/* Lock key: (A) atomic (B) the main thread's until all meet (C) const while threads work (T) main thread */
static struct {
	const struct linearize_case *what;	/* (C) */
	struct recorder *recorders;		/* (C) */
	struct history *histories;		/* (B) of the batch */
	unsigned int *first;			/* (B) of each, the operations that thread 0 does alone */
	unsigned int nr;			/* (B) of the batch; 0: the run is over */
	uint32_t kinds;				/* (T) of the mix that the target has */
	struct history *bad;			/* (A) under its flag: */
	uint32_t bad_taken;			/* (A) */
	uint32_t arrived, round;		/* (A) */
	uint64_t stamp __attribute__((aligned(2 * CACHE_LINE)));	/* (A) */
} now;

uint64_t history_stamp(void)
{
	return fetch_add_acq_rel(&now.stamp, 1ull) + 1;
}

/* All threads get here before any goes on: what each did before, all see. */
static void meet(void)
{
	uint32_t round = load_acquire(&now.round);

	if (fetch_add_acq_rel(&now.arrived, 1u) + 1 == now.what->threads) {
		store_relaxed(&now.arrived, 0u);
		store_release(&now.round, round + 1);
		return;
	}
	for (unsigned int i = 1; load_acquire(&now.round) == round; i++) {
		cpu_relax();
		if (i % MEET_ROUNDS)
			continue;
		if (this_cpu)
			rcu_offline();
		sched_yield();
		if (this_cpu)
			rcu_online();
	}
}

/* ---- recording ---- */
/* Threads on too few processors overlap where one is preempted, or yields. */
static void pause_at_random(struct recorder *recorder)
{
	uint64_t chosen = rng_below(&recorder->rng, 8);

	if (!chosen)
		sched_yield();
	for (uint64_t i = chosen < 4 ? 0 : rng_below(&recorder->rng, PAUSE_ROUNDS); i; i--)
		cpu_relax();
}

static void record(struct recorder *recorder, struct history *history, unsigned int first)
{
	const struct target *target = now.what->target;

	if (!recorder->index) {
		target->clean();
		for (unsigned int i = 0; i < first; i++)
			target->perform(&history->ops[i]);
	}
	meet();
	for (unsigned int i = first + recorder->index; i < history->nr; i += now.what->threads) {
		pause_at_random(recorder);
		target->perform(&history->ops[i]);
	}
	meet();
}

/* ---- judging ---- */
static bool changes(enum history_kind kind)
{
	return !history_is_read(kind) && kind != OP_FORK && kind != OP_MINCORE;
}

static void count_overlaps(struct linearize_counts *counts, const struct history *history)
{
	bool any = false;

	for (unsigned int i = 0; i < history->nr; i++)
		for (unsigned int j = i + 1; j < history->nr; j++) {
			const struct history_op *a = &history->ops[i], *b = &history->ops[j];
			unsigned int lesser = min(a->kind, b->kind), greater = max(a->kind, b->kind);

			if (b->called > a->returned)
				break;
			if (a->thread == b->thread || !(history_pages(a) & history_pages(b)) ||
			    !(changes((enum history_kind)a->kind) || changes((enum history_kind)b->kind)))
				continue;
			counts->met[lesser][greater]++;
			any = true;
		}
	counts->overlapping += any;
}

static void keep_bad(struct recorder *recorder, const struct history *history, uint32_t allowed)
{
	uint32_t free = 0;

	recorder->counts.unexplained++;
	if (!try_cmpxchg_acquire(&now.bad_taken, &free, 1u))
		return;
	*now.bad = *history;
	now.bad->allowed = allowed;
}

/* Which nondeterminisms explain what is not linearizable without. */
static void explain(struct recorder *recorder, const struct history *history, uint32_t allowed)
{
	enum verdict verdict = NOT_LINEARIZABLE;

	for (unsigned int i = 0; i < NR_NONDETERMINISMS; i++) {
		if (!(allowed & 1u << i))
			continue;
		verdict = checker_check(recorder->checker, history, 1u << i, -1, NULL);
		if (verdict == LINEARIZABLE) {
			recorder->counts.explained[i]++;
			return;
		}
	}
	verdict = checker_check(recorder->checker, history, allowed, -1, NULL);
	if (verdict == LINEARIZABLE)
		recorder->counts.by_several++;
	else if (verdict == GAVE_UP)
		recorder->counts.gave_up++;
	else
		keep_bad(recorder, history, allowed);
}

static void judge(struct recorder *recorder, struct history *history)
{
	enum verdict verdict;

	history_sort(history);
	count_overlaps(&recorder->counts, history);
	recorder->counts.histories++;
	recorder->counts.ops += history->nr;
	verdict = checker_check(recorder->checker, history, 0, -1, NULL);
	if (verdict == NOT_LINEARIZABLE)
		explain(recorder, history, now.what->target->allowed());
	else if (verdict == GAVE_UP)
		recorder->counts.gave_up++;
}

/* ---- batches ---- */
/* Returns after the last one. */
static void take_part(struct recorder *recorder)
{
	for (;;) {
		meet();
		if (!now.nr)
			return;
		for (unsigned int i = 0; i < now.nr; i++)
			record(recorder, &now.histories[i], now.first[i]);
		for (unsigned int i = recorder->index; i < now.nr; i += now.what->threads)
			judge(recorder, &now.histories[i]);
		meet();
		if (!recorder->index)
			return;
	}
}

static void *recorder_thread(void *arg)
{
	struct recorder *recorder = arg;

	recorder->error = now.what->target->enter(recorder->index);
	BUG_ON(recorder->error);	/* as many cpus are allowed, and stacks are there */
	take_part(recorder);
	now.what->target->leave();
	return NULL;
}

/* The next batch, of at most @left histories. */
static void prepare_batch(struct rng *rng, uint64_t left)
{
	const struct linearize_case *what = now.what;
	const struct generator generator = {
		.mix = what->mix, .threads = what->threads, .pages = what->pages, .ops = what->ops, .kinds = now.kinds,
		.costly = what->target->costly,
	};

	now.nr = (unsigned int)min(left, (uint64_t)BATCH);
	for (unsigned int i = 0; i < now.nr; i++)
		now.first[i] = history_generate(&now.histories[i], &generator, rng);
}

static uint64_t judged_so_far(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < now.what->threads; i++)
		sum += now.recorders[i].counts.histories;
	return sum;
}

static void run_batches(double began)
{
	const struct linearize_case *what = now.what;
	uint64_t left = what->histories ? what->histories : UINT64_MAX;
	struct rng rng;

	rng_init(&rng, what->seed);
	for (;;) {
		double elapsed = now_seconds() - began;
		bool over = !left || load_relaxed(&now.bad_taken) || interrupted() ||
			    (what->seconds > 0 && elapsed >= what->seconds);

		prepare_batch(&rng, over ? 0 : left);
		left -= now.nr;
		take_part(&now.recorders[0]);
		if (over)
			return;
		progress_show("%s, %s: %.1f s, %llu histories", what->name, what->mix->name, elapsed,
			      (unsigned long long)judged_so_far());
	}
}

/* ---- the run ---- */
static void add_counts(struct linearize_counts *sum, const struct linearize_counts *counts)
{
	sum->histories += counts->histories;
	sum->ops += counts->ops;
	sum->overlapping += counts->overlapping;
	sum->by_several += counts->by_several;
	sum->unexplained += counts->unexplained;
	sum->gave_up += counts->gave_up;
	for (unsigned int i = 0; i < NR_NONDETERMINISMS; i++)
		sum->explained[i] += counts->explained[i];
	for (unsigned int i = 0; i < NR_OP_KINDS; i++)
		for (unsigned int j = 0; j < NR_OP_KINDS; j++)
			sum->met[i][j] += counts->met[i][j];
}

/* Threads that cannot be started leave others waiting: there is no way on. */
static void start_threads(void)
{
	for (unsigned int i = 1; i < now.what->threads; i++) {
		int error = pthread_create(&now.recorders[i].thread, NULL, recorder_thread, &now.recorders[i]);

		if (error)
			exit(fail("thread %u of %u: %s", i + 1, now.what->threads, strerror(error)));
	}
}

static void run_threads(double began)
{
	const struct linearize_case *what = now.what;

	what->target->enter(0);
	start_threads();
	run_batches(began);
	if (this_cpu)
		rcu_offline();
	for (unsigned int i = 1; i < what->threads; i++)
		pthread_join(now.recorders[i].thread, NULL);
	if (this_cpu)
		rcu_online();
	what->target->clean();
	progress_end();
}

static int run_on_target(void)
{
	const struct linearize_case *what = now.what;
	double began = now_seconds();
	int error = what->target->begin(what->policy, what->pages);

	if (error)
		return error;
	now.kinds = what->target->kinds() & mix_kinds(what->mix);
	if (mix_lacks(what->mix, now.kinds, what->pages))
		error = -EOPNOTSUPP;
	else
		run_threads(began);
	what->target->end();
	return error;
}

static int alloc_recorders(void)
{
	unsigned int nr = now.what->threads;

	now.recorders = aligned_alloc(_Alignof(struct recorder), nr * sizeof(*now.recorders));
	now.histories = calloc(BATCH, sizeof(*now.histories));
	now.first = calloc(BATCH, sizeof(*now.first));
	if (!now.recorders || !now.histories || !now.first)
		return -ENOMEM;
	memset(now.recorders, 0, nr * sizeof(*now.recorders));
	for (unsigned int i = 0; i < nr; i++) {
		now.recorders[i].index = i;
		rng_init(&now.recorders[i].rng, now.what->seed * NR_CPUS + i);
		now.recorders[i].checker = checker_create();
		if (!now.recorders[i].checker)
			return -ENOMEM;
	}
	return 0;
}

static void free_recorders(void)
{
	for (unsigned int i = 0; now.recorders && i < now.what->threads; i++)
		if (now.recorders[i].checker)
			checker_free(now.recorders[i].checker);
	free(now.recorders);
	free(now.histories);
	free(now.first);
}

int linearize_run(const struct linearize_case *what, struct linearize_counts *counts, struct history *bad)
{
	double began = now_seconds();
	int error;

	memset(&now, 0, sizeof(now));
	now.what = what;
	now.bad = bad;
	*counts = (struct linearize_counts){ 0 };
	error = alloc_recorders();
	if (!error)
		error = run_on_target();
	for (unsigned int i = 0; !error && i < what->threads; i++)
		add_counts(counts, &now.recorders[i].counts);
	counts->kinds = now.kinds;
	free_recorders();
	counts->seconds = now_seconds() - began;
	return error;
}

static bool can_meet(uint32_t kinds, unsigned int one, unsigned int other)
{
	return (kinds & 1u << one) && (kinds & 1u << other) &&
	       (changes((enum history_kind)one) || changes((enum history_kind)other));
}

unsigned int linearize_pairs_met(const struct linearize_counts *counts)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR_OP_KINDS; i++)
		for (unsigned int j = i; j < NR_OP_KINDS; j++)
			nr += counts->met[i][j] > 0;
	return nr;
}

unsigned int linearize_pairs(const struct linearize_counts *counts)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR_OP_KINDS; i++)
		for (unsigned int j = i; j < NR_OP_KINDS; j++)
			nr += can_meet(counts->kinds, i, j);
	return nr;
}
