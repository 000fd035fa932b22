/* SPDX-License-Identifier: GPL-2.0-or-later */
/* context.h - the circumstances of a measurement. */
#ifndef FAULTLINE_BENCH_RUN_CONTEXT_H
#define FAULTLINE_BENCH_RUN_CONTEXT_H

#include "bench/run/choices.h"

/* Hands each fact to @put: the machine, its topology, the build, what was chosen, and the command line. */
void context_put(const struct choices *choices, int argc, const char **argv,
		 void (*put)(const char *key, const char *value));
/* The same and the time as an object, for files that Google Benchmark does not write. */
struct json_t *context_json(const struct choices *choices, int argc, const char **argv);

#endif
