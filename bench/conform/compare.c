/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.c - two states, masked to what both sides know: each difference once, VMAs first. */
#include "bench/conform/compare.h"

#include <stdlib.h>
#include <string.h>

/* ---- frames ---- */

/* Each process has a frame for each page at most. At most half full. */
#define NR_CLASSES	(2u * NR_PROCESSES * WINDOW_PAGES_MAX)

struct frame_class {
	uint32_t round;		/* that of its last use; else it is empty */
	uint32_t frame, other;
};

struct frame_classes {
	uint32_t round;
	struct frame_class live[NR_CLASSES], core[NR_CLASSES];
};

struct frame_classes *frame_classes_create(void)
{
	return calloc(1, sizeof(struct frame_classes));
}

void frame_classes_free(struct frame_classes *classes)
{
	free(classes);
}

void frame_classes_begin(struct frame_classes *classes)
{
	classes->round++;
}

/* The frame of the other side that @frame was first seen with: from now on @other, if this is the first time. */
static uint32_t partner(struct frame_class *table, uint32_t round, uint32_t frame, uint32_t other)
{
	uint32_t i = frame * 2654435761u % NR_CLASSES;

	while (table[i].round == round && table[i].frame != frame)
		i = (i + 1) % NR_CLASSES;
	if (table[i].round != round)
		table[i] = (struct frame_class){ round, frame, other };
	return table[i].other;
}

/* ---- states ---- */
struct side_knows knows_both(const struct side_knows *live, const struct side_knows *core)
{
	return (struct side_knows){
		.page_bits = live->page_bits & core->page_bits,
		.vm_flags = live->vm_flags & core->vm_flags,
		.frames = live->frames && core->frames,
		.mapcounts = live->mapcounts && core->mapcounts,
		.rss = live->rss && core->rss,
		.sizes = live->sizes && core->sizes,
	};
}

static bool same_vma(const struct vma_state *live, const struct vma_state *core, unsigned int vm_flags)
{
	return live->first == core->first && live->end == core->end && live->prot == core->prot &&
	       live->shared == core->shared && live->file == core->file &&
	       (!live->file || live->pgoff == core->pgoff) && !((live->vm_flags ^ core->vm_flags) & vm_flags);
}

static bool vmas_agree(const struct process_state *live, const struct process_state *core,
		       const struct side_knows *both, unsigned int process, difference_fn excuse, void *arg)
{
	struct difference difference = {
		.kind = DIFFER_VMAS, .process = process, .live = live->nr_vmas, .core = core->nr_vmas,
	};
	unsigned int vm_flags = live->detailed && core->detailed ? both->vm_flags : 0, i = 0;

	while (i < live->nr_vmas && i < core->nr_vmas && same_vma(&live->vmas[i], &core->vmas[i], vm_flags))
		i++;
	if (i == live->nr_vmas && i == core->nr_vmas)
		return true;
	difference.page = i;
	return excuse(arg, &difference);
}

static bool bits_agree(const struct page_state *live, const struct page_state *core, uint16_t mask,
		       struct difference *difference, difference_fn excuse, void *arg)
{
	unsigned int left = (live->bits ^ core->bits) & mask;

	difference->kind = DIFFER_PAGE;
	for (unsigned int bit; left; left &= ~bit) {
		bit = left & -left;
		difference->bit = bit;
		difference->live = !!(live->bits & bit);
		difference->core = !!(core->bits & bit);
		if (!excuse(arg, difference))
			return false;
	}
	return true;
}

static bool frames_agree(const struct page_state *live, const struct page_state *core, struct frame_classes *classes,
			 struct difference *difference, difference_fn excuse, void *arg)
{
	if (!live->frame || !core->frame)
		return true;	/* one is not present: that differs already */
	difference->kind = DIFFER_FRAME;
	difference->live = live->frame;
	difference->core = core->frame;
	return (partner(classes->live, classes->round, live->frame, core->frame) == core->frame &&
		partner(classes->core, classes->round, core->frame, live->frame) == live->frame) ||
	       excuse(arg, difference);
}

static bool page_agrees(const struct page_state *live, const struct page_state *core, const struct side_knows *both,
			struct frame_classes *classes, struct difference *difference, difference_fn excuse, void *arg)
{
	const uint16_t mask = both->page_bits & (uint16_t)~(live->unknown | core->unknown);

	if (((live->bits ^ core->bits) & mask) && !bits_agree(live, core, mask, difference, excuse, arg))
		return false;
	if (both->mapcounts && live->mapcount != core->mapcount && !((live->bits | core->bits) & PAGE_ZEROES)) {
		difference->kind = DIFFER_MAPCOUNT;
		difference->live = live->mapcount;
		difference->core = core->mapcount;
		if (!excuse(arg, difference))
			return false;
	}
	return !classes || !both->frames || frames_agree(live, core, classes, difference, excuse, arg);
}

/* Counts that a side does not know are below 0. */
static bool counts_agree(const struct process_state *live, const struct process_state *core, unsigned int process,
			 difference_fn excuse, void *arg)
{
	const long counts[][2] = {
		[COUNT_ANON] = { live->rss_anon, core->rss_anon }, [COUNT_FILE] = { live->rss_file, core->rss_file },
		[COUNT_SHMEM] = { live->rss_shmem, core->rss_shmem },
		[COUNT_SWAP] = { live->swap_entries, core->swap_entries },
		[COUNT_LOCKED] = { live->locked, core->locked }, [COUNT_TOTAL] = { live->total, core->total },
	};
	struct difference difference = { .kind = DIFFER_COUNT, .process = process };

	for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		difference.page = i;
		difference.live = counts[i][0];
		difference.core = counts[i][1];
		if (counts[i][0] >= 0 && counts[i][1] >= 0 && counts[i][0] != counts[i][1] &&
		    !excuse(arg, &difference))
			return false;
	}
	return true;
}

bool state_has_files(const struct process_state *state)
{
	for (unsigned int i = 0; i < state->nr_vmas; i++)
		if (state->vmas[i].file || state->vmas[i].shared)
			return true;
	return false;
}

/* Files of the live kernel are in memory alone, and always dirty once they were written to; the core's are not. */
static bool sizes_agree(const struct process_state *live, const struct process_state *core, unsigned int process,
			difference_fn excuse, void *arg)
{
	struct difference difference = { .kind = DIFFER_SIZE, .process = process };

	for (unsigned int i = state_has_files(live) ? SIZE_PSS_DIRTY + 1 : 0; i < NR_SIZES; i++) {
		difference.page = i;
		difference.live = live->sizes[i];
		difference.core = core->sizes[i];
		if (live->sizes[i] != core->sizes[i] && !excuse(arg, &difference))
			return false;
	}
	return true;
}

bool states_agree(const struct process_state *live, const struct process_state *core, long pages,
		  const struct side_knows *both, unsigned int process, struct frame_classes *classes,
		  difference_fn excuse, void *arg)
{
	struct difference difference = { .process = process };

	if (!vmas_agree(live, core, both, process, excuse, arg))
		return false;
	for (long i = 0; i < pages; i++) {
		difference.page = i;
		if (!page_agrees(&live->pages[i], &core->pages[i], both, classes, &difference, excuse, arg))
			return false;
	}
	if (both->sizes && live->detailed && core->detailed && !sizes_agree(live, core, process, excuse, arg))
		return false;
	return !both->rss || counts_agree(live, core, process, excuse, arg);
}
