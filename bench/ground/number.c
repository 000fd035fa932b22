/* SPDX-License-Identifier: GPL-2.0-or-later */
/* number.c - reads numbers, sizes and times. */
#include "bench/ground/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the digits off the front of @text. */
static bool take_digits(const char **text, uint64_t *value)
{
	const char *begin = *text;

	for (*value = 0; **text >= '0' && **text <= '9'; (*text)++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	return *text > begin;
}

bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	uint64_t value;

	if (!take_digits(&text, &value) || *text || value < least || value > most)
		return false;
	*number = value;
	return true;
}

bool read_size(const char *text, uint64_t least, uint64_t most, uint64_t *size)
{
	static const char letters[] = "kmgtKMGT";
	const char *letter;
	uint64_t value;

	if (!take_digits(&text, &value))
		return false;
	letter = *text ? strchr(letters, *text) : NULL;
	if (letter) {
		const unsigned int shift = 10 * (unsigned int)((letter - letters) % 4 + 1);

		if (value > UINT64_MAX >> shift)
			return false;
		value <<= shift;
		text++;
	}
	if (*text || value < least || value > most)
		return false;
	*size = value;
	return true;
}

/* Takes a decimal fraction off the front of @text. */
static bool take_fraction(const char **text, double *value)
{
	const size_t length = strspn(*text, "0123456789.");
	char *end, *digits = strndup(*text, length);
	bool whole;

	if (!digits)
		return false;
	*value = strtod(digits, &end);
	whole = length && end == digits + length && isfinite(*value);
	free(digits);
	*text += length;
	return whole;
}

bool read_fraction(const char *text, double least, double most, double *number)
{
	double value;

	if (!take_fraction(&text, &value) || *text || value < least || value > most)
		return false;
	*number = value;
	return true;
}

bool read_time(const char *text, double least, double most, double *seconds)
{
	static const struct { const char *name; double seconds; } units[] = {
		{ "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "us", 1e-6 }, { "ns", 1e-9 }, { "m", 60 }, { "h", 3600 },
	};
	double value;

	if (!take_fraction(&text, &value))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(text, units[i].name)) {
			value *= units[i].seconds;
			if (value < least || value > most)
				return false;
			*seconds = value;
			return true;
		}
	return false;
}

const char *seconds_text(double seconds, char text[SECONDS_TEXT])
{
	size_t length = (size_t)snprintf(text, SECONDS_TEXT, "%.9f", seconds);

	while (length && text[length - 1] == '0')
		text[--length] = '\0';
	if (length && text[length - 1] == '.')
		text[length - 1] = '\0';
	return text;
}
