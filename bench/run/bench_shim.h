/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_shim.h - Google Benchmark from C: the only C++ of the program.
 *
 * A body runs in each of a benchmark's threads and calls, once each, shim_start() and, if that returned true,
 * shim_finish(); both are barriers for all threads. In between it does its iterations, and takes the time itself.
 * Thread 0 is the thread that called shim_run(). A body comes again, with more iterations, until it has run long enough
 * to count.
 */
#ifndef FAULTLINE_BENCH_RUN_BENCH_SHIM_H
#define FAULTLINE_BENCH_RUN_BENCH_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shim_state;
typedef void (*shim_body)(struct shim_state *state, void *user);

/*
 * shim_init - hands @argv, options named --benchmark_*, to the library. @misused is called, and must not return, when
 * one has a bad value. Returns the first option that it did not know, or NULL.
 */
const char *shim_init(int argc, char **argv, void (*misused)(void));
/* Adds "key": "value" to the context of the results. */
void shim_context(const char *key, const char *value);
/* Adds a benchmark to the next shim_run(), measured @repetitions times; its results are named NAME/threads:THREADS. */
void shim_add(const char *name, unsigned int threads, unsigned int repetitions, shim_body body, void *user);

/* Keeps the results of all runs from here to shim_close(). */
void shim_open(void);
/* Runs and forgets what was added. Returns how many benchmarks passed --benchmark_filter. */
unsigned long shim_run(void);
/* The results as JSON, for the caller to free(); NULL when nothing was run, or memory ran out. */
char *shim_close(void);

/* In a body. */
unsigned int shim_thread(const struct shim_state *state);
/* Iterations that this thread is to do at least; fixed before the start. */
uint64_t shim_quota(const struct shim_state *state);
/* False when this thread failed before: it has passed both barriers. */
bool shim_start(struct shim_state *state);
/* The second barrier: what any thread did before it, all see after it. */
void shim_finish(struct shim_state *state);
/* The run failed; the first reason of all threads is kept. */
void shim_fail(struct shim_state *state, const char *why);
/* After shim_finish(): how long the quota took this thread. The library takes the mean of all threads. */
void shim_time(struct shim_state *state, double seconds);
/* A number that is added up over all threads. */
void shim_counter(struct shim_state *state, const char *name, double value);

#ifdef __cplusplus
}
#endif

#endif
