/* SPDX-License-Identifier: GPL-2.0-or-later */
/* number.c - numbers, sizes and times are read whole or not at all; what is misspelt gets the closest name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/ground/number.h"
#include "bench/ground/suggest.h"
#include "core/faultline.h"

static void numbers_neither_overflow_nor_have_anything_beside_them(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "1k", "0x1", "1.0", "18446744073709551616", "99999999999999999999"
	};
	uint64_t number = 7;

	(void)state;
	assert_true(read_number("18446744073709551615", 0, UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
	assert_true(read_number("0012", 12, 12, &number));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(read_number(bad[i], 0, UINT64_MAX, &number));
	assert_false(read_number("4", 5, 9, &number));
	assert_false(read_number("10", 5, 9, &number));
	assert_int_equal(number, 12);
}

static void sizes_take_a_letter(void **state)
{
	static const char *const bad[] = {
		"k", "1kk", "1kb", "1p", "1.5k", "-1k", "16777216t", "18446744073709551615k"
	};
	uint64_t size = 0;

	(void)state;
	assert_true(read_size("64", 0, UINT64_MAX, &size) && size == 64);
	assert_true(read_size("4k", 0, UINT64_MAX, &size) && size == 4096);
	assert_true(read_size("2M", 0, UINT64_MAX, &size) && size == 2ul << 20);
	assert_true(read_size("3g", 0, UINT64_MAX, &size) && size == 3ul << 30);
	assert_true(read_size("16777215T", 0, UINT64_MAX, &size) && size == 16777215ul << 40);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(read_size(bad[i], 0, UINT64_MAX, &size));
	assert_false(read_size("4k", 0, 4095, &size));
}

static void times_take_a_unit(void **state)
{
	static const struct { const char *text; double seconds; } good[] = {
		{ "60", 60 }, { "60s", 60 }, { "5m", 300 }, { "500ms", 0.5 }, { "1.5h", 5400 }, { "250us", 250e-6 },
		  { "7ns", 7e-9 },
		{ ".5", 0.5 }, { "0", 0 },
	};
	static const char *const bad[] = { "",	    "s",  "ms",	  "soon", "-1",	 "+1",	 "1 s", "1e3",
					   "1.2.3", "5x", "5min", "inf",  "nan", "0x10", "5M" };
	double seconds = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(read_time(good[i].text, 0, 1e6, &seconds));
		assert_true(seconds > good[i].seconds * (1 - 1e-12) - 1e-15 &&
			    seconds < good[i].seconds * (1 + 1e-12) + 1e-15);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(read_time(bad[i], 0, 1e6, &seconds));
	assert_false(read_time("2h", 0, 3600, &seconds));
	assert_false(read_fraction("5s", 0, 10, &seconds));
}

static void times_are_printed_as_they_are_read(void **state)
{
	static const struct { double seconds; const char *text; } times[] = {
		{ 60, "60" }, { 1e6, "1000000" }, { 0.5, "0.5" }, { 1e-6, "0.000001" }, { 7e-9, "0.000000007" },
		{ 0, "0" },
	};
	char text[SECONDS_TEXT];
	double seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		assert_string_equal(seconds_text(times[i].seconds, text), times[i].text);
		assert_true(read_time(text, times[i].seconds, times[i].seconds, &seconds));
	}
}

static const char *closest(const char *word)
{
	static const char *const names[] = { "stress", "bench", "litmus", "list", "walk_dense", "walk_holes" };
	struct suggestion near = suggestion_begin(word);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		suggestion_offer(&near, names[i]);
	return near.name ? near.name : "";
}

static void the_closest_name_is_suggested(void **state)
{
	char longer[200] = { 0 };
	struct suggestion near;

	(void)state;
	assert_string_equal(closest("strss"), "stress");	/* a letter dropped, */
	assert_string_equal(closest("streess"), "stress");	/* added, */
	assert_string_equal(closest("stregs"), "stress");	/* changed, */
	assert_string_equal(closest("strses"), "stress");	/* swapped with its neighbour */
	assert_string_equal(closest("walk_hloes"), "walk_holes");
	assert_string_equal(closest("lit"), "litmus");		/* the beginning of a name */
	assert_string_equal(closest("fly"), "");
	assert_string_equal(closest("li"), "");
	assert_string_equal(closest(""), "");
	memset(longer, 'a', sizeof(longer) - 1);
	assert_string_equal(closest(longer), "");
	near = suggestion_begin("benhc");
	assert_string_equal(suggestion_text(&near, "--"), "");
	suggestion_offer(&near, "bench");
	assert_string_equal(suggestion_text(&near, "--"), "; did you mean '--bench'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_neither_overflow_nor_have_anything_beside_them),
		cmocka_unit_test(sizes_take_a_letter),
		cmocka_unit_test(times_take_a_unit),
		cmocka_unit_test(times_are_printed_as_they_are_read),
		cmocka_unit_test(the_closest_name_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
