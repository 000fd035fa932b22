/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results.c - results of all versions of Google Benchmark, and of will-it-scale, are read; others are refused in one
 * line.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/data/compare.h"
#include "bench/data/json_read.h"
#include "core/faultline.h"
#include "tests/lib/harness/scratch.h"

#define HEAD	"{\"context\": {\"num_cpus\": 8}, \"benchmarks\": ["
#define TAIL	"]}"
#define RUN	"\"run_type\": \"iteration\", \"real_time\": 10.0, \"time_unit\": "

static char why[512];

static int load_bytes(const char *name, const void *text, size_t length, struct results *results)
{
	FILE *out = fopen(name, "we");
	int error;

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
	why[0] = '\0';
	error = results_load(name, results, why, sizeof(why));
	unlink(name);
	return error;
}

static struct results load_as(const char *name, const char *text)
{
	struct results results;

	if (load_bytes(name, text, strlen(text), &results))
		fail_msg("%s", why);
	return results;
}

static struct results load(const char *text)
{
	return load_as("r.json", text);
}

static void refuse_as(const char *name, const char *text, const char *reason)
{
	struct results results;

	assert_true(load_bytes(name, text, strlen(text), &results) < 0);
	if (!strstr(why, reason))
		fail_msg("'%s' is not '%s'", why, reason);
	assert_true(!strncmp(why, name, strlen(name)) && !strchr(why, '\n'));
	assert_true(!results.nr && !results.all);
}

static void refuse(const char *text, const char *reason)
{
	refuse_as("r.json", text, reason);
}

static const struct result *find(const struct results *results, const char *name)
{
	const struct result *result = results_by_name(results, name);

	if (!result)
		fail_msg("no %s", name);
	return result;
}

static void expect_rate(const struct results *results, const char *name, unsigned int nr, double rate)
{
	const struct result *result = find(results, name);

	assert_int_equal(result->nr, nr);
	assert_true(result_median(result) > rate * 0.999999 && result_median(result) < rate * 1.000001);
}

/* Without items an iteration is one item, in each unit of time. */
static void compares_by_time(void **state)
{
	struct results results = load(HEAD "{\"run_name\": \"fib_10\", " RUN
					   "\"ns\"}, {\"run_name\": \"fib_20/8\", " RUN "\"us\"},"
					   "{\"run_name\": \"a\", " RUN "\"ms\"}, {\"run_name\": \"b\", " RUN "\"s\"},"
					   "{\"run_name\": \"c\", " RUN "\"ns\", \"items_per_second\": 7.0}" TAIL);

	(void)state;
	assert_int_equal(results.nr, 5);
	expect_rate(&results, "fib_10", 1, 1e8);
	expect_rate(&results, "fib_20/8", 1, 1e5);
	expect_rate(&results, "a", 1, 100);
	expect_rate(&results, "b", 1, 0.1);
	expect_rate(&results, "c", 1, 7);
	assert_true(find(&results, "a")->by_time && !find(&results, "c")->by_time);
	assert_string_equal(find(&results, "fib_20/8")->choices, "8");
	results_free(&results);
}

/* The first versions distinguish repetitions from aggregates by the name alone. */
static void reads_the_first_versions(void **state)
{
	struct results results = load(
		HEAD "{\"name\": \"BM_x/8/threads:2\", \"iterations\": 9, \"real_time\": 5, \"time_unit\": \"ns\"},"
		     "{\"name\": \"BM_x/8/threads:2\", \"iterations\": 9, \"real_time\": 10},"
		     "{\"name\": \"BM_x/8/threads:2_mean\", \"real_time\": 7.5},"
		     "{\"name\": \"BM_x/8/threads:2_stddev\", \"real_time\": 1},"
		     "{\"name\": \"BM_x_BigO\", \"cpu_coefficient\": 1, \"big_o\": \"N\"},"
		     "{\"name\": \"BM_x_RMS\", \"rms\": 0.01}" TAIL);

	(void)state;
	assert_int_equal(results.nr, 1);
	expect_rate(&results, "BM_x/8/threads:2", 2, 1.5e8);
	assert_int_equal(results.all[0].threads, 2);
	results_free(&results);
}

