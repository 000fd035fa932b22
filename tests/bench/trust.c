/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust.c - made files: each mark appears where its reason is, and nowhere else; what is no number is read as none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "bench/data/results.h"
#include "bench/data/trust.h"
#include "tests/lib/harness/scratch.h"

static char path[PATH_MAX];

/*
 * A file whose root has @extra, its context @context, and these repetitions of "w/threads:N", a list of their members.
 */
static struct results results_of(const char *context, const char *extra, const char *const *runs)
{
	struct results results;
	char why[512] = "";
	FILE *out;

	close(mkstemp(scratch_name(path, "trust")));
	out = fopen(path, "we");
	assert_non_null(out);
	fprintf(out, "{ \"context\": { \"faultline_schema\": \"1\", \"num_cpus\": 2%s }%s, \"benchmarks\": [\n",
		context, extra);
	for (unsigned int i = 0; runs[i]; i++)
		fprintf(out, "%s{ \"run_type\": \"iteration\", %s }\n", i ? "," : "", runs[i]);
	fputs("] }\n", out);
	assert_int_equal(fclose(out), 0);
	if (results_load(path, &results, why, sizeof(why)))
		fail_msg("%s", why);
	return results;
}

#define ONE(rate)	"\"run_name\": \"w/threads:1\", \"items_per_second\": " #rate
#define EIGHT(rate)	"\"run_name\": \"w/threads:8\", \"items_per_second\": " #rate
#define USUAL		ONE(100), ONE(101), ONE(99), ONE(100), ONE(102)

/* The marks of the row with the most threads. */
static const char *marks_with(const char *const *runs)
{
	static char text[MARKS_TEXT];
	struct results results = results_of("", "", runs);

	marks_text(results.all[results.nr - 1].marks, text);
	assert_int_equal(results.marks & (1u << MARK_QUICK | 1u << MARK_BUSY | 1u << MARK_TWO_RUNS), 0);
	assert_int_equal(trust_row(&results.all[results.nr - 1]), !*text);
	results_free(&results);
	unlink(path);
	return text;
}

#define assert_marks(wanted, ...) assert_string_equal(marks_with((const char *const[]){ __VA_ARGS__, NULL }), wanted)

static void no_number_is_marked(void **state)
{
	(void)state;
	assert_marks("", USUAL);
	assert_marks("no-items", ONE(0), ONE(0));
	assert_marks("no-items", ONE(NaN), ONE(100));
	assert_marks("no-items", ONE(-Infinity));
	assert_marks("no-items", ONE(100), ONE(null));
	assert_marks("too-fast", ONE(1e308), ONE(1.5e308));
}

/* Two processors do twice as much as one; a little more is the caches'. */
static void more_than_the_processors_can_is_marked(void **state)
{
	(void)state;
	assert_marks("", USUAL, EIGHT(200), EIGHT(210), EIGHT(240));
	assert_marks("too-fast", USUAL, EIGHT(420), EIGHT(421), EIGHT(419));
	assert_marks("", EIGHT(420), EIGHT(421), EIGHT(419));
	assert_marks("", ONE(100) ", \"processor_got\": 0.3", EIGHT(420), EIGHT(421), EIGHT(419));
}

static void two_groups_are_marked(void **state)
{
	(void)state;
	assert_marks("two-groups", ONE(7.4), ONE(19.7), ONE(8.0), ONE(21.9), ONE(7.8));
	assert_marks("two-groups", ONE(21.9), ONE(7.4), ONE(7.5), ONE(22.0));
	assert_marks("", ONE(7.4), ONE(7.5), ONE(8.0), ONE(7.8), ONE(21.9));
	assert_marks("", ONE(100), ONE(110), ONE(120), ONE(130), ONE(140), ONE(150));
	assert_marks("", ONE(100), ONE(100), ONE(120), ONE(120));
}

