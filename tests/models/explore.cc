/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explore.cc - one litmus pattern under the C11 memory model: intact, then without each barrier.
 *
 * A line for each, its verdict first: Never, Sometimes or Always, of the forbidden outcome. It fails unless the intact
 * pattern is Never, and no pattern without one of its barriers is Never.
 */
#include "workloads/lib/litmus.h"

#include <cstdio>

#define RANDOM_SCHEDULES	200000u
#define MAX_SCHEDULES		20000000u	/* a pattern that has more is too large to be one */

unsigned int model_disabled;

static unsigned long schedules, shown;

/* One schedule of the two sides. */
struct model_suite : rl::test_suite<model_suite, 2> {
	bool went_on[2];

	void before() { model_begin(); }
	void thread(unsigned int me) { went_on[me] = model_side(me); }
	void after()
	{
		schedules++;
		shown += went_on[0] && went_on[1];
		model_end();
		RL_UNTIL(schedules > MAX_SCHEDULES);
	}
};

/* False: it did not come to an end, or did something that no schedule may. */
static bool explore(rl::scheduler_type_e how)
{
	std::ostream nowhere(nullptr);
	rl::test_params params;

	params.search_type = how;
	params.iteration_count = RANDOM_SCHEDULES;
	params.output_stream = &nowhere;
	params.progress_stream = &nowhere;
	if (rl::simulate<model_suite>(params))
		return true;
	std::printf("no verdict: %s\n", rl::test_result_str(params.test_result));
	return false;
}

/* Exhaustively, and then at random, since that looks further back. Returns what is wrong with the verdict, or NULL. */
static const char *verdict(const struct litmus_part *part)
{
	unsigned long all;

	schedules = shown = 0;
	if (!explore(rl::sched_full))
		return "not explored";
	all = schedules;
	if (!explore(rl::sched_random))
		return "not explored";
	std::printf("%-9s  %s%s%s: in %lu of %lu schedules (%lu are all, the others random)\n",
		    !shown	      ? "Never" :
		    shown < schedules ? "Sometimes" :
					"Always",
		    model_pattern.name, part ? " without " : "", part ? part->name : "", shown, schedules, all);
	if (!part)
		return shown ? "shows the forbidden outcome" : nullptr;
	return shown ? nullptr : "never shows the outcome, so the intact pattern's Never means nothing";
}

static int judge(const struct litmus_part *part)
{
	const char *wrong = verdict(part);

	if (!wrong)
		return 0;
	std::printf("%s%s%s: %s\n", model_pattern.name, part ? " without " : "", part ? part->name : "", wrong);
	return 1;
}

int main()
{
	int wrong = judge(nullptr);

	std::printf("%11sforbidden: %s\n", "", model_pattern.forbidden);
	for (unsigned int i = 0; i < LITMUS_MAX_PARTS && model_pattern.parts[i].name; i++) {
		model_disabled = 1u << i;
		wrong |= judge(&model_pattern.parts[i]);
	}
	return wrong;
}
