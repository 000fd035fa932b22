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

/* What the calling thread adds to a word. */
static uint32_t part_of(enum held_mode mode)
{
	return mode == HELD_READ ? 1 : SHADOW_WRITER * (1 + (this_cpu ? this_cpu->id : NR_CPUS));
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
static __cold void conflict(const void *lock, enum lock_rank rank, enum held_mode mode, const char *site,
			    uint32_t found, const void *by)
{
	const char *other_site = "(not in its list of locks)";
	int other = cpu_of(found);

	lockrank_other_holder(by, &other, &other_site);
	BUG_BY(shadow_owners.name,
	       "shadow owner: %s %p: cpu %d is inside for %s, at %s, and so is a %s: cpu %d, at %s",
	       lockrank_name(rank), lock, cpu_of(part_of(HELD_WRITE)), mode == HELD_WRITE ? "write" : "read", site,
	       found < SHADOW_WRITER ? "reader" : "writer", other, other_site);
}

void shadow_enter(struct probe_word *word, const void *lock, enum lock_rank rank, enum held_mode mode, const char *site)
{
	uint32_t found;

	if (!detector_is_on(&shadow_owners))
		return;
	found = fetch_add_relaxed(&word->inside, part_of(mode));
	if (unlikely(mode == HELD_WRITE ? found : found >= SHADOW_WRITER))
		conflict(lock, rank, mode, site, found, lock);
}

/* A release without an acquisition is for lockrank to report. */
void shadow_leave(struct probe_word *word, enum held_mode mode)
{
	if (detector_is_on(&shadow_owners) && load_relaxed(&word->inside) >= part_of(mode))
		fetch_sub_relaxed(&word->inside, part_of(mode));
}

static void owner_acquired(const struct lock_event *event)
{
	if (event->word)
		shadow_enter(event->word, event->lock, event->rank, event->mode, event->site);
}

static void owner_released(const struct lock_event *event)
{
	if (event->word)
		shadow_leave(event->word, event->mode);
}

static void owner_downgraded(const struct lock_event *event)
{
	if (event->word && detector_is_on(&shadow_owners))
		fetch_sub_relaxed(&event->word->inside, part_of(HELD_WRITE) - part_of(HELD_READ));
}

static const struct lock_subscriber shadow = {
	.acquired = owner_acquired,
	.released = owner_released,
	.downgraded = owner_downgraded,
};
LOCK_SUBSCRIBER(shadow);

void shadow_met_writer(const void *lock, enum lock_rank rank, const char *site, const void *by)
{
	if (detector_is_on(&shadow_owners))
		conflict(lock, rank, HELD_READ, site, SHADOW_WRITER * (NR_CPUS + 1), by);
}
#endif
