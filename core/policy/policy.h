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
	const char *name;
	const char *what;		/* for lists */
	const char *news;		/* the change from the preset before it, in a few words for plots */
	bool linux_history;		/* a step of Linux's history: eras have it */
	bool is_default;		/* exactly one preset has it */
	struct mm_policy policy;
};

extern const struct policy_preset policy_presets[];
extern const unsigned int nr_policy_presets;

/* The preset of that name; NULL if there is none. */
const struct policy_preset *policy_find(const char *name);
/* The preset marked as the default. */
const struct policy_preset *policy_default(void);
/*
 * A preset's own field decides whether it is of Linux's history. Results also have names of presets that this version
 * does not know: those of releases, "linux-" with digits and dots, are of the history. Changed policies are not.
 */
bool policy_in_history(const char *name);
/* As strcmp(): Linux's history by version, then the others by name, independent of their order in the table. */
int policy_compare(const char *one, const char *other);
/* The first preset of Linux's history. */
const struct policy_preset *policy_oldest(void);
/* A key that changes a policy, its meaning, and its values: at most POLICY_VALUES, else up to the first NULL. */
struct policy_key {
	const char *key, *what;
	const char *const *values;
};

#define POLICY_VALUES	9

/* The @i-th key; false past the last one. */
bool policy_key(unsigned int i, struct policy_key *key);
/*
 * policy_parse - @text is a preset's name, or that of a release of Linux since 3.0, "linux-MAJOR.MINOR", which behaves
 * as the preset before it; then any number of ",key=value" that change it: see policy_key(). Returns 0;
 * -EINVAL, with the reason in @why; -ENOMEM.
 */
int policy_parse(const char *text, struct mm_policy *policy, char *why, size_t why_size);
/* Every choice, as "key=value,key=value". */
void policy_describe(const struct mm_policy *policy, char *text, size_t size);

#endif
