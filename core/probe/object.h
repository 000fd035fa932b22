/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object.h - what happens to objects: their owners report it here, and subscribers are notified.
 *
 *   linked     the object is allocated, and its owner links it or is about to
 *   unlinked   it is unreachable for new readers; may be reported again
 *   freed      about to be freed
 *   reused     memory that late readers may still find begins another life
 *   seen       a reader found it, in the section in which it reports this
 *
 * An owner defines the kind beside its code with DEFINE_OBJECT_KIND(), and has a struct object_probe in each object. A
 * subscriber is one file with an OBJECT_SUBSCRIBER(): host/age.c, probe/leaks.c. They are called in the linker's order,
 * and do not rely on it. Builds without FAULTLINE_CHECK have neither.
 */
#ifndef FAULTLINE_CORE_PROBE_OBJECT_H
#define FAULTLINE_CORE_PROBE_OBJECT_H

#include "core/base/compiler.h"

/* A word in each object for its subscribers. Lock key: (A) atomic. Empty in builds without FAULTLINE_CHECK. */
struct object_probe {
#if FAULTLINE_CHECK
	unsigned long gone;	/* (A) host/age.c: grace_periods() + 1 at the unlink; 0: linked */
#endif
};

struct object_kind;

/* Declares what DEFINE_OBJECT_KIND() defines, in a header. */
#define DECLARE_OBJECT_KIND(id)	extern struct object_kind kind_##id

#if FAULTLINE_CHECK
#define MAX_OBJECT_KINDS	16

/* Lock key: (C) const once main() runs */
struct object_kind {
	const char *name;	/* (C) for people, in the plural */
	unsigned int index;	/* (C) below MAX_OBJECT_KINDS */
};

#define DEFINE_OBJECT_KIND(id, text) \
	struct object_kind kind_##id = { .name = (text) }; \
	static struct object_kind *const kind_##id##_entry_ \
		__attribute__((section("faultline_object_kinds"), used)) = &kind_##id

/* Returns NULL past the last one. The order is the linker's. */
const struct object_kind *object_kind(unsigned int index);

/* No lock key: on the reporting thread's stack. */
struct object_event {
	const struct object_kind *kind;
	struct object_probe *probe;
	const void *object;
	unsigned long least;	/* in "freed": grace periods that must have passed since the unlink */
};

/* Lock key: (C) const. NULL: not notified. */
struct object_subscriber {
	void (*linked)(const struct object_event *event);	/* (C) */
	void (*unlinked)(const struct object_event *event);	/* (C) */
	void (*freed)(const struct object_event *event);	/* (C) */
	void (*reused)(const struct object_event *event);	/* (C) */
	void (*seen)(const struct object_event *event);		/* (C) */
};

/* Adds @object, a const struct object_subscriber of the file, to the table. As DETECTOR(). */
#define OBJECT_SUBSCRIBER(object) \
	const struct object_subscriber *const object_subscriber_##object \
		__attribute__((section("faultline_object_subscribers"), used)) = &(object)

/* Each reports one event above. @least: grace periods that must have passed since the unlink. */
void object_linked(const struct object_kind *kind, struct object_probe *probe, const void *object);
void object_unlinked(const struct object_kind *kind, struct object_probe *probe, const void *object);
void object_freed(const struct object_kind *kind, struct object_probe *probe, const void *object, unsigned long least);
void object_reused(const struct object_kind *kind, struct object_probe *probe, const void *object);
void object_seen(const struct object_kind *kind, struct object_probe *probe, const void *object);
#else
#define DEFINE_OBJECT_KIND(id, text)	_Static_assert(sizeof(text) > 1, "a kind has a name")

static force_inline void object_linked(const struct object_kind *kind, const struct object_probe *probe,
				       const void *object)
{
	(void)kind, (void)probe, (void)object;
}

static force_inline void object_unlinked(const struct object_kind *kind, const struct object_probe *probe,
					 const void *object)
{
	(void)kind, (void)probe, (void)object;
}

static force_inline void object_freed(const struct object_kind *kind, const struct object_probe *probe,
				      const void *object, unsigned long least)
{
	(void)kind, (void)probe, (void)object, (void)least;
}

static force_inline void object_reused(const struct object_kind *kind, const struct object_probe *probe,
				       const void *object)
{
	(void)kind, (void)probe, (void)object;
}

static force_inline void object_seen(const struct object_kind *kind, const struct object_probe *probe,
				     const void *object)
{
	(void)kind, (void)probe, (void)object;
}
#endif

#endif
