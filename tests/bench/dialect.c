/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialect.c - formats with foreign text in them: what is a literal stays, what is not goes through the language's own
 * functions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/ground/dialect.h"

static void put_bracketed(FILE *out, const char *text)
{
	fprintf(out, "<%s>", text);
}

static void put_real(FILE *out, const char *conversion, double number)
{
	fprintf(out, conversion, number);
}

static char written[256];

static void __attribute__((format(printf, 1, 2))) print(const char *fmt, ...)
{
	static const struct dialect dialect = { put_bracketed, put_real, "none" };
	FILE *out = fmemopen(written, sizeof(written), "w");
	va_list ap;

	assert_non_null(out);
	va_start(ap, fmt);
	dialect_print(out, &dialect, fmt, ap);
	va_end(ap);
	fclose(out);
}

static void conversions(void **state)
{
	(void)state;
	print("a %s b %s", "x%d", "");
	assert_string_equal(written, "a <x%d> b <>");
	print("%d %u %lu %zu %5u|", -3, 4000000000u, 1ul << 40, sizeof(char), 7u);
	assert_string_equal(written, "-3 4000000000 1099511627776 1     7|");
	print("%g %.2f %.*f %+.1f 100 %%", 0.5, 1.0, 3, 2.0, 3.0);
	assert_string_equal(written, "0.5 1.00 2.000 +3.0 100 %");
	print("%g %f %.1f", NAN, (double)INFINITY, -(double)INFINITY);
	assert_string_equal(written, "none none none");
}

/* All characters of @text are @wanted, which ends with 0. */
static void reads(const char *text, const unsigned int *wanted)
{
	unsigned int character;

	while ((character = text_next(&text)))
		assert_int_equal(character, *wanted++);
	assert_int_equal(*wanted, 0);
}

static void characters(void **state)
{
	(void)state;
	reads("aä€😀", (const unsigned int[]){ 'a', 0xe4, 0x20ac, 0x1f600, 0 });
	reads("\t\n\r\x01\x7f", (const unsigned int[]){ '\t', '\n', 0xfffd, 0xfffd, 0xfffd, 0 });
	/* A tail without a head, heads without tails, too long, a surrogate, beyond all, no character, C1. */
	reads("\x80z\xc3\xe2\x82", (const unsigned int[]){ 0xfffd, 'z', 0xfffd, 0xfffd, 0xfffd, 0 });
	reads("\xc0\xaf", (const unsigned int[]){ 0xfffd, 0 });
	reads("\xed\xa0\x80\xf5\x80\x80\x80", (const unsigned int[]){ 0xfffd, 0xfffd, 0 });
	reads("\xef\xbf\xbf\xc2\x9b", (const unsigned int[]){ 0xfffd, 0xfffd, 0 });
}

static void characters_written(void **state)
{
	static const unsigned int all[] = { 'a', 0x7ff, 0x800, 0xffff, 0x10000, 0x10fffd };
	FILE *out = fmemopen(written, sizeof(written), "w");

	(void)state;
	assert_non_null(out);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		text_put(out, all[i]);
	fclose(out);
	assert_string_equal(written, "a\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions),
		cmocka_unit_test(characters),
		cmocka_unit_test(characters_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
