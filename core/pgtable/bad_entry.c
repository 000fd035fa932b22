/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bad_entry.c - reports of corrupt entries; those of upper tables are cleared, too. */
#include "core/pgtable/bad_entry.h"

#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(BAD_PTE, "corrupt entries of PTE tables reported");
DEFINE_EVENT(BAD_TABLE_ENTRY, "corrupt entries of upper tables reported and cleared");

/*
 * A report takes a number, and owns the place of that number: so no lock is needed where the PTL is held. It is
 * complete once it is ready.
 *
 * Lock key: (A) atomic (C) const once ready
 */
struct report {
	struct bad_pte what;	/* (C) */
	bool ready;		/* (A) */
};

static struct report reports[BAD_PTE_LOG];
static unsigned long nr_reports;	/* (A) */

__cold void report_bad_entry(const struct bad_pte *what)
{
	unsigned long n = fetch_add_relaxed(&nr_reports, 1ul);

	if (what->level == LEVEL_PTE)
		count_event(EV_BAD_PTE);
	else
		count_event(EV_BAD_TABLE_ENTRY);
	if (n >= BAD_PTE_LOG)
		return;
	reports[n].what = *what;
	/*
	 * ORDER[bad-pte:A] after the report is written. Pairs with ORDER[bad-pte:B]. Weaker: a report is read half
	 * written.
	 */
	store_release(&reports[n].ready, true);
}

unsigned long bad_ptes(struct bad_pte *log)
{
	unsigned long n = load_relaxed(&nr_reports);

	for (unsigned int i = 0; log && i < min(n, (unsigned long)BAD_PTE_LOG); i++)
		/* ORDER[bad-pte:B] before the report is read; pairs with ORDER[bad-pte:A]. */
		log[i] = load_acquire(&reports[i].ready) ? reports[i].what : (struct bad_pte){ 0 };
	return n;
}

void bad_ptes_reset(void)
{
	for (unsigned int i = 0; i < BAD_PTE_LOG; i++)
		store_relaxed(&reports[i].ready, false);
	store_relaxed(&nr_reports, 0ul);
}

DEFINE_KNOCKOUT(BAD_ENTRY_COMPARE,
	.name = "bad-entry:compare",
	.removes = "the comparison of a corrupt upper entry with the value that was found, as it is cleared",
	.breaks = "a table that another thread linked meanwhile is lost with its pages",
	.detected_by = "page and counter accounting at rest",
	.hunt = "test knockout.bad_entry");

__cold __noinline void clear_bad_entry(uint64_t *entry, uint64_t val, enum pgtable_level level)
{
	uint64_t found = val;

	SYNCPOINT("bad_entry.found");
	if (KNOCKED_OUT(BAD_ENTRY_COMPARE))
		store_relaxed(entry, 0);
	else if (!try_cmpxchg_relaxed(entry, &found, 0))
		return;
	report_bad_entry(&(struct bad_pte){ .val = val, .level = level, .entry = entry });
}
