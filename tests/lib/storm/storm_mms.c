/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_mms.c - the address spaces of a storm, which come and go, and what each may find in its pages. */
#include "tests/lib/storm/storm_mms.h"

#include <stdlib.h>

#define TO_ITSELF	(1u << 31)	/* in users */
#define TRIES		8

/* A word of a page: its index, who wrote it, and when. */
#define INDEX_SHIFT	40
#define ID_SHIFT	24
#define ID_LIMIT	(1u << (INDEX_SHIFT - ID_SHIFT))
#define EPOCH_LIMIT	(1u << ID_SHIFT)

/* ---- places ---- */

static bool enter(struct storm_mm *place)
{
	uint32_t users = load_relaxed(&place->users);

	do {
		if (users & TO_ITSELF)
			return false;
	} while (!try_cmpxchg_acquire(&place->users, &users, users + 1));
	return true;
}

struct storm_mm *storm_mm_enter(struct storm_mms *mms)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		struct storm_mm *place = &mms->place[rng_below(&this_cpu->rng, mms->nr)];

		if (enter(place))
			return place;
	}
	return NULL;
}

void storm_mm_leave(struct storm_mm *place)
{
	fetch_sub_release(&place->users, 1u);
}

static bool have_to_itself(struct storm_mm *place)
{
	uint32_t none = 0;

	return try_cmpxchg_acquire(&place->users, &none, TO_ITSELF);
}

static void open_again(struct storm_mm *place)
{
	store_release(&place->users, 0u);
}

/* ---- mms ---- */

static void mirror_it(const struct storm_mms *mms, struct storm_mm *place)
{
	place->mirror = malloc(sizeof(*place->mirror));
	BUG_ON(!place->mirror || hmm_mirror_create(place->mirror, place->mm, mms->mirror_start, mms->mirror_end));
}

static void retire(struct storm_mm *place)
{
	if (place->mirror)
		hmm_mirror_destroy(place->mirror);
	free(place->mirror);
	place->mirror = NULL;
	mm_exit(place->mm);
}

static void settle(struct storm_mms *mms, struct storm_mm *place, struct mm_struct *mm)
{
	BUG_ON(!mm);
	place->mm = mm;
	place->id = fetch_add_relaxed(&mms->next_id, 1u) + 1;
	BUG_ON(place->id >= ID_LIMIT);
	place->epoch = 1;
	place->depth = 0;
	if (mms->mirror_end)
		mirror_it(mms, place);
}

void storm_mms_start(struct storm_mms *mms, const struct mm_policy *policy, unsigned int nr)
{
	BUG_ON(!nr || nr > STORM_MAX_MMS);
	*mms = (struct storm_mms){ .policy = *policy, .nr = nr };
	for (unsigned int i = 0; i < nr; i++)
		settle(mms, &mms->place[i], mm_create(policy));
}

void storm_mms_mirror(struct storm_mms *mms, unsigned long start, unsigned long end)
{
	mms->mirror_start = start;
	mms->mirror_end = end;
	for (unsigned int i = 0; i < mms->nr; i++)
		mirror_it(mms, &mms->place[i]);
}

void storm_mms_stop(struct storm_mms *mms)
{
	for (unsigned int i = 0; i < mms->nr; i++)
		retire(&mms->place[i]);
}

static void settle_child(struct storm_mms *mms, struct storm_mm *place, struct storm_mm *parent)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(parent->mm, &child));
	settle(mms, place, child);
	for (; place->depth < parent->depth; place->depth++)
		place->ancestor[place->depth] = parent->ancestor[place->depth];
	place->ancestor[place->depth].id = parent->id;
	place->ancestor[place->depth++].epoch = fetch_add_acq_rel(&parent->epoch, 1u);
}

void storm_mm_fork(struct storm_mms *mms, struct storm_mm *parent)
{
	struct storm_mm *place = &mms->place[rng_below(&this_cpu->rng, mms->nr)];

	if (place == parent || !have_to_itself(place))
		return;
	retire(place);
	if (parent->depth < STORM_DEPTH)
		settle_child(mms, place, parent);
	else
		settle(mms, place, mm_create(&mms->policy));
	open_again(place);
}

/* ---- what pages hold ---- */

uint64_t storm_word(const struct storm_mm *place, unsigned long index)
{
	uint32_t epoch = load_acquire(&place->epoch);

	BUG_ON(epoch >= EPOCH_LIMIT);
	return (uint64_t)index << INDEX_SHIFT | (uint64_t)place->id << ID_SHIFT | epoch;
}

void storm_word_check_index(unsigned long index, uint64_t word)
{
	if (word >> INDEX_SHIFT != (index & (~0ull >> INDEX_SHIFT)))
		BUG("page %lx holds what was written to page %lx", index, (unsigned long)(word >> INDEX_SHIFT));
}

void storm_word_check(const struct storm_mm *place, unsigned long index, uint64_t word)
{
	uint32_t id = (uint32_t)(word >> ID_SHIFT) & (ID_LIMIT - 1), epoch = word & (EPOCH_LIMIT - 1);

	if (!word)
		return;
	storm_word_check_index(index, word);
	if (id == place->id)
		return;
	for (unsigned int i = 0; i < place->depth; i++) {
		if (place->ancestor[i].id != id)
			continue;
		if (epoch > place->ancestor[i].epoch)
			BUG("page %lx holds what an ancestor wrote after the fork", index);
		return;
	}
	BUG("page %lx holds what another mm wrote, and no ancestor", index);
}
