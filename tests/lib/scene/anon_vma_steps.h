/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma_steps.h - a reader comes from a folio to its anon_vma, stops at a sync point, and there the anon_vma is lost
 * to it.
 *
 * Each scene ends well with nothing disabled; with the matching knock-out of the protocol a check dies.
 */
#ifndef FAULTLINE_TESTS_LIB_SCENE_ANON_VMA_STEPS_H
#define FAULTLINE_TESTS_LIB_SCENE_ANON_VMA_STEPS_H

#include "core/mm/anon_vma.h"

/* What happens while the reader stands at the point. */
enum anon_vma_event {
	NOTHING,	/* the lock is released, if it was held */
	DIES,		/* the folio is unmapped, and the VMA too: the last of its anon_vma */
	REBORN,		/* the same, and another mm gets an anon_vma from the same memory if that may be */
	/* the folio goes to another VMA of another family, as by UFFDIO_MOVE, and then its old VMA is unmapped */
	MOVES,
};

struct anon_vma_step {
	const char *policy;
	bool by_ref;		/* folio_get_anon_vma(), else folio_lock_anon_vma_read() */
	bool locked;		/* another thread holds the root's rwsem for write, until the reader is at the point */
	bool try_lock;		/* the reader does not wait */
	const char *point;	/* NULL: it happens before the reader comes */
	enum anon_vma_event event;
};

enum anon_vma_got { GOT_NULL, GOT_CONTENDED, GOT_OLD, GOT_NEW };

/*
 * Plays it, on a machine that is there. Returns what the reader got: the anon_vma the folio was mapped through at
 * first, or the one it moved to. Nothing is left afterwards. Needs FAULTLINE_CHECK.
 */
enum anon_vma_got anon_vma_step_play(const struct anon_vma_step *step);

#endif
