/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.c - named policies, and policies given by choices. */
#include "core/policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shared by presets that add to it. */
#define LINUX_6_15 \
	.pte_ptl = PTL_PTE_TABLE, \
	.pmd_ptl = PTL_PMD_TABLE, \
	.spin = SPIN_QUEUED, \
	.vma_lock = VMA_LOCK_REFCNT, \
	.table_free = TABLE_FREE_RCU, \
	.reclaim_tables = true, \
	.munmap_downgrade = true, \
	.anon_vma_free = ANON_VMA_TYPESAFE, \
	.thp = THP_NEVER, \
	.around_order = 4

/* Any order; fields that a preset does not name are off, or the enum's first value. */
const struct policy_preset policy_presets[] = {
	{
		.name = "linux-2.6.14",
		.what = "one page_table_lock for all entries of an mm",
		.news = "one lock for all page tables",
		.linux_history = true,
		.policy = {
			.pte_ptl = PTL_MM,
			.pmd_ptl = PTL_MM,
			.spin = SPIN_TTAS,
			.vma_lock = VMA_LOCK_NONE,
			.table_free = TABLE_FREE_SHOOTDOWN,
			.anon_vma_free = ANON_VMA_TYPESAFE,
			.thp = THP_NEVER,
		},
	},
	{
		.name = "linux-2.6.15",
		.what = "a lock for each PTE table",
		.news = "a lock for each PTE table",
		.linux_history = true,
		.policy = {
			.pte_ptl = PTL_PTE_TABLE,
			.pmd_ptl = PTL_MM,
			.spin = SPIN_TTAS,
			.vma_lock = VMA_LOCK_NONE,
			.table_free = TABLE_FREE_SHOOTDOWN,
			.anon_vma_free = ANON_VMA_TYPESAFE,
			.thp = THP_NEVER,
		},
	},
	{
		.name = "linux-3.13",
		.what = "a lock for each PMD table too; ticket spinlocks",
		.news = "a lock for each PMD table, ticket locks",
		.linux_history = true,
		.policy = {
			.pte_ptl = PTL_PTE_TABLE,
			.pmd_ptl = PTL_PMD_TABLE,
			.spin = SPIN_TICKET,
			.vma_lock = VMA_LOCK_NONE,
			.table_free = TABLE_FREE_SHOOTDOWN,
			.anon_vma_free = ANON_VMA_TYPESAFE,
			.thp = THP_NEVER,
		},
	},
	{
		.name = "linux-6.4",
		.what = "a rwsem in each VMA; queued spinlocks, tables freed by RCU, munmap downgrades mmap_lock, "
			"fault-around",
		.news = "VMA locks, queued locks, tables freed by RCU, fault-around",
		.linux_history = true,
		.policy = {
			.pte_ptl = PTL_PTE_TABLE,
			.pmd_ptl = PTL_PMD_TABLE,
			.spin = SPIN_QUEUED,
			.vma_lock = VMA_LOCK_RWSEM,
			.table_free = TABLE_FREE_RCU,
			.munmap_downgrade = true,
			.anon_vma_free = ANON_VMA_TYPESAFE,
			.thp = THP_NEVER,
			.around_order = 4,
		},
	},
	{
		.name = "linux-6.15",
		.what = "a reference count in each VMA; MADV_DONTNEED frees the tables it empties",
		.news = "VMA reference counts, table reclaim",
		.linux_history = true,
		.is_default = true,
		.policy = { LINUX_6_15 },
	},
	{
		.name = "linux-6.17",
		.what = "as linux-6.15; MADV_DONTNEED, MADV_FREE and readers of maps lock a VMA instead of mmap_lock",
		.news = "maps, MADV_DONTNEED and MADV_FREE under VMA locks",
		.linux_history = true,
		.policy = {
			LINUX_6_15,
			.maps_lock = MAPS_VMA_LOCK,
			.madvise_lock = MADVISE_VMA_LOCK,
		},
	},
	{
		.name = "linux-6.19",
		.what = "as linux-6.17; MADV_GUARD_INSTALL and MADV_GUARD_REMOVE lock a VMA, too",
		.news = "guards under VMA locks",
		.linux_history = true,
		.policy = {
			LINUX_6_15,
			.maps_lock = MAPS_VMA_LOCK,
			.madvise_lock = MADVISE_VMA_LOCK_GUARDS,
		},
	},
};

const unsigned int nr_policy_presets = ARRAY_SIZE(policy_presets);

const struct policy_preset *policy_find(const char *name)
{
	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (!strcmp(policy_presets[i].name, name))
			return &policy_presets[i];
	return NULL;
}

/* Whether Linux @major.@minor was released, from 3.0 on, as far as the presets know. */
static bool was_released(unsigned int major, unsigned int minor)
{
	static const unsigned int last_minor[] = { [3] = 19, [4] = 20, [5] = 19, [6] = 19, [7] = 0 };

	return major >= 3 && major < ARRAY_SIZE(last_minor) && minor <= last_minor[major];
}

/*
 * The preset as which a release "linux-MAJOR.MINOR" behaves: the one of the last change up to it. NULL: no such
 * release. Of 2.6 the presets alone are known.
 */
static const struct policy_preset *of_release(const char *name)
{
	const struct policy_preset *latest = NULL;
	unsigned int major, minor;
	int end = 0;

	if (sscanf(name, "linux-%u.%u%n", &major, &minor, &end) != 2 || name[end] || !was_released(major, minor))
		return NULL;
	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (policy_compare(policy_presets[i].name, name) <= 0 &&
		    (!latest || policy_compare(policy_presets[i].name, latest->name) > 0))
			latest = &policy_presets[i];
	return latest;
}

