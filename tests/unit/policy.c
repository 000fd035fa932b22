/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy: presets by name, policies spelled out, and what is no policy. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/policy/policy.h"

static bool same(const struct mm_policy *a, const struct mm_policy *b)
{
	return a->pte_ptl == b->pte_ptl && a->pmd_ptl == b->pmd_ptl && a->spin == b->spin &&
	       a->vma_lock == b->vma_lock && a->table_free == b->table_free && a->reclaim_tables == b->reclaim_tables &&
	       a->munmap_downgrade == b->munmap_downgrade && a->anon_vma_free == b->anon_vma_free &&
	       a->anon_order == b->anon_order && a->thp == b->thp && a->soft_dirty == b->soft_dirty &&
	       a->around_order == b->around_order && a->max_map_count == b->max_map_count &&
	       a->maps_lock == b->maps_lock && a->madvise_lock == b->madvise_lock &&
	       a->lru == b->lru && a->numa_balancing == b->numa_balancing && a->tlb == b->tlb;
}

static struct mm_policy parsed(const char *text)
{
	struct mm_policy policy;
	char why[100] = "";

	assert_int_equal(policy_parse(text, &policy, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	return policy;
}

static void presets_are_found_by_name(void **state)
{
	unsigned int defaults = 0;

	(void)state;
	for (unsigned int i = 0; i < nr_policy_presets; i++) {
		const struct policy_preset *preset = &policy_presets[i];
		struct mm_policy policy = parsed(preset->name);

		assert_ptr_equal(policy_find(preset->name), preset);
		assert_true(preset->what[0] && preset->news[0]);
		assert_int_equal(policy_in_history(preset->name), preset->linux_history);
		defaults += preset->is_default;
		assert_true(same(&policy, &preset->policy));
	}
	assert_int_equal(defaults, 1);
	assert_null(policy_find("linux-1.0"));
	assert_null(policy_find(""));
}

/* What the releases are known for. */
static void presets_replay_history(void **state)
{
	const struct mm_policy *p;

	(void)state;
	assert_string_equal(policy_default()->name, "linux-6.15");
	p = &policy_find("linux-2.6.14")->policy;
	assert_true(p->pte_ptl == PTL_MM && p->pmd_ptl == PTL_MM && p->vma_lock == VMA_LOCK_NONE);
	p = &policy_find("linux-2.6.15")->policy;
	assert_true(p->pte_ptl == PTL_PTE_TABLE && p->pmd_ptl == PTL_MM && p->table_free == TABLE_FREE_SHOOTDOWN);
	p = &policy_find("linux-3.13")->policy;
	assert_true(p->pte_ptl == PTL_PTE_TABLE && p->pmd_ptl == PTL_PMD_TABLE && !p->munmap_downgrade);
	p = &policy_find("linux-6.4")->policy;
	assert_true(p->vma_lock == VMA_LOCK_RWSEM && p->table_free == TABLE_FREE_RCU && !p->reclaim_tables);
	p = &policy_find("linux-6.15")->policy;
	assert_true(p->vma_lock == VMA_LOCK_REFCNT && p->reclaim_tables && p->munmap_downgrade);
	assert_int_equal(p->maps_lock, MAPS_MMAP_LOCK);
	p = &policy_find("linux-6.17")->policy;
	assert_true(p->maps_lock == MAPS_VMA_LOCK && p->madvise_lock == MADVISE_VMA_LOCK);
	p = &policy_find("linux-6.19")->policy;
	assert_true(p->maps_lock == MAPS_VMA_LOCK && p->madvise_lock == MADVISE_VMA_LOCK_GUARDS);
}

/* A release between two presets behaves as the older one. */
static void releases_behave_as_the_preset_before(void **state)
{
	static const char *const as[][2] = {
		{ "linux-7.0", "linux-6.19" }, { "linux-6.18", "linux-6.17" }, { "linux-6.3", "linux-3.13" },
		{ "linux-3.14", "linux-3.13" }, { "linux-3.0", "linux-2.6.15" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(as); i++) {
		struct mm_policy policy = parsed(as[i][0]);

		assert_true(same(&policy, &policy_find(as[i][1])->policy));
	}
	assert_int_equal(parsed("linux-7.0,spin=ttas").spin, SPIN_TTAS);
}

static void each_choice_can_be_spelled_out(void **state)
{
	struct mm_policy p = parsed("linux-2.6.14,pte_ptl=pte,pmd_ptl=pmd,spin=queued,vma_lock=refcnt,tables=rcu,"
				    "reclaim=on,downgrade=on,around=64k");

	(void)state;
	assert_true(same(&p, &policy_find("linux-6.15")->policy));
	assert_int_equal(parsed("linux-6.15,pte_ptl=mm").pte_ptl, PTL_MM);
	assert_int_equal(parsed("linux-6.15,pte_ptl=pmd").pte_ptl, PTL_PMD_TABLE);
	assert_int_equal(parsed("linux-6.15,pmd_ptl=mm").pmd_ptl, PTL_MM);
	assert_int_equal(parsed("linux-6.15,spin=ttas").spin, SPIN_TTAS);
	assert_int_equal(parsed("linux-6.15,spin=ticket").spin, SPIN_TICKET);
	assert_int_equal(parsed("linux-6.15,spin=futex").spin, SPIN_FUTEX);
	assert_int_equal(parsed("linux-6.15,vma_lock=none").vma_lock, VMA_LOCK_NONE);
	assert_int_equal(parsed("linux-6.15,vma_lock=rwsem").vma_lock, VMA_LOCK_RWSEM);
	assert_int_equal(parsed("linux-6.15,vma_lock=refcnt_mm").vma_lock, VMA_LOCK_REFCNT_MM);
	assert_int_equal(parsed("linux-6.15,tables=shootdown").table_free, TABLE_FREE_SHOOTDOWN);
	assert_false(parsed("linux-6.15,reclaim=off").reclaim_tables);
	assert_false(parsed("linux-6.15,downgrade=off").munmap_downgrade);
	assert_int_equal(parsed("linux-6.15,anon_vma=call_rcu").anon_vma_free, ANON_VMA_CALL_RCU);
	assert_int_equal(parsed("linux-6.15,anon=64k").anon_order, 4);
	assert_int_equal(parsed("linux-6.15,anon=1m").anon_order, 8);
	assert_int_equal(parsed("linux-6.15,around=4k").around_order, 0);
	assert_int_equal(parsed("linux-6.15,around=256k").around_order, 6);
	assert_int_equal(parsed("linux-6.15,spin=ttas,spin=futex").spin, SPIN_FUTEX);	/* the last one counts */
}

static void what_is_no_policy_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "''" }, { "linux", "'linux'" }, { "linux-6.15 ", "'linux-6.15 '" },
		{ "linux-6.20", "'linux-6.20'" }, { "linux-7.99", "'linux-7.99'" },
		{ "linux-6.18.1", "'linux-6.18.1'" }, { "linux-2.7", "'linux-2.7'" }, { "linux-6.-1", "'linux-6.-1'" },
		  { "spin=futex", "'spin=futex'" },
		{ "linux-6.15,", "''" }, { "linux-6.15,spin", "'spin'" }, { "linux-6.15,spin=", "''" },
		{ "linux-6.15,spin=mcs", "'mcs'" }, { "linux-6.15,pmd_ptl=pte", "'pte'" },
		  { "linux-6.15,size=1", "'size'" },
		{ "linux-6.15,reclaim=1", "'1'" }, { "linux-6.15,anon=2m", "'2m'" },
		  { "linux-6.15,spin=futex,what=on", "'what'" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct mm_policy policy;
		char why[100] = "";

		assert_int_equal(policy_parse(wrong[i][0], &policy, why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, wrong[i][1]));
	}
}

/* What is described can be parsed again. */
static void a_description_is_complete(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_policy_presets; i++) {
		struct mm_policy policy;
		char text[300], again[320];

		policy_describe(&policy_presets[i].policy, text, sizeof(text));
		for (unsigned int from = 0; from < nr_policy_presets; from++) {
			snprintf(again, sizeof(again), "%s,%s", policy_presets[from].name, text);
			policy = parsed(again);
			assert_true(same(&policy, &policy_presets[i].policy));
		}
	}
}

