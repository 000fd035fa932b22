/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.h - threads of a test: registered as cpus, started together, with a time limit. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_THREADS_H
#define FAULTLINE_TESTS_LIB_HARNESS_THREADS_H

#include "core/base/atomic.h"

#define TEST_MAX_THREADS	64
/* A wait that must end, in milliseconds of an idle machine: far above what a slow sanitizer run needs. */
#define TEST_PATIENCE_MS	60000

struct test_threads;

/*
 * Starts @n threads that run @fn(@arg, 0 … @n-1); each is a cpu of node 0, seeded from run_seed, and waits for the
 * others.
 */
struct test_threads *threads_start(unsigned int n, void (*fn)(void *arg, unsigned int index), void *arg);
/*
 * Waits for all of them and frees @threads. A caller that is a cpu is no RCU reader meanwhile, unless it is in a
 * section.
 */
void threads_join(struct test_threads *threads);
/* Both in one. */
void threads_run(unsigned int n, void (*fn)(void *arg, unsigned int index), void *arg);

/* Group fixtures of cmocka: the main thread is a cpu of node 0. */
int cpu_setup(void **state);
int cpu_teardown(void **state);

/* Steps of a test that plays an interleaving: a word that only grows. */
void step_reach(unsigned int *step, unsigned int value);
/* Waits until *@step >= @value, as threads_join() does; false when @ms went by first. */
bool step_within(const unsigned int *step, unsigned int value, unsigned int ms);
/* As above with TEST_PATIENCE_MS; running out of patience is a broken invariant. */
void step_await(const unsigned int *step, unsigned int value);

#endif
