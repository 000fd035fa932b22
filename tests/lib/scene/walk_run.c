/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_run.c - page walks written down call by call. */
#include <stdio.h>
#include <string.h>

#include "core/mm/vma.h"
#include "core/pgtable/ptl.h"
#include "tests/lib/scene/tree.h"
#include "tests/lib/scene/walk.h"

struct run {
	const struct walk_plan *plan;
	const struct mm_walk_ops *ops;
	struct walk_log *log;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Stops and errors are rare, but for test_walk, which passes VMAs over for a living. */
static int answer_ret(const struct walk_plan *plan, enum walk_call call, uint64_t dice)
{
	if (call == CALL_POST)
		return 0;
	if (call == CALL_TEST && dice % 4 == 0)
		return 1;
	if (dice / 4 % 4096 >= plan->stops)
		return 0;
	return dice >> 32 & 1 ? 7 + (int)call : -100 - (int)call;
}

struct walk_answer walk_answer(const struct walk_plan *plan, enum walk_call call, unsigned int nr)
{
	uint64_t dice = mix(plan->seed + nr * 0x9e3779b97f4a7c15u);
	struct walk_answer answer = { .ret = answer_ret(plan, call, dice) };

	if (nr == WALK_MAX_CALLS - 1)
		answer.ret = 99;
	dice = mix(dice + 1);
	/* Entries of a PTE table are many, so they ask for another round less often. */
	answer.sets_action = dice % 4096 < (call == CALL_PTE ? plan->actions / 256 : plan->actions);
	answer.action = dice >> 32 & 1 ? ACTION_CONTINUE : ACTION_AGAIN;
	return answer;
}

static struct walk_answer record(struct mm_walk *walk, struct walk_record record)
{
	struct run *run = walk->private;
	unsigned int nr = run->log->nr;
	struct walk_answer answer = walk_answer(run->plan, record.call, nr);

	BUG_ON(nr >= WALK_MAX_CALLS);
	BUG_ON(walk->mm != run->plan->mm || walk->ops != run->ops || walk->pgd != run->plan->pgd);
	BUG_ON(walk->no_vma != (run->plan->way == WALK_NOVMA) || (walk->no_vma && walk->vma));
	record.vma = walk->vma;
	run->log->record[run->log->nr++] = record;
	if (answer.sets_action)
		walk->action = answer.action;
	return answer;
}

/* Write-locked, if that is how the walk relies on it. */
static void check_vma_lock(const struct mm_walk *walk)
{
	if (FAULTLINE_CHECK && walk->vma && walk->ops->walk_lock != PGWALK_RDLOCK)
		vma_assert_write_locked(walk->vma);
}

static int on_entry(enum walk_call level, uint64_t *entry, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct run *run = walk->private;
	pgd_t *root = run->plan->pgd ? run->plan->pgd : walk->mm->pt.pgd;

	BUG_ON(entry != tree_entry(root, real_depth((enum pgtable_level)level), addr));
	check_vma_lock(walk);
	return record(walk, (struct walk_record){ .call = level, .addr = addr, .next = next }).ret;
}

static int on_pgd(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return on_entry(CALL_PGD, &pgd->val, addr, next, walk);
}

static int on_p4d(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return on_entry(CALL_P4D, &p4d->val, addr, next, walk);
}

static int on_pud(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	BUG_ON(walk->action != ACTION_SUBTREE);
	return on_entry(CALL_PUD, &pud->val, addr, next, walk);
}

static int on_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	BUG_ON(walk->action != ACTION_SUBTREE);
	return on_entry(CALL_PMD, &pmd->val, addr, next, walk);
}

/* The PTE table's lock is held, but where no VMA is looked at. */
static void check_ptl(struct mm_walk *walk, unsigned long addr)
{
	struct run *run = walk->private;
	pgd_t *root = run->plan->pgd ? run->plan->pgd : walk->mm->pt.pgd;
	pmd_t *pmdp = (pmd_t *)(void *)tree_entry(root, real_depth(LEVEL_PMD), addr);

	BUG_ON(spin_is_locked(pte_lockptr(&walk->mm->pt, pmdp, pmdp_get(pmdp))) == walk->no_vma);
}

static int on_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct run *run = walk->private;
	pgd_t *root = run->plan->pgd ? run->plan->pgd : walk->mm->pt.pgd;

	BUG_ON(&pte->val != tree_entry(root, LEVEL_PTE, addr));
	check_vma_lock(walk);
	check_ptl(walk, addr);
	return record(walk, (struct walk_record){ CALL_PTE, 0, addr, next, NULL, ptep_get(pte).val }).ret;
}

