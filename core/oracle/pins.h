/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins.h - the in-flight check of pins: a pinned page stays mapped at its address, and writes through the pin are
 * visible to the owner of the address only.
 *
 * Writers through a pin write stamps: numbers of one clock, each used once. So every page shows when it was last
 * written to through a pin, and a page copied or shared by fork must not have a later stamp. Checked pages contain
 * only stamps or zeroes.
 *
 * With payload 0 pages are empty, and only their mappings are checked.
 */
#ifndef FAULTLINE_CORE_ORACLE_PINS_H
#define FAULTLINE_CORE_ORACLE_PINS_H

#include "core/mm/mm_types.h"

#define PIN_SLOTS	8u	/* words of a page that different threads may stamp */

/*
 * Counts unmaps of some addresses that are allowed to overlap pins: an overlapping unmap excuses the pin, and none
 * overlaps if all that ever began had ended before the pin. Lock key: (A) atomic
 */
struct unmap_count {
	unsigned long begun, ended;	/* (A) */
};

/* An unmap of some of the addresses begins: called before its entries change. */
static inline void unmap_begin(struct unmap_count *count)
{
	/* ORDER[unmap-count:A] before the entries change; pairs with ORDER[unmap-count:B] in pins.c. */
	fetch_add_acq_rel(&count->begun, 1ul);
}

/* It is over: called after its entries changed. */
static inline void unmap_end(struct unmap_count *count)
{
	/* ORDER[unmap-count:A] after the entries changed; pairs with ORDER[unmap-count:B] in pins.c. */
	fetch_add_acq_rel(&count->ended, 1ul);
}

/* One checked pin of one page. Lock key: (T) its thread only */
struct pin_check {
	struct mm_struct *mm;		/* (T) */
	unsigned long addr;		/* (T) page aligned */
	unsigned int slot;		/* (T) the word of its stamps, unused by other threads; PIN_SLOTS: none */
	const struct unmap_count *unmaps;	/* (T) of the address; NULL: none */
	/* (T) set by checked_pin(): */
	unsigned long unmaps_ended;	/* (T) before the pin */
	struct page *page;		/* (T) */
	unsigned long life;		/* (T) of the page */
	uint64_t stamp;			/* (T) the last one written; 0: pinned for reading */
	bool ready;			/* (T) it was exclusive when it was pinned, as it must be */
};

/*
 * checked_pin - pin_user_pages_fast() of the page at check->addr with @flags, and a first stamp if @flags have
 * FOLL_WRITE. Returns 1, or its result. The zero page, which is not counted as pinned, is dropped: then 0. Locking:
 * none held.
 */
long checked_pin(struct pin_check *check, unsigned int flags);
/* One more stamp, through a pin for writing. */
void checked_write(struct pin_check *check);
/*
 * checked_unpin - checks the pin, and ends it. True if
 *   the page was exclusive when it was pinned, was not freed since, and is still counted as pinned
 *   it is exclusive, and no second entry maps it
 *   it is the one mapped at the address, unless that was unmapped meanwhile
 *   the last stamp is in it
 * Else false, and the violation in @why. Locking: none held, so that it can take mmap_lock and a PTL.
 */
bool checked_unpin(struct pin_check *check, char *why, size_t why_size);

/* The last stamp used so far. */
uint64_t pin_clock(void);
/*
 * pin_check_child - true if no page that @mm maps in [@start, @end) has a stamp from after @now, the result of
 * pin_clock() once fork had returned @mm. No thread writes through pins of @mm itself. Else false, and the violation
 * in @why. Locking: none held.
 */
bool pin_check_child(struct mm_struct *mm, unsigned long start, unsigned long end, uint64_t now, char *why,
		     size_t why_size);

#endif
