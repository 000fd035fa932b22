/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.c - the kinds of objects, and the notification of their subscribers. */
#include "core/probe/object.h"

#if FAULTLINE_CHECK
#include "core/base/assert.h"
#include "core/base/registry.h"

REGISTRY(struct object_kind, object_kinds);
REGISTRY(const struct object_subscriber, object_subscribers);

#define NOTIFY(what, event)	notify_registered(const struct object_subscriber, object_subscribers, what, event)

static __attribute__((constructor)) void number_the_kinds(void)
{
	unsigned int index = 0;

	for_each_registered(struct object_kind, p, object_kinds)
		(*p)->index = index++;
	BUG_ON(index > MAX_OBJECT_KINDS);
}

const struct object_kind *object_kind(unsigned int index)
{
	for_each_registered(struct object_kind, p, object_kinds)
		if ((*p)->index == index)
			return *p;
	return NULL;
}

void object_linked(const struct object_kind *kind, struct object_probe *probe, const void *object)
{
	const struct object_event event = { kind, probe, object, 0 };

	NOTIFY(linked, &event);
}

void object_unlinked(const struct object_kind *kind, struct object_probe *probe, const void *object)
{
	const struct object_event event = { kind, probe, object, 0 };

	NOTIFY(unlinked, &event);
}

void object_freed(const struct object_kind *kind, struct object_probe *probe, const void *object, unsigned long least)
{
	const struct object_event event = { kind, probe, object, least };

	NOTIFY(freed, &event);
}

void object_reused(const struct object_kind *kind, struct object_probe *probe, const void *object)
{
	const struct object_event event = { kind, probe, object, 0 };

	NOTIFY(reused, &event);
}

void object_seen(const struct object_kind *kind, struct object_probe *probe, const void *object)
{
	const struct object_event event = { kind, probe, object, 0 };

	NOTIFY(seen, &event);
}
#endif
