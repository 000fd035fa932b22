/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_stop.c - the end of every storm. */
#include "tests/lib/storm/storm_stop.h"

#include <stdio.h>

#include "core/mm/mm.h"
#include "core/phys/frame.h"

bool storm_stop(bool good, char *why, size_t why_size)
{
	struct leaks leaks;

	frame_drain_cpu();
	cpu_unregister();
	leaks = faultline_stop();
	if (!good)
		return false;
	if (!leaks.frames && !leaks.vmas && !leaks.anon_vmas && !leaks.slots && !leaks.committed &&
	    !leaks.bytes)
		return true;
	snprintf(why, why_size, "leaked %lu frames, %lu VMAs, %lu anon_vmas and chains, %lu swap slots, %lu accounted "
		 "pages, %zu bytes",
		 leaks.frames, leaks.vmas, leaks.anon_vmas, leaks.slots, leaks.committed,
		 leaks.bytes);
	return false;
}
