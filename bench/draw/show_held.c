/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_held.c - follows locks and sections from event to event. */
#include "bench/draw/show_held.h"

#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"

static struct held_lock *slot_of(struct held *held, unsigned int thread, const void *lock)
{
	for (unsigned int i = 0; i < HELD_SLOTS; i++)
		if (held->locks[thread][i].lock == lock)
			return &held->locks[thread][i];
	return NULL;
}

bool held_after(struct held *held, const struct schedule_event *event)
{
	struct held_lock *slot;

	switch ((enum schedule_event_kind)event->kind) {
	case SCHEDULE_LOCKS:
		slot = slot_of(held, event->thread, event->address);
		slot = slot ? slot : slot_of(held, event->thread, NULL);
		if (slot)
			*slot = (struct held_lock){ event->address, event->where, event->value == HELD_READ };
		return slot;
	case SCHEDULE_UNLOCKS:
		slot = slot_of(held, event->thread, event->address);
		if (slot)
			*slot = (struct held_lock){ .lock = NULL };
		return slot;
	case SCHEDULE_ENTERS:
		held->section[event->thread] = true;
		return true;
	case SCHEDULE_EXITS:
		held->section[event->thread] = false;
		return true;
	default:
		return false;
	}
}

static bool same(const struct held *one, const struct held *other)
{
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		for (unsigned int slot = 0; slot < HELD_SLOTS; slot++) {
			const struct held_lock *a = &one->locks[i][slot], *b = &other->locks[i][slot];

			if (a->lock != b->lock || a->name != b->name || a->read != b->read)
				return false;
		}
	return !memcmp(one->section, other->section, sizeof(one->section));
}

/* Which lock of a name it is makes no difference. */
static void forget_addresses(struct held *held)
{
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		for (struct held_lock *slot = held->locks[i]; slot < held->locks[i] + HELD_SLOTS; slot++)
			slot->lock = slot->lock ? "" : NULL;
}

uint32_t held_kind(struct held_kinds *kinds, const struct held *now)
{
	struct held *grown = kinds->kinds, copy = *now, *held = &copy;

	forget_addresses(held);

	for (uint32_t i = kinds->nr; i-- > 0;)
		if (same(&kinds->kinds[i], held))
			return i;
	if (kinds->nr == kinds->room) {
		kinds->room = kinds->room ? 2 * kinds->room : 64;
		grown = realloc(kinds->kinds, kinds->room * sizeof(*grown));
		if (!grown)
			exit(fail("out of memory"));
		kinds->kinds = grown;
	}
	kinds->kinds[kinds->nr] = *held;
	return kinds->nr++;
}
