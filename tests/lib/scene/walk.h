/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.h - page walks written down call by call, and a model that says what each must do.
 *
 * What the callbacks answer follows from the plan's seed and the number of the call, so the walk and the model make the
 * same choices as long as they make the same calls.
 */
#ifndef FAULTLINE_TESTS_LIB_SCENE_WALK_H
#define FAULTLINE_TESTS_LIB_SCENE_WALK_H

#include "core/mm/pagewalk.h"
#include "core/pgtable/swapent.h"

enum walk_call {
	CALL_PGD, CALL_P4D, CALL_PUD, CALL_PMD, CALL_PTE,	/* numbered as enum pgtable_level */
	CALL_HOLE, CALL_TEST, CALL_PRE, CALL_POST, CALL_INSTALL,
	NR_WALK_CALLS
};

enum walk_way { WALK_RANGE_MM, WALK_RANGE, WALK_NOVMA, WALK_VMA_RANGE, WALK_WHOLE_VMA };

struct walk_plan {
	unsigned int calls;		/* 1 << enum walk_call: callbacks that are there */
	uint64_t seed;
	unsigned int stops;		/* of 4096 calls, how many answer with a stop or an error */
	unsigned int actions;		/* of 4096 calls, how many set an action */
	enum walk_way way;
	enum page_walk_lock lock;
	struct mm_struct *mm;
	struct vm_area_struct *vma;	/* WALK_VMA_RANGE, WALK_WHOLE_VMA */
	pgd_t *pgd;			/* WALK_NOVMA: another root, or NULL */
	unsigned long start, end;
};

struct walk_record {
	enum walk_call call;
	int depth;			/* CALL_HOLE */
	unsigned long addr, next;
	const struct vm_area_struct *vma;
	uint64_t value;			/* CALL_PTE: the entry */
};

#define WALK_MAX_CALLS	20000u		/* the last one stops the walk */

struct walk_log {
	int ret;
	unsigned long agains;		/* entries that were looked at once more */
	unsigned int nr;
	struct walk_record record[WALK_MAX_CALLS];
};

struct walk_answer {
	int ret;
	bool sets_action;
	enum page_walk_action action;
};

/* What call number @nr answers. */
struct walk_answer walk_answer(const struct walk_plan *plan, enum walk_call call, unsigned int nr);
/* The entry that install_pte gives at call number @nr. */
static inline pte_t walk_installed(unsigned int nr)
{
	return make_swapent(SWAPENT_GUARD, nr + 1);
}

static inline bool walk_calls(const struct walk_plan *plan, enum walk_call call)
{
	return plan->calls & (1u << call);
}

/*
 * Does the walk. Dies when a callback gets a wrong pointer or is called without the documented locks.
 * Locking: mmap_lock as @plan->lock needs; for write if WALK_NOVMA.
 */
void walk_run(const struct walk_plan *plan, struct walk_log *log);

/* ---- the model ---- */
#define MODEL_MAX_TABLES	128

/* A page table: which level its entries are of, the first address it maps; a PTE table's entries too. */
struct model_table {
	enum pgtable_level level;
	unsigned long first;
	uint64_t *slots;
};

struct model_tree {
	unsigned int nr;
	struct model_table table[MODEL_MAX_TABLES];
};

/* A copy of what is there now. */
void model_tree_copy(struct model_tree *tree, struct mm_struct *mm);
/* True when the mm's tables hold what the model says; else says on stderr where they differ. */
bool model_tree_equal(const struct model_tree *tree, struct mm_struct *mm);
void model_tree_free(struct model_tree *tree);

/* What the walk must do in @tree, with the VMAs @vmas in order; @tree is changed as the walk changes the tables. */
void walk_model(const struct walk_plan *plan, struct model_tree *tree, struct vm_area_struct *const *vmas,
		unsigned int nr_vmas, struct walk_log *log);

/* True when both are the same; else says on stderr where they part. */
bool walk_logs_equal(const struct walk_log *got, const struct walk_log *want);

#endif
