/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.c - pages are merged without one of the checks or locks, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/mirror_scene.h"
#include "tests/lib/scene/ksm_scene.h"

#define LOST	"a write is lost"
#define OTHERS	"a write is visible to another mm"

static bool says(bool good, const char *why)
{
	if (!good)
		fprintf(stderr, "%s\n", why);
	return good;
}

static bool ends_at_rest(struct mm_struct *const *mms, unsigned int nr)
{
	bool good = rests(mms, nr);

	for (unsigned int i = 0; i < nr; i++)
		mm_exit(mms[i]);
	return good;
}

/* ---- the comparison ---- */

static void store_first(void *mm)
{
	store_word(mm, AREA, 9);
}

/* A program writes after the comparison: by the entry, if that allows it. */
static bool written_after_the_comparison(void)
{
	struct mm_struct *mm = mergeable_mm(3, 7);
	bool good;

	write_word(mm, 0, 6);
	BUG_ON(scan(mm) != 2);
	write_word(mm, 0, 7);
	meanwhile("ksm.before_replace", store_first, mm);
	ksm_scan(mm, ~0ul);
	BUG_ON(meanwhile_ran() != 1);
	good = says(load_word(mm, AREA) == 9, LOST) && says(load_word(mm, page_addr(1)) == 7, OTHERS);
	mm_exit(mm);
	return good;
}

/* A device writes through a reference that it has all the time. */
static bool written_through_a_reference(void)
{
	struct mm_struct *mm = mergeable_mm(2, 7);
	struct page *page;
	bool good;

	BUG_ON(get_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page) != 1);
	scan(mm);
	store_relaxed((uint64_t *)page_payload(page), 9);
	put_page(page);
	good = says(load_word(mm, AREA) == 9, LOST) && says(load_word(mm, page_addr(1)) == 7, OTHERS);
	mm_exit(mm);
	return good;
}

static void use(struct page *page, void *arg)
{
	(void)page, (void)arg;
}

/* A device has a copy of an entry that allows writes: of the page that becomes the merged one. */
static bool mirrored_while_it_is_merged(void)
{
	struct mm_struct *mm = mergeable_mm(2, 7);
	struct hmm_mirror mirror;
	char why[256] = "";
	bool good;

	BUG_ON(hmm_mirror_create(&mirror, mm, AREA, AREA + LEN));
	for (unsigned long i = 0; i < 2; i++)
		BUG_ON(hmm_mirror_use(&mirror, page_addr(i), true, use, NULL));
	BUG_ON(scan(mm) != 2);
	good = says(oracle_mirror(&mirror, AREA, page_addr(2), why, sizeof(why)) >= 0, why);
	hmm_mirror_destroy(&mirror);
	mm_exit(mm);
	return good;
}

/* ---- the frame of a stable node ---- */

static struct mm_struct *sharers, *next_owner;

/* Both entries of the merged folio are written to: it is freed, and its frame becomes another mm's page. */
static void free_and_reuse(void *arg)
{
	(void)arg;
	write_word(sharers, 0, 1);
	write_word(sharers, 1, 2);
	write_word(next_owner, 0, 3);
}

static bool freed_before_it_is_referenced(void)
{
	struct mm_struct *late;

	sharers = mergeable_mm(2, 7);
	next_owner = mergeable_mm(0, 0);
	BUG_ON(scan(sharers) != 2);
	late = mergeable_mm(1, 7);
	meanwhile("ksm.before_get", free_and_reuse, NULL);
	ksm_scan(late, 1);
	BUG_ON(meanwhile_ran() != 1);
	return ends_at_rest((struct mm_struct *[]){ sharers, next_owner, late }, 3);
}

/* ---- walks ---- */

static bool moved_after_a_fork(void)
{
	struct mm_struct *mms[3];

	merge_two_mms(mms, 5);
	BUG_ON(sys_fork(mms[0], &mms[2]));
	move_first(mms[1]);
	return ends_at_rest(mms, 3);
}

static bool the_parent_has_a_page_of_its_own(void)
{
	struct mm_struct *mms[3];

	merge_two_mms(mms, 5);
	BUG_ON(sys_fork(mms[0], &mms[2]));
	write_word(mms[0], 0, 6);
	scan(mms[0]);
	return ends_at_rest(mms, 3);
}

/* Row: A8, A9. */
static void each_is_seen(void **state)
{
	static const struct knocked_steps scenes[] = {
		{ { "ksm:write-protect", { LOST, OTHERS } }, written_after_the_comparison },
		{ { "ksm:refs", { LOST, OTHERS } }, written_through_a_reference },
		{ { "ksm:notifier", { "a device has" } }, mirrored_while_it_is_merged },
		{ { "ksm:recheck", { "a folio that is not merged" } }, freed_before_it_is_referenced },
		{ { "ksm:new-forks", { "misses its entry" } }, moved_after_a_fork },
		{ { "ksm:leave", { "misses its entry" } }, the_parent_has_a_page_of_its_own },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_true(only_knocked_steps_are_seen(&scenes[i], swap_world_up));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_seen) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