static void starvation_is_marked(void **state)
{
	(void)state;
	assert_marks("", ONE(100) ", \"processor_got\": 0.95", ONE(100) ", \"processor_got\": 0.91");
	assert_marks("starved", ONE(100) ", \"processor_got\": 0.85", ONE(100) ", \"processor_got\": 0.99");
	assert_marks("", ONE(100) ", \"processor_got\": 0.85", ONE(100) ", \"processor_got\": 0.99",
		     ONE(100) ", \"processor_got\": 1.0");
}

static unsigned int run_marks(const char *context, const char *extra)
{
	static const char *const runs[] = { USUAL, NULL };
	struct results results = results_of(context, extra, runs);
	unsigned int marks = results.marks;

	assert_int_equal(trust_run(&results), !marks);
	results_free(&results);
	unlink(path);
	return marks;
}

static void runs_are_marked(void **state)
{
	static const char *const wild[] = { ONE(1), ONE(9), ONE(2), ONE(7), ONE(1.5), ONE(11), NULL };
	struct results results;

	(void)state;
	assert_int_equal(run_marks("", ""), 0);
	assert_int_equal(run_marks(", \"quick\": \"1\"", ""), 1u << MARK_QUICK);
	assert_int_equal(run_marks(", \"command\": \"faultline bench --quick\"", ""), 1u << MARK_QUICK);
	assert_int_equal(run_marks("", ", \"others_share\": 0.2"), 1u << MARK_BUSY);
	assert_int_equal(run_marks("", ", \"others_share\": 0.05, \"other_runs\": false"), 0);
	assert_int_equal(run_marks("", ", \"other_runs\": true"), 1u << MARK_TWO_RUNS);
	results = results_of("", "", wild);
	assert_int_equal(results.marks, 1u << MARK_NOISY);
	results_free(&results);
	unlink(path);
}

/* Numbers that are none, in members without a reader, inside of strings, and of a benchmark that was skipped. */
static void other_files_are_read(void **state)
{
	static const char *const runs[] = {
		ONE(1e8) ", \"hit_ratio\": NaN, \"worst\": -inf, \"label\": \"NaN \\\" Infinity\"",
		"\"run_name\": \"skip\", \"skipped\": true, \"skip_message\": \"no AVX-512 here\"", NULL,
	};
	struct results results = results_of("", "", runs);

	(void)state;
	assert_int_equal(results.nr, 2);
	assert_string_equal(result_skipped(results_by_name(&results, "skip")), "no AVX-512 here");
	assert_true(trust_row(results_by_name(&results, "w/threads:1")));
	results_free(&results);
	unlink(path);
}

/* What is added to a run's JSON is what a reader of it finds, and no more than that. */
static void marks_are_kept(void **state)
{
	static const char *const runs[] = { ONE(0), ONE(0), EIGHT(100), EIGHT(101), NULL };
	const struct company company = { .share = 0.5, .beside = true };
	struct results results = results_of("", "", runs);
	json_t *root = json_load_file(path, 0, NULL);
	char why[512], *text;

	(void)state;
	assert_non_null(root);
	assert_int_equal(results_note(root, &results, &company), 0);
	results_free(&results);
	assert_int_equal(results_take_root(path, root, &results, why, sizeof(why)), 0);
	assert_int_equal(results.marks, 1u << MARK_BUSY | 1u << MARK_TWO_RUNS);
	results_free(&results);
	text = json_dumps(root, 0);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"no-items\""));
	assert_non_null(strstr(strstr(text, "\"busy\""), "\"two-runs\""));
	assert_null(strstr(text, "NaN"));
	free(text);
	json_decref(root);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_number_is_marked),	 cmocka_unit_test(more_than_the_processors_can_is_marked),
		cmocka_unit_test(two_groups_are_marked), cmocka_unit_test(starvation_is_marked),
		cmocka_unit_test(runs_are_marked),	 cmocka_unit_test(other_files_are_read),
		cmocka_unit_test(marks_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