/* Where a file has aggregates alone, its median counts, or else its mean; never deviations and fits. */
static void takes_aggregates_alone(void **state)
{
#define OF(name, aggregate, time) \
	"{\"run_name\": \"" name "\", \"run_type\": \"aggregate\", \"aggregate_name\": \"" aggregate \
	"\", \"real_time\": " time "}"
	struct results results =
		load(HEAD OF("a", "mean", "8") "," OF("a", "median", "10") "," OF("a", "stddev", "3") "," OF(
			"b", "mean",
			"5") "," OF("b", "cv",
				    "0.1") "," OF("c", "RMS",
						  "1") "," OF("c", "BigO",
							      "1") ",{\"name\": \"d_mean\", \"real_time\": 4}" TAIL);

	(void)state;
	assert_int_equal(results.nr, 3);
	expect_rate(&results, "a", 1, 1e8);
	expect_rate(&results, "b", 1, 2e8);
	expect_rate(&results, "d", 1, 2.5e8);
	results_free(&results);
	refuse(HEAD OF("c", "BigO", "1") TAIL, "no benchmarks in it");
}

/* NaN and Infinity are no values, in strings they are text; what was skipped or failed says why. */
static void leaves_aside_what_is_no_number(void **state)
{
	struct results results = load(
		HEAD
		"{\"run_name\": \"NaN: \\\"Infinity\\\\\", " RUN "\"ns\", \"hit_ratio\": NaN, \"worst\":-Infinity},"
		"{\"run_name\": \"b\", " RUN "\"ns\", \"items_per_second\": NaN},"
		"{\"run_name\": \"b\", " RUN "\"ns\", \"items_per_second\": 3},"
		"{\"run_name\": \"c\", " RUN "\"ns\", \"items_per_second\": Infinity},"
		"{\"run_name\": \"d\", \"run_type\": \"iteration\", \"real_time\": 0.0},"
		"{\"run_name\": \"e\", " RUN "\"ns\", \"skipped\": true, \"skip_message\": \"no AVX\"},"
		"{\"run_name\": \"f\", " RUN "\"ns\", \"error_occurred\": true, \"error_message\": \"broken\"}" TAIL);

	(void)state;
	assert_int_equal(results.nr, 6);
	expect_rate(&results, "b", 1, 3);
	assert_int_equal(find(&results, "NaN: \"Infinity\\")->nr, 1);
	assert_string_equal(find(&results, "NaN: \"Infinity\\")->workload, "NaN: \"Infinity\\");
	assert_true(find(&results, "c")->empty == 1 && find(&results, "d")->empty == 1);
	assert_string_equal(result_skipped(find(&results, "e")), "no AVX");
	assert_string_equal(find(&results, "f")->error, "broken");
	assert_null(result_skipped(find(&results, "f")));
	results_free(&results);
}

static void refuses_other_json(void **state)
{
	static char deep[8000];

	(void)state;
	refuse("", "not JSON");
	refuse("{\"a\": NaNs}", "not JSON");
	refuse("{\n\"a\": 1,\n\"a\": 2}", "r.json:3: not JSON: duplicate object key");
	refuse("{\"a\": \"two\nlines\"}", "not JSON");
	memset(deep, '[', sizeof(deep) - 1);
	refuse(deep, "maximum parsing depth reached");
	refuse(HEAD "1" TAIL, "benchmarks[0]: not an object");
	refuse(HEAD "{\"name\": 1}" TAIL, "benchmarks[0]: neither run_name nor name is a string");
	refuse(HEAD "{\"name\": \"a\", \"run_type\": []}" TAIL, "run_type is not a string");
	refuse(HEAD "{\"name\": \"a\", \"run_type\": \"iteration\"}" TAIL,
	       "neither items_per_second nor real_time is a number");
	refuse(HEAD "{\"name\": \"a\", \"real_time\": \"1\"}" TAIL,
	       "neither items_per_second nor real_time is a number");
	refuse(HEAD "{\"name\": \"a\", \"real_time\": 1, \"time_unit\": \"h\"}" TAIL,
	       "time_unit is none of ns, us, ms, s");
	refuse(HEAD "{\"name\": \"a\", \"items_per_second\": \"1\"}" TAIL, "items_per_second is not a number");
	refuse(HEAD "{\"name\": \"a\", \"items_per_second\": 1}, {\"name\": \"a\", \"real_time\": 1}" TAIL,
	       "benchmarks[1]: items_per_second in some repetitions only");
	refuse(HEAD "{\"name\": \"/\", \"real_time\": 1}" TAIL, "a name without a workload");
	refuse("{\"context\": [], \"benchmarks\": {}}", "not results of Google Benchmark");
}