static int on_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	return record(walk, (struct walk_record){ .call = CALL_HOLE, .addr = addr, .next = next, .depth = depth }).ret;
}

static int on_test(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	check_vma_lock(walk);
	return record(walk, (struct walk_record){ .call = CALL_TEST, .addr = addr, .next = next }).ret;
}

static int on_pre(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	check_vma_lock(walk);
	return record(walk, (struct walk_record){ .call = CALL_PRE, .addr = start, .next = end }).ret;
}

static void on_post(struct mm_walk *walk)
{
	check_vma_lock(walk);
	record(walk, (struct walk_record){ .call = CALL_POST });
}

static int on_install(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	struct run *run = walk->private;

	check_ptl(walk, addr);
	*ptep = walk_installed(run->log->nr);
	return record(walk, (struct walk_record){ .call = CALL_INSTALL, .addr = addr, .next = next }).ret;
}

void walk_run(const struct walk_plan *plan, struct walk_log *log)
{
	const struct mm_walk_ops ops = {
		.pgd_entry = walk_calls(plan, CALL_PGD) ? on_pgd : NULL,
		.p4d_entry = walk_calls(plan, CALL_P4D) ? on_p4d : NULL,
		.pud_entry = walk_calls(plan, CALL_PUD) ? on_pud : NULL,
		.pmd_entry = walk_calls(plan, CALL_PMD) ? on_pmd : NULL,
		.pte_entry = walk_calls(plan, CALL_PTE) ? on_pte : NULL,
		.pte_hole = walk_calls(plan, CALL_HOLE) ? on_hole : NULL,
		.test_walk = walk_calls(plan, CALL_TEST) ? on_test : NULL,
		.pre_vma = walk_calls(plan, CALL_PRE) ? on_pre : NULL,
		.post_vma = walk_calls(plan, CALL_POST) ? on_post : NULL,
		.install_pte = walk_calls(plan, CALL_INSTALL) ? on_install : NULL,
		.walk_lock = plan->lock,
	};
	struct run run = { plan, &ops, log };

	log->nr = 0;
	log->agains = events_total(EV_WALK_AGAIN);
	switch (plan->way) {
	case WALK_RANGE_MM:
		log->ret = walk_page_range_mm(plan->mm, plan->start, plan->end, &ops, &run);
		break;
	case WALK_RANGE:
		log->ret = walk_page_range(plan->mm, plan->start, plan->end, &ops, &run);
		break;
	case WALK_NOVMA:
		log->ret = walk_page_range_novma(plan->mm, plan->start, plan->end, &ops, plan->pgd, &run);
		break;
	case WALK_VMA_RANGE:
		log->ret = walk_page_range_vma(plan->vma, plan->start, plan->end, &ops, &run);
		break;
	case WALK_WHOLE_VMA:
		log->ret = walk_page_vma(plan->vma, &ops, &run);
		break;
	}
	log->agains = events_total(EV_WALK_AGAIN) - log->agains;
}

static bool same(const struct walk_record *a, const struct walk_record *b)
{
	return a->call == b->call && a->depth == b->depth && a->addr == b->addr && a->next == b->next &&
	       a->vma == b->vma && a->value == b->value;
}

static void print_calls(const char *who, const struct walk_log *log, unsigned int nr)
{
	static const char *const names[] = {
		"pgd", "p4d", "pud", "pmd", "pte", "hole", "test", "pre", "post", "install"
	};
	const struct walk_record *r = &log->record[nr];

	if (nr >= log->nr) {
		fprintf(stderr, "%s: no call %u, %d returned\n", who, nr, log->ret);
		return;
	}
	fprintf(stderr, "%s: call %u %s %lx-%lx depth %d vma %p value %lx\n", who, nr, names[r->call], r->addr, r->next,
		r->depth, (const void *)r->vma, (unsigned long)r->value);
}

bool walk_logs_equal(const struct walk_log *got, const struct walk_log *want)
{
	unsigned int nr = 0;

	while (nr < got->nr && nr < want->nr && same(&got->record[nr], &want->record[nr]))
		nr++;
	if (nr == got->nr && nr == want->nr && got->ret == want->ret && got->agains == want->agains)
		return true;
	fprintf(stderr, "walk: %d, %lu times again; model: %d, %lu times again\n", got->ret, got->agains, want->ret,
		want->agains);
	print_calls("walk", got, nr);
	print_calls("model", want, nr);
	return false;
}
