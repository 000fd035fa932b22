/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry_log.h - which operation last took something away from a page-table entry: its page, its table, or a right. The
 * TLB's detector compares it with what a cached translation was made from. Nothing in builds without FAULTLINE_CHECK.
 */
#ifndef FAULTLINE_CORE_PROBE_ENTRY_LOG_H
#define FAULTLINE_CORE_PROBE_ENTRY_LOG_H

#include "core/base/atomic.h"

/* No lock key: a copy, of its reader's. */
struct entry_change {
	uint64_t seq;		/* later changes have larger ones; 0: none is known */
	const char *operation;	/* the innermost one; NULL: outside of operations */
	const char *where;	/* the sort of change */
	unsigned int cpu;
	bool ended;		/* so has the outermost operation, in which a flush was due at the latest */
};

#if FAULTLINE_CHECK
extern bool entry_log_on;	/* (A) an address space with a TLB was made: changes are kept from then on */

/* The calling thread is about to change *@entry, which takes something away. */
void entry_changes(const uint64_t *entry, const char *where);
/* The same if the new value @val has not all bits that *@entry has of @rights, or differs in those of @frame. */
void entry_replaced(const uint64_t *entry, uint64_t val, uint64_t rights, uint64_t frame);
/* The last change of *@entry, or none, since others drive it out. */
struct entry_change entry_last_change(const uint64_t *entry);
#else
static force_inline void entry_changes(const uint64_t *entry, const char *where) { (void)entry, (void)where; }

static force_inline void entry_replaced(const uint64_t *entry, uint64_t val, uint64_t rights, uint64_t frame)
{
	(void)entry, (void)val, (void)rights, (void)frame;
}
#endif

#endif
