/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_model.c - what a page walk must do, said once for all levels.
 *
 * The tables are a list of what they map, not a tree: an entry leads somewhere if a table of the level below is listed
 * for its address.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/scene/tree.h"
#include "tests/lib/scene/walk.h"

static enum pgtable_level real_below(enum pgtable_level level)
{
	do
		level++;
	while (!level_real(level));
	return level;
}

static unsigned long table_span(enum pgtable_level level)
{
	return level_span(level) * level_entries(level);
}

static struct model_table *find_table(struct model_tree *tree, enum pgtable_level level, unsigned long addr)
{
	unsigned long first = addr - addr % table_span(level);

	for (unsigned int i = 0; i < tree->nr; i++)
		if (tree->table[i].level == level && tree->table[i].first == first)
			return &tree->table[i];
	return NULL;
}

static struct model_table *add_table(struct model_tree *tree, enum pgtable_level level, unsigned long addr)
{
	struct model_table *table = &tree->table[tree->nr++];

	BUG_ON(tree->nr > MODEL_MAX_TABLES);
	table->level = level;
	table->first = addr - addr % table_span(level);
	table->slots = level == LEVEL_PTE ? calloc(PTRS_PER_PTE, sizeof(*table->slots)) : NULL;
	BUG_ON(level == LEVEL_PTE && !table->slots);
	return table;
}

struct copying {
	struct model_tree *tree;
	struct mm_struct *mm;
};

static void copy_table(enum pgtable_level level, unsigned long addr, void *arg)
{
	struct copying *copying = arg;
	struct model_table *table = add_table(copying->tree, level, addr);
	uint64_t *entries = tree_entry(copying->mm->pt.pgd, level, addr);

	for (unsigned int i = 0; table->slots && i < PTRS_PER_PTE; i++)
		table->slots[i] = load_relaxed(&entries[i]);
}

void model_tree_copy(struct model_tree *tree, struct mm_struct *mm)
{
	struct copying copying = { tree, mm };

	tree->nr = 0;
	tree_tables(mm, copy_table, &copying);
}

void model_tree_free(struct model_tree *tree)
{
	while (tree->nr)
		free(tree->table[--tree->nr].slots);
}

bool model_tree_equal(const struct model_tree *tree, struct mm_struct *mm)
{
	struct tree_counts counts = tree_count(mm);

	if (counts.pte_tables + counts.upper_tables != tree->nr) {
		fprintf(stderr, "%lu tables, not %u\n", counts.pte_tables + counts.upper_tables, tree->nr);
		return false;
	}
	for (unsigned int i = 0; i < tree->nr; i++) {
		const struct model_table *table = &tree->table[i];
		uint64_t *entries = tree_entry(mm->pt.pgd, table->level, table->first);

		if (!entries) {
			fprintf(stderr, "no table of level %d at %lx\n", table->level, table->first);
			return false;
		}
		for (unsigned int s = 0; table->slots && s < PTRS_PER_PTE; s++)
			if (entries[s] != table->slots[s]) {
				fprintf(stderr, "entry of %lx is %lx, not %lx\n", table->first + s * PAGE_SIZE,
					(unsigned long)entries[s], (unsigned long)table->slots[s]);
				return false;
			}
	}
	return true;
}

/* One walk: what @log has so far, and the action that the last callback left. */
struct modelling {
	const struct walk_plan *plan;
	struct model_tree *tree;
	struct vm_area_struct *vma;
	struct walk_log *log;
	bool asked_again, asked_skip;
};

/* A callback happens, if there is one; its answer. */
static int emit(struct modelling *m, struct walk_record record)
{
	struct walk_answer answer = walk_answer(m->plan, record.call, m->log->nr);

	if (!walk_calls(m->plan, record.call))
		return 0;
	record.vma = m->vma;
	m->log->record[m->log->nr++] = record;
	if (answer.sets_action) {
		m->asked_again = answer.action == ACTION_AGAIN;
		m->asked_skip = answer.action == ACTION_CONTINUE;
	}
	return answer.ret;
}

/* There is something to do below entries of @level. */
static bool wants_below(const struct walk_plan *plan, enum pgtable_level level)
{
	for (enum pgtable_level below = level + 1; below <= LEVEL_PTE; below++)
		if (walk_calls(plan, (enum walk_call)below))
			return true;
	return walk_calls(plan, CALL_INSTALL);
}

/* One slot of a PTE table. */
static int model_slot(struct modelling *m, struct model_table *table, unsigned long addr)
{
	uint64_t *slot = &table->slots[(addr - table->first) / PAGE_SIZE];
	pte_t new = walk_installed(m->log->nr);
	int ret;

	if (*slot || !walk_calls(m->plan, CALL_INSTALL))
		return emit(m, (struct walk_record){ CALL_PTE, 0, addr, addr + PAGE_SIZE, NULL, *slot });
	ret = emit(m, (struct walk_record){ .call = CALL_INSTALL, .addr = addr, .next = addr + PAGE_SIZE });
	if (!ret)
		*slot = new.val;
	return ret;
}

