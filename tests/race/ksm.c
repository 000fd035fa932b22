/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ksm.c - pages are merged while they are written to, pinned, forked, swapped out, moved and unmerged.
 *
 * Each page of each mm has one writer, which knows its contents: one of a few words, so that many are equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/faultline.h"
#include "core/mm/ksm.h"
#include "core/mm/swap.h"
#include "core/op/ksm.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/storm/storm_rmap.h"
#include "tests/lib/storm/storm_stop.h"

#define MMS	3u
#define WRITERS	3u
#define THREADS	(WRITERS + 4)
#define PAGES	24ul
#define WORDS	3ul
#define SLOTS	512
#define AREA	(2 * PGDIR_SIZE)

static struct mm_struct *mm[MMS];	/* (C) while threads run; the last was forked from the first */
static uint64_t expected[MMS][PAGES];	/* each by its writer alone */

static const struct wanted wanted[] = {
	MET(EV_KSM_MERGED, 200), MET(EV_KSM_BUSY, 1), MET(EV_KSM_BROKEN, 1), MET(EV_KSM_STALE, 1), MET(EV_KSM_LEFT, 1),
	MET(EV_COW_COPY, 100), MET(EV_SWAP_OUT, 10), MET(EV_MIGRATE, 10),
};

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static unsigned long page_addr(unsigned long page)
{
	return AREA + page * PAGE_SIZE;
}

/* A device writes. */
static void store_by_pin(struct mm_struct *to, unsigned long addr, uint64_t word)
{
	struct page *page;

	if (pin_user_pages_fast(to, addr, 1, FOLL_WRITE, &page) != 1)
		BUG("a page can't be pinned");
	SYNCPOINT("test.pinned");
	store_relaxed((uint64_t *)page_payload(page), word);
	unpin_user_page(page);
}

static void write_and_read(unsigned int writer)
{
	unsigned long i = below(MMS), page = below(PAGES / WRITERS) * WRITERS + writer, addr = page_addr(page);
	uint64_t word = 1 + below(WORDS), found;

	switch (below(8)) {
	case 0:
		store_by_pin(mm[i], addr, word);
		expected[i][page] = word;
		break;
	case 1:
		store_word(mm[i], addr, word);
		expected[i][page] = word;
		break;
	case 2:
		reclaim_at(mm[i], addr, PAGE_SIZE);
		break;
	default:
		break;
	}
	found = load_word(mm[i], addr);
	if (found != expected[i][page])
		BUG("page %lu of mm %lu has word %lu, last written was %lu", page, i, (unsigned long)found,
		    (unsigned long)expected[i][page]);
}

static void unmerge(void)
{
	unsigned long i = below(MMS), page = below(PAGES);

	BUG_ON(sys_madvise(mm[i], page_addr(page), PAGE_SIZE, MADV_UNMERGEABLE));
	BUG_ON(sys_madvise(mm[i], AREA, PAGES * PAGE_SIZE, MADV_MERGEABLE));
}

/* Its pages are merged, too, and written to. */
static void fork_and_merge(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(mm[below(MMS)], &child));
	for (unsigned int i = 0; i < 8; i++) {
		unsigned long addr = page_addr(below(PAGES));
		uint64_t found = load_word(child, addr);

		if (!found || found > WORDS)
			BUG("a child finds the word %lu", (unsigned long)found);
		if (below(2)) {
			store_word(child, addr, found % WORDS + 1);
			BUG_ON(load_word(child, addr) != found % WORDS + 1);
		}
		ksm_scan(child, 4);
	}
	mm_exit(child);
}

static void move_or_reclaim(struct storm_frames *frames)
{
	struct folio *folio;

	storm_meet(frames, mm[below(MMS)], page_addr(below(PAGES)));
	folio = folio_get_anon_by_pfn(frames->pfn[below(STORM_FRAMES)]);
	if (!folio)
		return;
	switch (below(4)) {
	case 0:
		reclaim_folio(folio);
		break;
	case 1:
		folio_put(folio);
		storm_rmap(frames);
		break;
	default:
		migrate_folio(folio, (unsigned int)below(machine.nr_nodes));
	}
}

static void storm_thread(void *arg, unsigned int index)
{
	struct storm_frames frames = { .next = 0 };

	(void)arg;
	for (unsigned int i = 0; i < test_rounds(4000); i++) {
		if (index < WRITERS)
			write_and_read(index);
		else if (index == WRITERS)
			ksm_scan(mm[below(MMS)], 1 + below(16));
		else if (index == WRITERS + 1)
			(below(8) ? (void)ksm_scan(mm[below(MMS)], 4) : unmerge());
		else if (index == WRITERS + 2)
			move_or_reclaim(&frames);
		else if (i % 16 == 0)
			fork_and_merge();
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static void set_up(uint64_t seed)
{
	struct mm_policy policy = world_policy("linux-6.15");

	run_seed = seed;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 8192, CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, seed));
	BUG_ON(swap_on(SLOTS));
	for (unsigned int i = 0; i < MMS; i++) {
		if (i == MMS - 1) {
			BUG_ON(sys_fork(mm[0], &mm[i]));
		} else {
			mm[i] = mm_create(&policy);
			BUG_ON(!mm[i]);
			BUG_ON(sys_mmap(mm[i], AREA, PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
					0) < 0);
			BUG_ON(sys_madvise(mm[i], AREA, PAGES * PAGE_SIZE, MADV_MERGEABLE));
		}
		for (unsigned long page = 0; page < PAGES; page++) {
			expected[i][page] = 1 + page % WORDS;
			store_word(mm[i], page_addr(page), expected[i][page]);
		}
	}
}

static bool check_contents(char *why, size_t why_size)
{
	for (unsigned int i = 0; i < MMS; i++)
		for (unsigned long page = 0; page < PAGES; page++)
			if (load_word(mm[i], page_addr(page)) != expected[i][page]) {
				snprintf(why, why_size, "page %lu of mm %u has lost its word", page, i);
				return false;
			}
	return true;
}

/* Row: A8, A9. */
static void contents_stay_and_walks_find_all(void **state)
{
	struct storms storms = STORMS(wanted, 4);
	char why[200] = "";
	bool good;

	(void)state;
	while (another_storm(&storms)) {
		set_up(storms.seed);
		syncpoint_noise(storms.index % 2 ? 50 : 0);
		threads_run(THREADS, storm_thread, NULL);
		syncpoint_noise(0);
		rcu_barrier();
		good = oracle_at_rest(mm, MMS, why, sizeof(why)) && check_contents(why, sizeof(why));
		for (unsigned int i = 0; good && i < MMS; i++)
			mm_exit(mm[i]);
		if (!storm_stop(good, why, sizeof(why)))
			fail_msg("seed %lu: %s", (unsigned long)storms.seed, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(contents_stay_and_walks_find_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
