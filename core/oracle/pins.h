/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins.h - the in-flight check of pins: a pinned page stays the page of its address, and what is written through the pin is seen
 * by the owner of the address, and by nobody else.
 *
 * Who writes through a pin writes stamps: numbers of one clock, each handed out once. So any page tells when it was last written to
 * through a pin, and a page copied or shared by fork must not hold a stamp from after it. Pages that are checked hold stamps only,
 * or zeroes.
 *
 * With payload 0 pages hold nothing, and only what they are mapped by is checked.
 */
#ifndef FAULTLINE_CORE_ORACLE_PINS_H
#define FAULTLINE_CORE_ORACLE_PINS_H

#include "core/mm/mm_types.h"

#define PIN_SLOTS	8u	/* words of a page that different threads may stamp */

/*
 * Unmappings of some addresses by those who may: an unmapping that overlaps a pin excuses it, and none overlaps when all that ever
 * began had ended before the pin. Lock key: (A) atomic
 */
struct unmap_count {
	unsigned long begun, ended;	/* (A) */
};

static inline void unmap_begin(struct unmap_count *count)
{
	fetch_add_acq_rel(&count->begun, 1ul);
}

static inline void unmap_end(struct unmap_count *count)
{
	fetch_add_acq_rel(&count->ended, 1ul);
}

/* One pin of one page, watched. Lock key: (T) its thread only */
struct pin_watch {
	struct mm_struct *mm;		/* (T) */
	unsigned long addr;		/* (T) page aligned */
	unsigned int slot;		/* (T) the word that is stamped, no other thread's as far as the page goes; PIN_SLOTS: none */
	const struct unmap_count *unmaps;	/* (T) of the address; NULL: there are none */
	/* (T) set by watched_pin(): */
	unsigned long unmaps_ended;	/* (T) before the pin */
	struct page *page;		/* (T) */
	unsigned long life;		/* (T) of the page */
	uint64_t stamp;			/* (T) the last one written; 0: pinned for reading */
	bool ready;			/* (T) it was exclusive when the pin was there, as all that is pinned */
};

/*
 * watched_pin - pin_user_pages_fast() of the page at watch->addr with @flags, and a first stamp if they say FOLL_WRITE. Returns 1,
 * or what that returned. The page of zeroes, which no pin is counted of, is given back: then 0.
 * Locking: none held.
 */
long watched_pin(struct pin_watch *watch, unsigned int flags);
/* One more stamp, through a pin for writing. */
void watched_write(struct pin_watch *watch);
/*
 * watched_unpin - checks the pin, and ends it. True when
 *   the page was exclusive when it was pinned, was not freed since, and is still counted as pinned
 *   it is exclusive, and no second entry maps it
 *   it is the one mapped at the address, unless that was unmapped meanwhile
 *   the last stamp is in it
 * Else false, and what is wrong in @why. Locking: none held, so that mmap_lock and a PTL can be taken.
 */
bool watched_unpin(struct pin_watch *watch, char *why, size_t why_size);

/* The last stamp handed out so far. */
uint64_t pin_clock(void);
/*
 * pin_check_child - nothing that @mm maps in [@start, @end) holds a stamp from after @now, what pin_clock() said once fork had
 * returned @mm. Nobody writes through pins of @mm itself. Else false, and what is wrong in @why. Locking: none held.
 */
bool pin_check_child(struct mm_struct *mm, unsigned long start, unsigned long end, uint64_t now, char *why, size_t why_size);

#endif
