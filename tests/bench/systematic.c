/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systematic: the search reaches all that one with a decision at each access reaches, with as few preemptions, and with
 * fewer executions; and a search that omits something does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/check/systematic.h"
#include "tests/lib/harness/turns.h"

#define MAX_THREADS	3u
#define MAX_OPS		5u
#define WORDS		3u
#define MAX_EVENTS	4096u
#define MAX_SEEN	65536u

/* Each thread has an accumulator. */
enum op_kind { LOAD, STORE, ADD, EXCHANGE, BYTE, UNLESS_ODD, LOCKED_ADD, SLEEP, WAKE, READER, CALLBACK, NR_KINDS };

struct op {
	enum op_kind kind;
	unsigned int word;
};

struct program {
	unsigned int threads;
	struct op ops[MAX_THREADS][MAX_OPS];
	unsigned int nr[MAX_THREADS];
};

/* Lock key: (A) atomic (S) its spinlock (T) its thread's */
struct memory {
	uint32_t words[WORDS];		/* (A) */
	uint32_t bells[WORDS];		/* (A) */
	uint32_t locked;		/* (S) */
	spinlock_t lock;
	struct rcu_cb callbacks[MAX_THREADS];	/* (T) */
	uint32_t results[MAX_THREADS];	/* (T) */
};

static struct memory memory;
static const struct program *program;

/* ---- the programs' operations ---- */
static void count_call(struct rcu_head *head)
{
	(void)head;
	(void)fetch_add_relaxed(&memory.words[0], 16u);
}

static uint32_t do_op(const struct op *op, uint32_t own, unsigned int thread)
{
	uint32_t *word = &memory.words[op->word];

	switch (op->kind) {
	case LOAD:
		return own * 5 + load_relaxed(word);
	case STORE:
		store_relaxed(word, own + thread + 1);
		return own;
	case ADD:
		return own + fetch_add_relaxed(word, thread + 1);
	case EXCHANGE:
		return xchg_relaxed(word, own + 7);
	case BYTE:
		store_relaxed((uint8_t *)word + thread, (uint8_t)(own + 1));
		return own;
	case LOCKED_ADD:
		spin_lock(&memory.lock);
		own += memory.locked++;
		spin_unlock(&memory.lock);
		return own;
	case SLEEP:
		while (!load_relaxed(&memory.bells[op->word]))
			schedule_futex_wait(&memory.bells[op->word], 0);
		return own + load_relaxed(word);
	case WAKE:
		store_relaxed(&memory.bells[op->word], 1u);
		schedule_futex_wake(&memory.bells[op->word], MAX_THREADS);
		return own;
	case READER:
		rcu_read_lock();
		own = own * 3 + load_relaxed(&memory.words[0]);
		own = own * 3 + load_relaxed(&memory.words[0]);
		rcu_read_unlock();
		return own;
	case CALLBACK:
		call_rcu(&memory.callbacks[thread], count_call);
		return own;
	default:
		return own;
	}
}

static void run_thread(void *arg, unsigned int thread)
{
	uint32_t own = 0;

	(void)arg;
	for (unsigned int i = 0; i < program->nr[thread]; i++) {
		const struct op *op = &program->ops[thread][i];

		if (op->kind != UNLESS_ODD)
			own = do_op(op, own, thread);
		else if (i + 1 < program->nr[thread] && op[1].kind != WAKE)
			i += own % 2;
	}
	memory.results[thread] = own;
}

/* ---- what a search reaches ---- */
struct reached {
	struct systematic search;
	uint64_t seen[MAX_SEEN];	/* final states, and classes; ascending after reached_sort() */
	unsigned int nr;
	bool failed;			/* an execution ended in a state of which fails() is true */
	bool (*fails)(const struct memory *last);
	bool open;			/* the class of the latest execution is to be added */
};

static struct memory *end;
static struct decision_log *executed;

static uint64_t hash(const void *bytes, size_t size)
{
	uint64_t sum = 14695981039346656037ul;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const uint8_t *)bytes)[i]) * 1099511628211ul;
	return sum;
}

static void add(struct reached *reached, uint64_t what)
{
	for (unsigned int i = 0; i < reached->nr; i++)
		if (reached->seen[i] == what)
			return;
	assert_in_range(reached->nr, 0, MAX_SEEN - 1);
	reached->seen[reached->nr++] = what;
}

static void be_an_execution(const struct decision_plan *decisions)
{
	const struct schedule_plan plan = { .max_steps = 5000, .decisions = decisions };

	memset(&memory, 0, sizeof(memory));
	spin_lock_init(&memory.lock, SPIN_TTAS, RANK_PTE_PTL);
	turns_run(&plan, program->threads, run_thread, NULL);
	*end = memory;
	_exit(0);
}

static int play(void *arg, const struct decision_plan *plan)
{
	struct reached *reached = arg;
	int status;
	pid_t pid;

	if (reached->open)
		add(reached, reached->search.class_);
	fflush(NULL);
	pid = fork();
	if (!pid)
		be_an_execution(plan);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	reached->open = !executed->redundant;
	if (reached->open) {
		add(reached, hash(end->words, sizeof(end->words)) ^ hash(end->results, sizeof(end->results)));
		reached->failed |= reached->fails && reached->fails(end);
	}
	return 0;
}

