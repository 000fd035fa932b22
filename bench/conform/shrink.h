/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.h - a sequence on which the two sides differ, made shorter while they still do. */
#ifndef FAULTLINE_BENCH_CONFORM_SHRINK_H
#define FAULTLINE_BENCH_CONFORM_SHRINK_H

#include "bench/conform/engine.h"

#define SHRINK_REPEATS	3	/* fresh runs that must differ in the same way */

/* True if the two differ in @sequence in each of SHRINK_REPEATS runs, by differences of one kind. */
bool divergence_repeats(struct engine *engine, const struct sequence *sequence, struct divergence *divergence);

/*
 * divergence_shrink - drops operations of @sequence, in halves first and one by one at last, and makes ranges and the
 * window shorter, as long as the two differ by a difference of the same kind. Returns false, with @sequence as it was,
 * if they do not differ each time. *@divergence is that of the result.
 */
bool divergence_shrink(struct engine *engine, struct sequence *sequence, struct divergence *divergence);

/* The operations of the last run, which was of @sequence, each with its results; the last one with the difference. */
void divergence_print(FILE *out, const struct engine *engine, const struct sequence *sequence,
		      const struct divergence *divergence);

#endif
