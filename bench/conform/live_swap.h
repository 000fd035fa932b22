/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_swap.h - swap for the running kernel, while this program runs. */
#ifndef FAULTLINE_BENCH_CONFORM_LIVE_SWAP_H
#define FAULTLINE_BENCH_CONFORM_LIVE_SWAP_H

#include <stdbool.h>

/*
 * live_swap_on - turns swap on, on a file of LIVE_SWAP_SIZE bytes. A process of its own holds it: it turns swap off and
 * unlinks the file as soon as this program ends, in whatever way. Returns NULL, or why there is none. Locking: the
 * program has one thread.
 * live_swap_off - turns it off, if it is on; its pages are read back. Returns false if that failed.
 */
#define LIVE_SWAP_SIZE	(16ul << 20)
const char *live_swap_on(void);
bool live_swap_off(void);

/* True if this system has swap, this program's or its own. */
bool live_has_swap(void);

#endif
