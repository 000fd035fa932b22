/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.c - the kinds of objects, and the notification of their subscribers. */
#include "core/probe/object.h"

#if FAULTLINE_CHECK
#include "core/base/assert.h"

/* Bounds of the sections of entries; one empty entry each makes sure that the section exists. */
static struct object_kind *const no_kind __attribute__((section("faultline_object_kinds"), used)) = NULL;
extern struct object_kind *const __start_faultline_object_kinds[];
extern struct object_kind *const __stop_faultline_object_kinds[];
static const struct object_subscriber *const no_subscriber
	__attribute__((section("faultline_object_subscribers"), used)) = NULL;
extern const struct object_subscriber *const __start_faultline_object_subscribers[];
extern const struct object_subscriber *const __stop_faultline_object_subscribers[];

static __attribute__((constructor)) void number_the_kinds(void)
{
	unsigned int index = 0;

	for (struct object_kind *const *p = __start_faultline_object_kinds; p < __stop_faultline_object_kinds; p++)
		if (*p)
			(*p)->index = index++;
	BUG_ON(index > MAX_OBJECT_KINDS);
}

const struct object_kind *object_kind(unsigned int index)
{
	struct object_kind *const *p;

	for (p = __start_faultline_object_kinds; p < __stop_faultline_object_kinds; p++)
		if (*p && (*p)->index == index)
			return *p;
	return NULL;
}

#define NOTIFY(what, event) do { \
	for (const struct object_subscriber *const *p_ = __start_faultline_object_subscribers; \
	     p_ < __stop_faultline_object_subscribers; p_++) \
		if (*p_ && (*p_)->what) \
			(*p_)->what(event); \
} while (0)

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
