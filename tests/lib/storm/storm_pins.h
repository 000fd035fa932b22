/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * storm_pins.h - pins that a thread of a storm holds, across whatever else it does, and beyond the end of the mm they
 * came from.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_PINS_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_PINS_H

#include "tests/lib/storm/storm_mms.h"

#define STORM_PINS	4	/* a thread holds */

/* (T) */
struct storm_pins {
	unsigned int nr;
	struct {
		struct page *page;
		unsigned long life;
	} pin[STORM_PINS];
};

/*
 * Pins the page at @addr, at times to write to it, and then does; or, if the thread holds many, ends a pin. Locking:
 * inside @place.
 */
void storm_pin(struct storm_pins *pins, const struct storm_mm *place, unsigned long addr);
/* Ends all. What was pinned is still the page it was, and counted as pinned, or it dies. */
void storm_unpin_all(struct storm_pins *pins);

#endif
