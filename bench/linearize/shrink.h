/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.h - the smallest part of a history that no order explains. */
#ifndef FAULTLINE_BENCH_LINEARIZE_SHRINK_H
#define FAULTLINE_BENCH_LINEARIZE_SHRINK_H

#include "bench/linearize/check.h"

/*
 * history_shrink - removes operations from @history, which is not linearizable with @allowed, as long as it stays so
 * whatever they did: an operation is removed only if no order exists even where it may have happened at any time, or
 * not at all. What wrote a byte that others read, or mapped a page where others succeed, stays: the rest must be no
 * artefact of what is missing. Stamps are numbered anew. Returns the number of operations removed.
 */
unsigned int history_shrink(struct checker *checker, struct history *history, uint32_t allowed);

#endif