static int model_range(struct modelling *m, enum pgtable_level level, unsigned long start, unsigned long end);

/* One entry above PTE level over [addr, next), until no callback requests a retry. */
static int model_entry(struct modelling *m, enum pgtable_level level, unsigned long addr, unsigned long next)
{
	bool obeys = level == LEVEL_PUD || level == LEVEL_PMD;	/* only there do actions count */
	bool may_be_hole = level_real(level + 1);		/* else the entry is the one of the level below */
	int ret;

	for (;; m->log->agains++) {
		if (may_be_hole && !find_table(m->tree, real_below(level), addr)) {
			if (!walk_calls(m->plan, CALL_INSTALL))
				return emit(m,
					    (struct walk_record){ CALL_HOLE, real_depth(level), addr, next, NULL, 0 });
			add_table(m->tree, real_below(level), addr);
		}
		m->asked_again = m->asked_skip = false;
		ret = emit(m, (struct walk_record){ .call = (enum walk_call)level, .addr = addr, .next = next });
		if (ret || (obeys && m->asked_skip))
			return ret;
		if (obeys && m->asked_again)
			continue;
		m->asked_again = false;
		if (wants_below(m->plan, level))
			ret = model_range(m, level + 1, addr, next);
		/*
		 * A PTE table's callbacks may ask for its PMD entry again; what they ask for has no meaning further up.
		 */
		if (ret || level != LEVEL_PMD || !m->asked_again)
			return ret;
	}
}

static int model_range(struct modelling *m, enum pgtable_level level, unsigned long start, unsigned long end)
{
	unsigned long next;
	int ret = 0;

	for (unsigned long addr = start; addr < end && !ret; addr = next) {
		next = min(end, addr - addr % level_span(level) + level_span(level));
		if (level == LEVEL_PTE)
			ret = model_slot(m, find_table(m->tree, LEVEL_PTE, addr), addr);
		else
			ret = model_entry(m, level, addr, next);
	}
	return ret;
}

/* All of what one VMA has in [start, end). */
static int model_vma(struct modelling *m, unsigned long start, unsigned long end)
{
	int ret = emit(m, (struct walk_record){ .call = CALL_PRE, .addr = start, .next = end });

	if (ret)
		return ret;
	ret = model_range(m, LEVEL_PGD, start, end);
	emit(m, (struct walk_record){ .call = CALL_POST });
	return ret;
}

/* The same, if the VMA is to be walked at all. */
static int model_tested_vma(struct modelling *m, unsigned long start, unsigned long end)
{
	int ret = 0;

	if (walk_calls(m->plan, CALL_TEST)) {
		ret = emit(m, (struct walk_record){ .call = CALL_TEST, .addr = start, .next = end });
		return ret > 0 ? 0 : ret < 0 ? ret : model_vma(m, start, end);
	}
	if (!(m->vma->vm_flags & VM_PFNMAP))
		return model_vma(m, start, end);
	/* Not walked, and only an error can stop the walk here. */
	ret = emit(m, (struct walk_record){ .call = CALL_HOLE, .depth = -1, .addr = start, .next = end });
	return min(ret, 0);
}

static int model_vmas(struct modelling *m, struct vm_area_struct *const *vmas, unsigned int nr_vmas)
{
	unsigned long end = m->plan->end, next;
	int ret = 0;

	for (unsigned long addr = m->plan->start; addr < end && !ret; addr = next) {
		next = end;
		m->vma = NULL;
		for (unsigned int i = 0; i < nr_vmas; i++) {
			if (addr >= vmas[i]->vm_start && addr < vmas[i]->vm_end)
				m->vma = vmas[i];
			else if (vmas[i]->vm_start > addr)
				next = min(next, vmas[i]->vm_start);
		}
		if (m->vma)
			next = min(end, m->vma->vm_end);
		ret = m->vma ? model_tested_vma(m, addr, next) :
			       emit(m,
				    (struct walk_record){ .call = CALL_HOLE, .depth = -1, .addr = addr, .next = next });
	}
	return ret;
}

void walk_model(const struct walk_plan *plan, struct model_tree *tree, struct vm_area_struct *const *vmas,
		unsigned int nr_vmas, struct walk_log *log)
{
	struct modelling m = { .plan = plan, .tree = tree, .log = log, .vma = plan->vma };

	log->nr = 0;
	log->agains = 0;
	log->ret = -EINVAL;
	if (walk_calls(plan, CALL_INSTALL) && plan->way != WALK_RANGE_MM)
		return;
	if (plan->way == WALK_WHOLE_VMA) {
		log->ret = model_vma(&m, plan->vma->vm_start, plan->vma->vm_end);
		return;
	}
	if (plan->start >= plan->end)
		return;
	if (plan->way == WALK_NOVMA)
		log->ret = model_range(&m, LEVEL_PGD, plan->start, plan->end);
	else if (plan->way != WALK_VMA_RANGE)
		log->ret = model_vmas(&m, vmas, nr_vmas);
	else if (plan->start >= plan->vma->vm_start && plan->end <= plan->vma->vm_end)
		log->ret = model_vma(&m, plan->start, plan->end);
}