static int by_value(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

static struct reached *reach(const struct program *what, struct systematic search,
			     bool (*fails)(const struct memory *last))
{
	struct reached *reached = calloc(1, sizeof(*reached));

	assert_non_null(reached);
	program = what;
	reached->search = search;
	reached->fails = fails;
	reached->search.play = play;
	reached->search.arg = reached;
	assert_int_equal(systematic_run(&reached->search, executed), 0);
	if (reached->open)
		add(reached, reached->search.class_);
	qsort(reached->seen, reached->nr, sizeof(reached->seen[0]), by_value);
	return reached;
}

/* ---- programs ---- */
static struct program draw(uint64_t seed)
{
	struct program drawn = { .threads = 2 + seed % 3 / 2 };
	struct rng rng;

	rng_init(&rng, seed);
	for (unsigned int i = 0; i < drawn.threads; i++) {
		drawn.nr[i] = drawn.threads == 2 ? 2 + (unsigned int)rng_below(&rng, 2) : 1 + (i == 1);
		for (unsigned int op = 0; op < drawn.nr[i]; op++)
			drawn.ops[i][op] = (struct op){ (enum op_kind)rng_below(&rng, NR_KINDS),
							(unsigned int)rng_below(&rng, seed % 2 ? WORDS : 2) };
	}
	/* Every sleeper has a thread that wakes it up, and each thread has one callback. */
	for (unsigned int i = 0; i < drawn.threads; i++)
		for (unsigned int op = 0, calls = 0; op < drawn.nr[i]; op++) {
			enum op_kind *kind = &drawn.ops[i][op].kind;

			if ((*kind == SLEEP && (i == drawn.threads - 1 || drawn.nr[drawn.threads - 1] == MAX_OPS)) ||
			    (*kind == CALLBACK && calls++))
				*kind = LOAD;
			if (*kind == SLEEP)
				drawn.ops[drawn.threads - 1][drawn.nr[drawn.threads - 1]++] =
					(struct op){ WAKE, drawn.ops[i][op].word };
		}
	return drawn;
}

static bool equal(const struct reached *one, const struct reached *other)
{
	return one->nr == other->nr && !memcmp(one->seen, other->seen, one->nr * sizeof(one->seen[0]));
}

/* Of a few drawn programs. */
#define PROGRAMS	8u
#define BOUND		1u

/* Each of the searches that are wrong omits something of some program. Row: M4. */
static void all_is_reached_and_what_is_omitted_is_detected(void **state)
{
	uint64_t executions = 0, all_executions = 0;
	bool detected[SYSTEMATIC_FREE_COSTS + 1] = { 0 };

	(void)state;
	if (!FAULTLINE_EXPLORE)
		skip();
	for (unsigned int seed = 0; seed < PROGRAMS; seed++) {
		struct program drawn = draw(seed);
		struct reached *all = reach(&drawn, (struct systematic){ .bound = BOUND, .every = true }, NULL);

		all_executions += all->search.executions;
		for (enum systematic_mistake mistake = SYSTEMATIC_SOUND; mistake <= SYSTEMATIC_FREE_COSTS; mistake++) {
			struct reached *some = reach(&drawn, (struct systematic){ .bound = BOUND, .mistake = mistake },
						     NULL);

			detected[mistake] |= !equal(all, some);
			executions += mistake == SYSTEMATIC_SOUND ? some->search.executions : 0;
			free(some);
		}
		free(all);
	}
	assert_false(detected[SYSTEMATIC_SOUND]);
	assert_true(detected[SYSTEMATIC_FIRST_ONLY] && detected[SYSTEMATIC_FREE_COSTS]);
	assert_true(executions * 4 < all_executions);
}

/* Thread 1 reads 1, which thread 0 writes first, and then what it writes next. */
static bool both_are_read(const struct memory *last)
{
	return last->results[1] == 1 * 5 + 2;
}

/* Row: M4. */
static void two_preemptions_are_taken_and_one_is_not_enough(void **state)
{
	static const struct program twice = {
		.threads = 2,
		.ops = { { { STORE, 0 }, { ADD, 1 }, { LOAD, 1 }, { ADD, 0 } }, { { LOAD, 0 }, { LOAD, 0 } } },
		.nr = { 4, 2 },
	};

	(void)state;
	if (!FAULTLINE_EXPLORE)
		skip();
	for (unsigned int bound = 0; bound <= 2; bound++) {
		struct reached *some = reach(&twice, (struct systematic){ .bound = bound }, both_are_read);

		assert_int_equal(some->failed, bound == 2);
		free(some);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_reached_and_what_is_omitted_is_detected),
		cmocka_unit_test(two_preemptions_are_taken_and_one_is_not_enough),
	};

	end = mmap(NULL, sizeof(*end), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	executed = mmap(NULL, sizeof(*executed) + MAX_EVENTS * sizeof(struct decision_event), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (end == MAP_FAILED || executed == MAP_FAILED)
		return 1;
	executed->room = MAX_EVENTS;
	executed->events = (struct decision_event *)(executed + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
