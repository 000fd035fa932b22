/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_mirror.h - a device works on the mm of a storm's place, by a mirror that is compared with it at any time. */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_MIRROR_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_MIRROR_H

#include "tests/lib/storm/storm_mms.h"

/*
 * Fills the mirror over [@start, @end), reads or writes the page at @start through it, or only looks; and compares it.
 * Dies when an entry is wrong, or a page holds what it must not. Locking: inside @place.
 */
void storm_mirror(const struct storm_mm *place, unsigned long start, unsigned long end);
/* Compares all of a mirror. Dies as above. */
void storm_mirror_compare(struct hmm_mirror *mirror, unsigned long start, unsigned long end);

#endif