static void a_description_that_does_not_fit_is_cut(void **state)
{
	char all[300];

	(void)state;
	policy_describe(&policy_default()->policy, all, sizeof(all));
	for (size_t size = 1; size <= strlen(all) + 1; size++) {
		char text[300];

		memset(text, 'x', sizeof(text));
		policy_describe(&policy_default()->policy, text, size);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, all, size - 1);
		assert_int_equal(text[size], 'x');
	}
}

/* Each of them is a change that policy_parse() takes, and makes a policy that differs from another. */
static void each_key_and_value_can_be_chosen(void **state)
{
	struct policy_key choice;
	unsigned int keys = 0;

	(void)state;
	for (; policy_key(keys, &choice); keys++) {
		struct mm_policy last = { 0 };

		assert_true(choice.what[0]);
		for (unsigned int v = 0; v < POLICY_VALUES && choice.values[v]; v++) {
			char text[100];
			struct mm_policy policy;

			snprintf(text, sizeof(text), "linux-6.15,%s=%s", choice.key, choice.values[v]);
			policy = parsed(text);
			assert_true(!v || !same(&policy, &last));
			last = policy;
		}
	}
	assert_true(keys >= 10);
}

/* Versions count as numbers, and a place in the table counts for nothing. */
static void history_is_ordered_by_version(void **state)
{
	static const char *const ordered[] = {
		"linux-2.6.9", "linux-2.6.14", "linux-3.13", "linux-6.4", "linux-6.15", "linux-10.1",
		"", "a", "linux-", "linux-2.6.14,spin=futex", "linux-next",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
		assert_int_equal(policy_in_history(ordered[i]), i < 6);
		for (size_t j = 0; j < ARRAY_SIZE(ordered); j++)
			if (i == j)
				assert_int_equal(policy_compare(ordered[i], ordered[j]), 0);
			else
				assert_int_equal(policy_compare(ordered[i], ordered[j]) > 0, i > j);
	}
	assert_string_equal(policy_oldest()->name, "linux-2.6.14");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_are_found_by_name),
		cmocka_unit_test(presets_replay_history),
		cmocka_unit_test(history_is_ordered_by_version),
		cmocka_unit_test(each_key_and_value_can_be_chosen),
		cmocka_unit_test(releases_behave_as_the_preset_before),
		cmocka_unit_test(each_choice_can_be_spelled_out),
		cmocka_unit_test(what_is_no_policy_is_refused),
		cmocka_unit_test(a_description_is_complete),
		cmocka_unit_test(a_description_that_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
