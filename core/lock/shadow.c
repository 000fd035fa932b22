/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shadow.c - the owners of a lock, kept apart from it. */
#include "core/lock/shadow.h"

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/probe/detector.h"

#if FAULTLINE_CHECK
static struct detector shadow_owners = {
	.name = "shadow",
	.what = "two writers, or a writer beside a reader, inside any lock",
};
DETECTOR(shadow_owners);

#define SHADOW_WRITER	0x10000u	/* of cpu 0; one more for each cpu, and NR_CPUS + 1 for threads without one */

_Static_assert(NR_CPUS + 1 < UINT32_MAX / SHADOW_WRITER, "a word has room for every writer");

static uint32_t own_word(void)
{
	return SHADOW_WRITER * (1 + (this_cpu ? this_cpu->id : NR_CPUS));
}

void shadow_init(struct shadow *shadow)
{
	store_relaxed(&shadow->inside, 0u);
}

/* The cpu of a word; -1 for a thread without a cpu, or for readers, whose cpus are not recorded. */
static int cpu_of(uint32_t word)
{
	unsigned int writer = word / SHADOW_WRITER;

	return writer && writer <= NR_CPUS ? (int)writer - 1 : -1;
}

/*
 * Dies of a conflict inside @lock. @found: the word, of an owner of @by. The held lists know more than the word, but
 * nothing of threads that entered without a lock.
 */
static __cold void conflict(const void *lock, enum lock_rank rank, const char *mode, const char *site, uint32_t found,
			    const void *by)
{
	const char *other_site = "(not in its list of locks)";
	int other = cpu_of(found);

	lockrank_other_holder(by, &other, &other_site);
	BUG_BY(shadow_owners.name,
	       "shadow owner: %s %p: cpu %d is inside for %s, at %s, and so is a %s: cpu %d, at %s",
	       lockrank_name(rank), lock, cpu_of(own_word()), mode, site, found < SHADOW_WRITER ? "reader" : "writer",
	       other, other_site);
}

void shadow_enter_write(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site)
{
	uint32_t found;

	if (!detector_is_on(&shadow_owners))
		return;
	found = fetch_add_relaxed(&shadow->inside, own_word());
	if (unlikely(found))
		conflict(lock, rank, "write", site, found, lock);
}

void shadow_enter_read(struct shadow *shadow, const void *lock, enum lock_rank rank, const char *site)
{
	uint32_t found;

	if (!detector_is_on(&shadow_owners))
		return;
	found = fetch_add_relaxed(&shadow->inside, 1u);
	if (unlikely(found >= SHADOW_WRITER))
		conflict(lock, rank, "read", site, found, lock);
}

void shadow_leave_write(struct shadow *shadow)
{
	if (detector_is_on(&shadow_owners))
		fetch_sub_relaxed(&shadow->inside, own_word());
}

void shadow_leave_read(struct shadow *shadow)
{
	if (detector_is_on(&shadow_owners))
		fetch_sub_relaxed(&shadow->inside, 1u);
}

void shadow_downgrade(struct shadow *shadow)
{
	if (detector_is_on(&shadow_owners))
		fetch_sub_relaxed(&shadow->inside, own_word() - 1);
}

void shadow_met_writer(const void *lock, enum lock_rank rank, const char *site, const void *by)
{
	if (detector_is_on(&shadow_owners))
		conflict(lock, rank, "read", site, SHADOW_WRITER * (NR_CPUS + 1), by);
}
#endif
