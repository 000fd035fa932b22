/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.c - named policies, and policies spelled out. */
#include "core/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct policy_preset policy_presets[] = {
	{ "linux-2.6.14", "one page_table_lock for all entries of an mm",
	  { PTL_MM, PTL_MM, SPIN_TTAS, VMA_LOCK_NONE, TABLE_FREE_SHOOTDOWN, false, false, ANON_VMA_TYPESAFE, 0, THP_NEVER } },
	{ "linux-2.6.15", "a lock for each PTE table",
	  { PTL_PTE_TABLE, PTL_MM, SPIN_TTAS, VMA_LOCK_NONE, TABLE_FREE_SHOOTDOWN, false, false, ANON_VMA_TYPESAFE, 0, THP_NEVER } },
	{ "linux-3.13", "a lock for each PMD table too; ticket spinlocks",
	  { PTL_PTE_TABLE, PTL_PMD_TABLE, SPIN_TICKET, VMA_LOCK_NONE, TABLE_FREE_SHOOTDOWN, false, false, ANON_VMA_TYPESAFE, 0, THP_NEVER } },
	{ "linux-6.4", "a rwsem in each VMA; queued spinlocks, tables freed by RCU, munmap downgrades mmap_lock",
	  { PTL_PTE_TABLE, PTL_PMD_TABLE, SPIN_QUEUED, VMA_LOCK_RWSEM, TABLE_FREE_RCU, false, true, ANON_VMA_TYPESAFE, 0, THP_NEVER } },
	{ "linux-6.15", "a reference count in each VMA; MADV_DONTNEED frees the tables it empties (the default)",
	  { PTL_PTE_TABLE, PTL_PMD_TABLE, SPIN_QUEUED, VMA_LOCK_REFCNT, TABLE_FREE_RCU, true, true, ANON_VMA_TYPESAFE, 0, THP_NEVER } },
};

const unsigned int nr_policy_presets = ARRAY_SIZE(policy_presets);

const struct policy_preset *policy_find(const char *name)
{
	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (!strcmp(policy_presets[i].name, name))
			return &policy_presets[i];
	return NULL;
}

const struct policy_preset *policy_default(void)
{
	return policy_find("linux-6.15");
}

bool policy_in_history(const char *name)
{
	static const char prefix[] = "linux-";
	const size_t length = strlen(prefix);

	return !strncmp(name, prefix, length) && name[length] && !name[length + strspn(name + length, "0123456789.")];
}

int policy_compare(const char *one, const char *other)
{
	const bool history = policy_in_history(one);

	if (history != policy_in_history(other))
		return history ? -1 : 1;
	return history ? strverscmp(one, other) : strcmp(one, other);
}

const struct policy_preset *policy_oldest(void)
{
	const struct policy_preset *oldest = &policy_presets[0];

	for (unsigned int i = 1; i < nr_policy_presets; i++)
		if (policy_compare(policy_presets[i].name, oldest->name) < 0)
			oldest = &policy_presets[i];
	return oldest;
}

/* What its values are called, and where it is kept. */
struct choice {
	const char *values[POLICY_VALUES];	/* up to the first NULL */
	size_t offset;
	bool is_bool;
	const char *key, *what;
};