/* A file of nothing but a length that memory should not be asked for. */
static void refuses_huge_files(void **state)
{
	struct results results;
	FILE *out = fopen("huge.json", "we");

	(void)state;
	assert_non_null(out);
	assert_int_equal(ftruncate(fileno(out), 3ll << 30), 0);
	fclose(out);
	assert_int_equal(results_load("huge.json", &results, why, sizeof(why)), -EFBIG);
	assert_string_equal(why, "huge.json: more than 256 MiB");
	unlink("huge.json");
}

#define COLUMNS	"tasks,processes,processes_idle,threads,threads_idle,linear\n"

static void reads_will_it_scale(void **state)
{
	struct results results = load_as("page fault1.csv",
					 COLUMNS "0,0,100,0,100,0\n1,574916,93.73,574313,93.70,574916\r\n"
						 "16,2595824,0.36,2142308,25.96,9198656");

	(void)state;
	assert_int_equal(results.nr, 4);
	expect_rate(&results, "page_fault1/mode:processes/threads:1", 1, 574916);
	expect_rate(&results, "page_fault1/mode:threads/threads:16", 1, 2142308);
	assert_string_equal(results.all[0].workload, "page_fault1");
	assert_string_equal(results.all[0].choices, "mode:processes");
	assert_int_equal(results.all[1].threads, 16);
	results_free(&results);
	results = load_as("b.csv", "tasks,threads\n2,1.5\n2,2.5\n");
	expect_rate(&results, "b/mode:threads/threads:2", 2, 2);
	results_free(&results);
	refuse_as("b.csv", COLUMNS, "no benchmarks in it");
	refuse_as("b.csv", "tasks,linear\n", "b.csv:1: neither a column of processes nor one of threads");
	refuse_as("b.csv", COLUMNS "1,2,3\n", "b.csv:2: not as many columns");
	refuse_as("b.csv", COLUMNS "x,1,1,1,1,1\n", "b.csv:2: not a number of tasks");
	refuse_as("b.csv", COLUMNS "1,1,1,1,1,1\n\n2,nan,1,1,1,1\n",
		  "b.csv:4: operations per second that are no number");
	refuse_as("b.csv", COLUMNS "1,-1,1,1,1,1\n", "operations per second that are no number");
	refuse_as("b.csv", "tasks,,,,,,,,,,,,,,,,threads\n", "more than 16 columns");
}

static struct side side_of(const char *text)
{
	struct side side = { .nr = 1 };

	side.runs[0] = load(text);
	return side;
}

/* Items a second are never set against iterations a second. */
static void compares_the_same_measure_alone(void **state)
{
	struct side by_time =
		side_of(HEAD "{\"name\": \"a\", \"real_time\": 1}, {\"name\": \"b\", \"real_time\": 1}" TAIL);
	struct side by_items =
		side_of(HEAD "{\"name\": \"a\", \"items_per_second\": 1}, {\"name\": \"b\", \"real_time\": 1}" TAIL);
	struct comparison comparison;

	(void)state;
	compare_sides(&comparison, &by_time, &by_items, COMPARE_THRESHOLD);
	assert_int_equal(comparison.nr, 1);
	assert_string_equal(comparison.changes[0].result->name, "b");
	comparison_free(&comparison);
	side_free(&by_time);
	side_free(&by_items);
}

static int in_scratch(void **state)
{
	static char folder[PATH_MAX];

	*state = mkdtemp(scratch_name(folder, "results"));
	return *state ? chdir(folder) : -1;
}

static int leave_scratch(void **state)
{
	return chdir("/") || rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_by_time),
		cmocka_unit_test(reads_the_first_versions),
		cmocka_unit_test(takes_aggregates_alone),
		cmocka_unit_test(leaves_aside_what_is_no_number),
		cmocka_unit_test(refuses_other_json),
		cmocka_unit_test(refuses_huge_files),
		cmocka_unit_test(reads_will_it_scale),
		cmocka_unit_test(compares_the_same_measure_alone),
	};

	return cmocka_run_group_tests(tests, in_scratch, leave_scratch);
}
