/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * age.h - in check builds: grace periods between an object's unlink and its free, its reuse, and accesses by readers.
 *
 * Only grace periods that do not overlap are counted (grace_periods()). So an open read section sees at most one of
 * them end: the second would have waited for the section. Hence two rules, independent of any thread's speed:
 *
 *   free    an object that waits for readers is freed at least one period after the unlink;
 *   access  an object that a reader found in its open section was unlinked at most one period ago, or not at all.
 *
 * Type-stable memory may be reused at once; the age is then that of the new object.
 * Holders of a lock or a count access linked objects only: assert_linked().
 */
#ifndef FAULTLINE_CORE_HOST_AGE_H
#define FAULTLINE_CORE_HOST_AGE_H

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

/* Lock key: (A) atomic. Empty in builds without FAULTLINE_CHECK. */
struct age {
#if FAULTLINE_CHECK
	unsigned long gone;	/* (A) grace_periods() + 1 at the unlink; 0: linked */
#endif
};

#if FAULTLINE_CHECK
/* The object is unreachable for new readers. Once in a life: later calls have no effect. */
void age_unlinked(struct age *age);
/* The free. Dies if a linked object was unlinked fewer than @least grace periods ago. */
void age_freed(enum age_kind kind, const struct age *age, const void *object, unsigned long least);
/* The reuse: a new life. */
void age_reused(enum age_kind kind, struct age *age);
/* A reader's access in the section in which it found @object. Dies if the age is impossible. */
void age_accessed(enum age_kind kind, const struct age *age, const void *object);
/* An access that excludes an unlink. Dies if the object is unlinked; poison counts as unlinked. */
void assert_linked(enum age_kind kind, const struct age *age, const void *object);
#else
static force_inline void age_unlinked(struct age *age) { (void)age; }
static force_inline void age_freed(enum age_kind kind, const struct age *age, const void *object, unsigned long least)
{
	(void)kind, (void)age, (void)object, (void)least;
}
static force_inline void age_reused(enum age_kind kind, struct age *age) { (void)kind, (void)age; }
static force_inline void age_accessed(enum age_kind kind, const struct age *age, const void *object)
{
	(void)kind, (void)age, (void)object;
}
static force_inline void assert_linked(enum age_kind kind, const struct age *age, const void *object)
{
	(void)kind, (void)age, (void)object;
}
#endif

#endif