const struct policy_preset *policy_default(void)
{
	const struct policy_preset *preset = policy_presets;

	while (!preset->is_default)
		preset++;
	return preset;
}

bool policy_in_history(const char *name)
{
	static const char prefix[] = "linux-";
	const size_t length = strlen(prefix);
	const struct policy_preset *preset = policy_find(name);

	if (preset)
		return preset->linux_history;
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

/* A field of struct mm_policy, with the names of its values. */
struct choice {
	const char *key, *what;
	size_t offset;
	bool is_bool;
	const char *values[POLICY_VALUES];	/* by value, up to the first NULL */
};

#define CHOICE(name, field, meaning)	.key = name, .what = meaning, .offset = offsetof(struct mm_policy, field)

static const struct choice choices[] = {
	{
		CHOICE("pte_ptl", pte_ptl, "what shares a lock of PTE tables"),
		.values = { [PTL_MM] = "mm", [PTL_PMD_TABLE] = "pmd", [PTL_PTE_TABLE] = "pte" },
	}, {
		CHOICE("pmd_ptl", pmd_ptl, "what shares a lock of PMD tables"),
		.values = { [PTL_MM] = "mm", [PTL_PMD_TABLE] = "pmd" },
	}, {
		CHOICE("spin", spin, "kind of spinlocks"),
		.values = { SPIN_KIND_NAMES },
	}, {
		CHOICE("vma_lock", vma_lock, "lock of a VMA"),
		.values = { [VMA_LOCK_NONE] = "none", [VMA_LOCK_RWSEM] = "rwsem", [VMA_LOCK_REFCNT] = "refcnt",
			    [VMA_LOCK_REFCNT_MM] = "refcnt_mm" },
	}, {
		CHOICE("tables", table_free, "what a table's freeing waits for"),
		.values = { [TABLE_FREE_RCU] = "rcu", [TABLE_FREE_SHOOTDOWN] = "shootdown" },
	}, {
		CHOICE("reclaim", reclaim_tables, "MADV_DONTNEED frees the tables it empties"),
		.values = { [false] = "off", [true] = "on" },
		.is_bool = true,
	}, {
		CHOICE("downgrade", munmap_downgrade, "munmap frees under mmap_lock for read"),
		.values = { [false] = "off", [true] = "on" },
		.is_bool = true,
	}, {
		CHOICE("anon_vma", anon_vma_free, "how an anon_vma is freed"),
		.values = { [ANON_VMA_TYPESAFE] = "typesafe", [ANON_VMA_CALL_RCU] = "call_rcu" },
	}, {
		CHOICE("anon", anon_order, "largest folio of a first write"),
		.values = { "4k", "8k", "16k", "32k", "64k", "128k", "256k", "512k", "1m" },
	}, {
		CHOICE("thp", thp, "huge pages"),
		.values = { [THP_NEVER] = "never", [THP_MADVISE] = "madvise", [THP_ALWAYS] = "always" },
	}, {
		CHOICE("soft_dirty", soft_dirty, "clear_refs tracks writes by page"),
		.values = { [false] = "off", [true] = "on" },
		.is_bool = true,
	}, {
		CHOICE("numa_balancing", numa_balancing, "faults move pages to the node that uses them"),
		.values = { [false] = "off", [true] = "on" },
		.is_bool = true,
	}, {
		CHOICE("lru", lru, "reclaim scans lists of folios, and isolates what it takes"),
		.values = { [false] = "off", [true] = "on" },
		.is_bool = true,
	}, {
		CHOICE("tlb", tlb, "how TLBs are flushed"),
		.values = { [TLB_OFF] = "off", [TLB_IPI] = "ipi", [TLB_BATCHED] = "batched", [TLB_LAZY] = "lazy",
			    [TLB_BROADCAST] = "broadcast", [TLB_NONE] = "none" },
	}, {
		CHOICE("around", around_order, "memory of a file that a read fault maps"),
		.values = { "4k", "8k", "16k", "32k", "64k", "128k", "256k" },
	}, {
		CHOICE("max_map_count", max_map_count, "VMAs of an address space at most"),
		.values = { [MAP_COUNT_65530] = "65530", [MAP_COUNT_262144] = "262144",
			    [MAP_COUNT_1048576] = "1048576", [MAP_COUNT_MAX] = "2147483647" },
	}, {
		CHOICE("maps", maps_lock, "lock of readers of maps, and of smaps"),
		.values = { [MAPS_MMAP_LOCK] = "mmap_lock", [MAPS_VMA_LOCK] = "vma",
			    [MAPS_VMA_LOCK_SMAPS] = "vma_smaps" },
	}, {
		CHOICE("madvise", madvise_lock, "lock of MADV_DONTNEED and MADV_FREE, and of guards"),
		.values = { [MADVISE_MMAP_LOCK] = "mmap_lock", [MADVISE_VMA_LOCK] = "vma",
			    [MADVISE_VMA_LOCK_GUARDS] = "vma_guards" },
	},
};

_Static_assert(sizeof(enum ptl_level) == sizeof(unsigned int) && sizeof(enum spin_kind) == sizeof(unsigned int),
	       "every choice except a bool is an unsigned int");

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
	if (!preset)
		preset = of_release(word);
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
