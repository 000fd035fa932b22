/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - the locking choices of one mm, made at run time, and the presets that replay Linux's history.
 *
 * A choice costs a predictable branch where it is used, never an indirect call.
 */
#ifndef FAULTLINE_CORE_POLICY_POLICY_H
#define FAULTLINE_CORE_POLICY_POLICY_H

#include "core/pgtable/mm_policy.h"

/* A preset: a policy with the name of the Linux release that first behaved so. */
struct policy_preset {
	const char *name, *what;
	struct mm_policy policy;
};

extern const struct policy_preset policy_presets[];
extern const unsigned int nr_policy_presets;

/* The preset of that name; NULL when there is none. */
const struct policy_preset *policy_find(const char *name);
/* linux-6.15: split PTLs at both levels, vm_refcnt, RCU-freed tables. */
const struct policy_preset *policy_default(void);
/*
 * policy_parse - @text is a preset's name, then any number of ",key=value" that change it: pte_ptl= (mm, pmd, pte),
 * pmd_ptl= (mm, pmd), spin= (ttas, ticket, queued, futex), vma_lock= (none, rwsem, refcnt), tables= (rcu, shootdown),
 * reclaim=, downgrade= (on, off), anon_vma= (typesafe, call_rcu), anon= (4k … 1m, powers of two). Returns 0; -EINVAL, with the reason in @why; -ENOMEM.
 */
int policy_parse(const char *text, struct mm_policy *policy, char *why, size_t why_size);
/* Every choice, as "key=value,key=value". */
void policy_describe(const struct mm_policy *policy, char *text, size_t size);

#endif
