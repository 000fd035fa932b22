/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.c - one thread writes data, then releases a flag; another acquires the flag, then reads the data. All ORDER
 * tags without a pattern of their own have this shape: side A is a release, side B an acquire.
 */
#include "workloads/lib/litmus.h"

#define OLD	0xffu

enum { RELEASE = 1, ACQUIRE = 2, DATA_FIRST = 4 };

struct message_words {
	shared_u32 flag;
	shared_u32 data;
};

static void begin(struct message_words *s)
{
	store_relaxed(&s->flag, 0u);
	store_relaxed(&s->data, OLD);
}

static force_inline bool send(struct message_words *s, unsigned int removed)
{
	if (removed & DATA_FIRST)
		store_relaxed(&s->flag, 1u);
	store_relaxed(&s->data, 0u);
	if (removed & RELEASE)
		store_relaxed(&s->flag, 1u);
	else
		store_release(&s->flag, 1u);
	return true;
}

static force_inline bool receive(struct message_words *s, unsigned int removed)
{
	uint32_t flag = removed & ACQUIRE ? load_relaxed(&s->flag) : load_acquire(&s->flag);

	return flag && load_relaxed(&s->data) == OLD;
}

LITMUS(message, begin, send, receive,
	.name = "message",
	.forbidden = "old data behind a new flag",
	.went_on = { "released", "read old data" },
	.gave_up = { "", "read no old data" },
	.parts = {
		{ "release", "stores are seen in their order" },
		{ "acquire", "loads are made in their order" },
		{ "data-first", NULL },
	})
