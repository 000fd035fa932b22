/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_steps.c - a reader at a sync point, and another thread that takes its anon_vma away. */
#include "tests/lib/scene/anon_vma_steps.h"

#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/anon_vma_scene.h"

#define OTHER	(AREA + PUD_SIZE)	/* no neighbour of AREA */

static struct play {
	const struct anon_vma_step *step;
	struct mm_struct *mm, *reborn;
	struct folio *folio;
	struct anon_vma *old;
	bool mapped;			/* the folio, in the first VMA */
	unsigned int held, at_point, done;	/* steps */
} play;

static _Thread_local bool is_reader;

/* What is mapped at @addr of the play's mm, and is the folio's no more. */
static void unmap(unsigned long addr)
{
	BUG_ON(sys_munmap(play.mm, addr, PAGE_SIZE));
}

static void unmap_folio_of(unsigned long addr)
{
	folio_remove_rmap_ptes(play.folio, &play.folio->page, 1, vma_at(play.mm, addr));
	play.mapped = false;
}

static void do_event(void)
{
	switch (play.step->event) {
	case NOTHING:
		break;
	case REBORN:
	case DIES:
		unmap_folio_of(AREA);
		unmap(AREA);
		if (play.step->event == REBORN)
			play.reborn = mm_prepared(play.step->policy, 1);
		break;
	case MOVES:
		folio_move_anon_rmap(play.folio, vma_at(play.mm, OTHER));
		unmap(AREA);
		break;
	}
}

/* The other thread: holds the lock if the step wants that, until the reader stands still. */
static void other_thread(void *arg, unsigned int index)
{
	const struct anon_vma_step *step = play.step;

	(void)arg, (void)index;
	if (step->locked)
		anon_vma_lock_write(play.old);
	step_reach(&play.held, 1);
	if (step->point)
		step_await(&play.at_point, 1);
	if (step->locked)
		anon_vma_unlock_write(play.old);
	do_event();
	step_reach(&play.done, 1);
	frame_drain_cpu();
}

static void stand_still(void *arg)
{
	(void)arg;
	if (!is_reader || load_relaxed(&play.at_point))
		return;
	step_reach(&play.at_point, 1);
	step_await(&play.done, 1);
}

static struct anon_vma *come_by(struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma;

	is_reader = true;
	if (play.step->by_ref)
		anon_vma = folio_get_anon_vma(play.folio);
	else
		anon_vma = folio_lock_anon_vma_read(play.folio, rwc);
	is_reader = false;
	return anon_vma;
}

static void let_go(struct anon_vma *anon_vma)
{
	if (play.step->by_ref)
		put_anon_vma(anon_vma);
	else
		anon_vma_unlock_read(anon_vma);
}

static void set_up(const struct anon_vma_step *step)
{
	play = (struct play) { .step = step, .mm = mm_prepared(step->policy, 1), .mapped = true };
	map_at(play.mm, OTHER, PAGE_SIZE, READ_WRITE);
	BUG_ON(prepare_at(play.mm, OTHER));
	play.old = anon_vma_at(play.mm, AREA);
	play.folio = map_folio(play.mm, AREA);
}

static void tear_down(void)
{
	if (play.mapped)
		unmap_folio_of(play.step->event == MOVES ? OTHER : AREA);
	folio_put(play.folio);
	mm_exit(play.mm);
	if (play.reborn)
		mm_exit(play.reborn);
	rcu_barrier();
}

enum anon_vma_got anon_vma_step_play(const struct anon_vma_step *step)
{
	struct rmap_walk_control rwc = { .try_lock = step->try_lock };
	enum anon_vma_got got = GOT_NULL;
	struct test_threads *threads;
	struct anon_vma *anon_vma;

	set_up(step);
	if (step->point)
		BUG_ON(syncpoint_hook(step->point, stand_still, NULL));
	threads = threads_start(1, other_thread, NULL);
	step_await(step->point ? &play.held : &play.done, 1);
	if (!step->point)
		rcu_barrier();	/* what was freed is gone */
	anon_vma = come_by(&rwc);
	if (anon_vma) {
		got = anon_vma == play.old ? GOT_OLD : GOT_NEW;
		let_go(anon_vma);
	} else if (rwc.contended) {
		got = GOT_CONTENDED;
	}
	step_reach(&play.at_point, 1);	/* a reader that never came to the point */
	threads_join(threads);
	syncpoint_hook(NULL, NULL, NULL);
	tear_down();
	return got;
}