static const struct choice choices[] = {
	{ { "mm", "pmd", "pte" }, offsetof(struct mm_policy, pte_ptl), false, "pte_ptl", "what shares a lock of PTE tables" },
	{ { "mm", "pmd" }, offsetof(struct mm_policy, pmd_ptl), false, "pmd_ptl", "what shares a lock of PMD tables" },
	{ { "ttas", "ticket", "queued", "futex" }, offsetof(struct mm_policy, spin), false, "spin", "kind of spinlocks" },
	{ { "none", "rwsem", "refcnt" }, offsetof(struct mm_policy, vma_lock), false, "vma_lock", "lock of a VMA" },
	{ { "rcu", "shootdown" }, offsetof(struct mm_policy, table_free), false, "tables", "what a table's freeing waits for" },
	{ { "off", "on" }, offsetof(struct mm_policy, reclaim_tables), true, "reclaim", "MADV_DONTNEED frees the tables it empties" },
	{ { "off", "on" }, offsetof(struct mm_policy, munmap_downgrade), true, "downgrade", "munmap frees under mmap_lock for read" },
	{ { "typesafe", "call_rcu" }, offsetof(struct mm_policy, anon_vma_free), false, "anon_vma", "how an anon_vma is freed" },
	{ { "4k", "8k", "16k", "32k", "64k", "128k", "256k", "512k", "1m" }, offsetof(struct mm_policy, anon_order), false,
	  "anon", "largest folio of a first write" },
	{ { "never", "madvise", "always" }, offsetof(struct mm_policy, thp), false, "thp", "huge pages" },
};

_Static_assert(sizeof(enum ptl_level) == sizeof(unsigned int) && sizeof(enum spin_kind) == sizeof(unsigned int),
	       "every choice that is no bool is kept as an unsigned int");

static void choice_set(const struct choice *choice, struct mm_policy *policy, unsigned int value)
{
	char *field = (char *)policy + choice->offset;
	bool flag = value;

	if (choice->is_bool)
		memcpy(field, &flag, sizeof(flag));
	else
		memcpy(field, &value, sizeof(value));
}

static unsigned int choice_get(const struct choice *choice, const struct mm_policy *policy)
{
	const char *field = (const char *)policy + choice->offset;
	unsigned int value;
	bool flag;

	if (choice->is_bool) {
		memcpy(&flag, field, sizeof(flag));
		return flag;
	}
	memcpy(&value, field, sizeof(value));
	return value;
}

static int no_value(const struct choice *choice, const char *value, char *why, size_t why_size)
{
	size_t used = (size_t)snprintf(why, why_size, "policy choice '%s' has no value '%s'", choice->key, value);

	for (unsigned int v = 0; v < ARRAY_SIZE(choice->values) && choice->values[v] && used < why_size; v++)
		used += (size_t)snprintf(why + used, why_size - used, "%s%s", v ? ", " : ": give ", choice->values[v]);
	return -EINVAL;
}

/* @text is "key=value". */
static int parse_choice(char *text, struct mm_policy *policy, char *why, size_t why_size)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (unsigned int i = 0; value && i < ARRAY_SIZE(choices); i++) {
		if (strcmp(choices[i].key, text))
			continue;
		for (unsigned int v = 0; v < ARRAY_SIZE(choices[i].values) && choices[i].values[v]; v++)
			if (!strcmp(choices[i].values[v], value)) {
				choice_set(&choices[i], policy, v);
				return 0;
			}
		return no_value(&choices[i], value, why, why_size);
	}
	snprintf(why, why_size, "unknown policy choice '%s'", text);
	return -EINVAL;
}

int policy_parse(const char *text, struct mm_policy *policy, char *why, size_t why_size)
{
	char *copy = strdup(text), *rest = copy, *word;
	const struct policy_preset *preset;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	word = strsep(&rest, ",");
	preset = policy_find(word);
	if (preset) {
		*policy = preset->policy;
	} else {
		snprintf(why, why_size, "unknown policy '%s'", word);
		err = -EINVAL;
	}
	while (!err && (word = strsep(&rest, ",")))
		err = parse_choice(word, policy, why, why_size);
	free(copy);
	return err;
}

void policy_describe(const struct mm_policy *policy, char *text, size_t size)
{
	size_t used = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(choices) && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i ? "," : "", choices[i].key,
					 choices[i].values[choice_get(&choices[i], policy)]);
}

bool policy_key(unsigned int i, struct policy_key *key)
{
	if (i >= ARRAY_SIZE(choices))
		return false;
	*key = (struct policy_key){ choices[i].key, choices[i].what, choices[i].values };
	return true;
}
