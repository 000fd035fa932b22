/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_limits.h - whether a machine and an address space have room for a captured layout. */
#ifndef FAULTLINE_BENCH_RUN_LAYOUT_LIMITS_H
#define FAULTLINE_BENCH_RUN_LAYOUT_LIMITS_H

#include "bench/run/choices.h"

/*
 * layout_limits_check - VMAs that lie where this geometry maps nothing, more VMAs than an mm may have, more pages than
 * frames. Needs the topology. Returns 0, with one line on stderr when a layout that was asked for is used without some
 * of its VMAs; or the exit status after one line on stderr. The kernel's own page in every capture, [vsyscall], is
 * skipped silently.
 */
int layout_limits_check(const struct layout *layout, const struct choices *choices);

#endif
