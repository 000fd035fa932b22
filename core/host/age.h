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
 * Owners report both by probe/object.h. Type-stable memory may be reused at once; the age is then that of the new
 * object. Holders of a lock or a count access linked objects only: assert_linked().
 */
#ifndef FAULTLINE_CORE_HOST_AGE_H
#define FAULTLINE_CORE_HOST_AGE_H

#include "core/probe/object.h"

#if FAULTLINE_CHECK
/* An access that excludes an unlink. Dies if the object is unlinked; poison counts as unlinked. */
void assert_linked(const struct object_kind *kind, const struct object_probe *probe, const void *object);
#else
static force_inline void assert_linked(const struct object_kind *kind, const struct object_probe *probe,
				       const void *object)
{
	(void)kind, (void)probe, (void)object;
}
#endif

#endif
