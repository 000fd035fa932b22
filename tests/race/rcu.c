/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rcu: ThreadSanitizer's model of grace periods. Never a report on the correct program; always one on each
 * of eight wrong programs. A program is one reader-updater pair run in a child, so that a report ends the child alone.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "core/host/rcu.h"

#define REPORTED	66	/* exit status of a program that ThreadSanitizer reports on */
#define READERS		2
#define UPDATES		20000	/* a wrong program makes as many, for 1 second at least (a busy machine's */
#define MIN_SECONDS	1	/* threads take turns) and MAX_SECONDS at most, if it is not reported before */
#define MAX_SECONDS	20
#define ATTEMPTS	3

enum program {
	CORRECT,
	FREE_AT_ONCE,		/* no grace period */
	USE_AFTER_UNLOCK,
	CHANGE_PUBLISHED,	/* a plain field written while readers may look */
	PUBLISH_BEFORE_INIT,
	WAIT_BEFORE_UNLINK,	/* the grace period is over before the object is out of reach */
	NO_READ_LOCK,
	PLAIN_PUBLISH,		/* a plain store of the pointer */
	LOAD_BEFORE_LOCK,
	NR_PROGRAMS
};

static const char *const names[] = {
	"correct", "free at once", "use after unlock", "change while published", "publish before initialising",
	"wait before unlinking", "no read lock", "plain publishing", "load before lock",
};

enum reclaim { BY_SYNCHRONIZE, BY_CALLBACK };

struct node {
	int value;
	struct rcu_cb rcu;
};

static enum program program;
static enum reclaim reclaim;
static struct node *published;		/* (A) */
static bool stop;			/* (A) */
static pthread_barrier_t start;

static void free_node(struct rcu_head *head)
{
	free(rcu_cb_entry(head, struct node, rcu));
}

static void retire(struct node *node)
{
	if (reclaim == BY_CALLBACK) {
		call_rcu(&node->rcu, free_node);
	} else {
		synchronize_rcu();
		free(node);
	}
}

/* The pace of updates; wrong programs whose mistake is a window keep it open for as long. */
static void linger(void)
{
	for (int i = 0; i < 2000; i++)
		barrier();
}

static int read_once(void)
{
	struct node *node = NULL;
	int sum = 0;

	if (program == LOAD_BEFORE_LOCK) {
		node = load_acquire(&published);
		linger();
	}
	if (program != NO_READ_LOCK)
		rcu_read_lock();
	if (program != LOAD_BEFORE_LOCK)
		node = load_acquire(&published);
	if (program != USE_AFTER_UNLOCK)
		sum = node->value;
	if (program != NO_READ_LOCK)
		rcu_read_unlock();
	rcu_quiescent();
	if (program == USE_AFTER_UNLOCK) {
		linger();
		sum = node->value;
	}
	return sum;
}

static void *read_on(void *arg)
{
	long sum = 0;

	pthread_barrier_wait(&start);
	rcu_register();
	while (!load_relaxed(&stop))
		sum += read_once();
	rcu_unregister();
	*(long *)arg = sum;
	return NULL;
}

static void update(int value)
{
	struct node *node = malloc(sizeof(*node)), *old = load_relaxed(&published);

	BUG_ON(!node);
	if (program != PUBLISH_BEFORE_INIT)
		node->value = value;
	if (program == WAIT_BEFORE_UNLINK) {
		if (reclaim == BY_CALLBACK) {
			retire(old);
			rcu_barrier();
		} else {
			synchronize_rcu();
		}
		linger();
	}
	if (program == PLAIN_PUBLISH)
		published = node;
	else
		store_release(&published, node);
	if (program == PUBLISH_BEFORE_INIT)
		node->value = value;
	if (program == CHANGE_PUBLISHED)
		node->value++;
	if (program == FREE_AT_ONCE || (program == WAIT_BEFORE_UNLINK && reclaim == BY_SYNCHRONIZE))
		free(old);
	else if (program != WAIT_BEFORE_UNLINK)
		retire(old);
}

static bool go_on(int done, time_t began)
{
	time_t seconds = time(NULL) - began;

	/* Waiting for each grace period is slow, and the correct program need not be run so often. */
	if (program == CORRECT)
		return done < (reclaim == BY_SYNCHRONIZE ? UPDATES / 20 : UPDATES);
	return seconds < MAX_SECONDS && (done < UPDATES || seconds <= MIN_SECONDS);
}

static void update_on(void)
{
	time_t began = time(NULL);

	rcu_register();
	for (int i = 0; go_on(i, began); i++) {
		update(i);
		rcu_quiescent();
		linger();
	}
	rcu_unregister();
}

/* The child. */
static int run_program(void)
{
	pthread_t readers[READERS];
	long sums[READERS];

	pthread_barrier_init(&start, NULL, READERS + 1);
	published = calloc(1, sizeof(*published));
	for (int i = 0; i < READERS; i++)
		BUG_ON(pthread_create(&readers[i], NULL, read_on, &sums[i]));
	pthread_barrier_wait(&start);
	update_on();
	store_relaxed(&stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	rcu_barrier();
	free(published);
	return 0;
}

static int run_child(enum program which, enum reclaim how, bool quiet)
{
	char args[2][16];
	int status;
	pid_t pid;

	snprintf(args[0], sizeof(args[0]), "%d", which);
	snprintf(args[1], sizeof(args[1]), "%d", how);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (quiet)
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		setenv("TSAN_OPTIONS", "halt_on_error=1 history_size=7 exitcode=66 atexit_sleep_ms=0", 1);
		execl("/proc/self/exe", "rcu", args[0], args[1], (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void the_correct_program_is_silent(void **state)
{
	(void)state;
	assert_int_equal(run_child(CORRECT, BY_SYNCHRONIZE, false), 0);
	assert_int_equal(run_child(CORRECT, BY_CALLBACK, false), 0);
}

/* In qsbr a reader is inside at all times but when quiescent: read locks, and what is outside of them, mean nothing. */
static bool applies(enum program which)
{
	return strcmp(RCU_FLAVOUR, "qsbr") || (which != NO_READ_LOCK && which != LOAD_BEFORE_LOCK);
}

static bool is_reported(enum program which, enum reclaim how)
{
	for (int i = 0; i < ATTEMPTS; i++)
		if (run_child(which, how, true) == REPORTED)
			return true;
	return false;
}

/* Row: M4. */
static void each_wrong_program_is_reported(void **state)
{
	unsigned int missed = 0;

	(void)state;
	if (!FAULTLINE_TSAN)
		skip();
	for (enum program which = CORRECT + 1; which < NR_PROGRAMS; which++)
		for (enum reclaim how = BY_SYNCHRONIZE; how <= BY_CALLBACK; how++) {
			if (!applies(which) || is_reported(which, how))
				continue;
			print_error("not reported: %s, %s\n", names[which],
				    how == BY_CALLBACK ? "freed by a callback" : "freed after waiting");
			missed++;
		}
	assert_int_equal(missed, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_correct_program_is_silent),
		cmocka_unit_test(each_wrong_program_is_reported),
	};

	if (argc == 3) {
		program = (enum program)atoi(argv[1]);
		reclaim = (enum reclaim)atoi(argv[2]);
		return run_program();
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
