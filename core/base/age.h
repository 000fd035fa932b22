/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * age.h - in check builds: how many grace periods lie between an object's unlinking and its end, its reuse, and the looks of
 * those who found it before.
 *
 * What is counted are grace periods that do not overlap (grace_periods()), so a section that has begun sees one of them end at the
 * most: the second would have waited for it. Hence two rules, whatever the speed of anybody:
 *
 *   end    what waits for readers is freed one period after it was unlinked, or later;
 *   look   an object that a reader found in this section was unlinked one period ago, or less, or not at all.
 *
 * Where memory is type-stable an object may be reused at once; its age is then that of what it is by now.
 * What a lock or a count keeps, and no grace period, is linked whenever a holder looks at it: assert_linked().
 */
#ifndef FAULTLINE_CORE_BASE_AGE_H
#define FAULTLINE_CORE_BASE_AGE_H

#include "core/base/compiler.h"

#define AGE_KINDS(X) \
	X(TABLE,	"page tables") \
	X(ANON_VMA,	"anon_vmas") \
	X(VMA,		"VMAs") \
	X(FRAME,	"folios") \
	X(VMA_NODE,	"VMA tree nodes") \
	X(CHAIN,	"anon_vma chains") \
	X(MM,		"mm_structs")

enum age_kind {
#define X(id, name) AGE_##id,
	AGE_KINDS(X)
#undef X
	NR_AGE_KINDS
};

/* Lock key: (A) atomic. Takes no room in builds without FAULTLINE_CHECK. */
struct age {
#if FAULTLINE_CHECK
	unsigned long gone;	/* (A) grace_periods() + 1 when it was unlinked; 0: it was not */
#endif
};

#if FAULTLINE_CHECK
/* The object can't be found any more by who does not know of it yet. Once in a life: later calls change nothing. */
void age_unlinked(struct age *age);
/* Its end, at least @least grace periods later, if it was ever linked; dies otherwise. */
void age_freed(enum age_kind kind, const struct age *age, const void *object, unsigned long least);
/* A new life. */
void age_reused(enum age_kind kind, struct age *age);
/* A reader looks at what it found in the section that it is in. Dies if that is older than it can be. */
void age_seen(enum age_kind kind, const struct age *age, const void *object);
/* A thread looks at an object that cannot be unlinked meanwhile. Dies if it is unlinked; poison counts as that. */
void assert_linked(enum age_kind kind, const struct age *age, const void *object);
#else
static force_inline void age_unlinked(struct age *age) { (void)age; }
static force_inline void age_freed(enum age_kind kind, const struct age *age, const void *object, unsigned long least)
{
	(void)kind, (void)age, (void)object, (void)least;
}
static force_inline void age_reused(enum age_kind kind, struct age *age) { (void)kind, (void)age; }
static force_inline void age_seen(enum age_kind kind, const struct age *age, const void *object)
{
	(void)kind, (void)age, (void)object;
}
static force_inline void assert_linked(enum age_kind kind, const struct age *age, const void *object)
{
	(void)kind, (void)age, (void)object;
}
#endif

#endif
