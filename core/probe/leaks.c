/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leaks.c - objects that were linked and never freed, by kind, with the oldest few.
 *
 * Live objects are in one table; an object's slot is one of the WINDOW from its hash on. An object that finds none free
 * is not recorded, and its free has no effect: a full table misses leaks, but reports none that is not there. All
 * accesses are relaxed, so that the table adds no order to code that has lost its own: an object's owner orders its
 * events.
 */
#include "core/probe/object.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/probe/detector.h"

#if FAULTLINE_CHECK
#define SLOT_BITS	16
#define WINDOW		32
#define NR_OLDEST	3
#define GROUP		128		/* slots, of which some are used or none: short-lived processes use few */

/* Lock key: (A) atomic */
struct slot {
	uintptr_t object;	/* (A) 0: free */
	uint64_t since;		/* (A) clock_ticks() */
	unsigned int kind;	/* (A) */
};

static struct slot slots[1u << SLOT_BITS];
static bool used[ARRAY_SIZE(slots) / GROUP];	/* (A) a slot of the group was taken since the process began */

/* @slot or the next one whose group is used; NULL past the last one. */
static struct slot *used_slot(struct slot *slot)
{
	unsigned int i = (unsigned int)(slot - slots);

	while (i < ARRAY_SIZE(slots) && !load_relaxed(&used[i / GROUP]))
		i = (i / GROUP + 1) * GROUP;
	return i < ARRAY_SIZE(slots) ? &slots[i] : NULL;
}

#define for_each_used_slot(slot) \
	for (struct slot *slot = used_slot(slots); slot; slot = used_slot(slot + 1))

static void leaks_reset(void)
{
	for_each_used_slot(slot)
		store_relaxed(&slot->object, (uintptr_t)0);
}

/* The objects of one kind that are recorded, and the oldest of them first. */
struct live {
	unsigned long count;
	unsigned int nr_oldest;
	const struct slot *oldest[NR_OLDEST];
};

static void note_live(struct live *live, const struct slot *slot)
{
	uint64_t since = load_relaxed(&slot->since);
	unsigned int at = live->nr_oldest;

	live->count++;
	while (at && load_relaxed(&live->oldest[at - 1]->since) > since)
		at--;
	if (at == NR_OLDEST)
		return;
	if (live->nr_oldest < NR_OLDEST)
		live->nr_oldest++;
	for (unsigned int i = live->nr_oldest - 1; i > at; i--)
		live->oldest[i] = live->oldest[i - 1];
	live->oldest[at] = slot;
}

static struct live live_of(unsigned int kind)
{
	struct live live = { 0 };

	for_each_used_slot(slot)
		if (load_relaxed(&slot->object) && load_relaxed(&slot->kind) == kind)
			note_live(&live, slot);
	return live;
}

static unsigned long print_live(FILE *out, const char *before)
{
	const struct object_kind *kind;
	uint64_t now = clock_ticks();
	unsigned long sum = 0;

	for (unsigned int i = 0; (kind = object_kind(i)); i++) {
		struct live live = live_of(i);

		if (!live.count)
			continue;
		sum += live.count;
		fprintf(out, "%s%lu of the %s linked and not freed, the oldest:", before, live.count, kind->name);
		for (unsigned int old = 0; old < live.nr_oldest; old++)
			fprintf(out, " %#lx since %.3f ms", (unsigned long)load_relaxed(&live.oldest[old]->object),
				(double)(now - load_relaxed(&live.oldest[old]->since)) * clock_ns_per_tick() / 1e6);
		fputc('\n', out);
	}
	return sum;
}

static void leaks_report(FILE *out, bool full)
{
	(void)full;
	fputs("live objects:\n", out);
	if (!print_live(out, "  "))
		fputs("  none\n", out);
}

static unsigned long leaks_at_end(FILE *out)
{
	unsigned long leaked = print_live(out, "object leak: ");

	leaks_reset();
	return leaked;
}

static struct detector leaks = {
	.name = "leaks",
	.what = "objects linked and never freed, by kind, where a run ends",
	.reset = leaks_reset,
	.report = leaks_report,
	.at_end = leaks_at_end,
};
DETECTOR(leaks);

static struct slot *slot_of(const void *object, unsigned int i)
{
	uint64_t hash = (uint64_t)(uintptr_t)object * 0x9e3779b97f4a7c15u >> (64 - SLOT_BITS);

	return &slots[(hash + i) & ((1u << SLOT_BITS) - 1)];
}

/* Makes the slot with @from the slot with @to: 0 is a free one. NULL: there is none. */
static struct slot *change_slot(const void *object, uintptr_t from, uintptr_t to)
{
	for (unsigned int i = 0; i < WINDOW; i++) {
		struct slot *slot = slot_of(object, i);
		uintptr_t seen = load_relaxed(&slot->object);

		if (seen == from && try_cmpxchg_relaxed(&slot->object, &seen, to))
			return slot;
	}
	return NULL;
}

static void leak_linked(const struct object_event *event)
{
	struct slot *slot;

	if (!detector_is_on(&leaks))
		return;
	slot = change_slot(event->object, 0, (uintptr_t)event->object);
	if (!slot)
		return;
	if (!load_relaxed(&used[(slot - slots) / GROUP]))
		store_relaxed(&used[(slot - slots) / GROUP], true);
	store_relaxed(&slot->since, clock_ticks());
	store_relaxed(&slot->kind, event->kind->index);
}

static void leak_freed(const struct object_event *event)
{
	if (detector_is_on(&leaks))
		change_slot(event->object, (uintptr_t)event->object, 0);
}

static const struct object_subscriber live_objects = {
	.linked = leak_linked,
	.freed = leak_freed,
};
OBJECT_SUBSCRIBER(live_objects);
#endif
