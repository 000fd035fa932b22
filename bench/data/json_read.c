/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_read.c - files into memory, and JSON out of it. */
#include "bench/data/json_read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/dialect.h"

#define FIRST_ROOM	65536

static void *refused(const char *path, const char *reason, char *why, size_t why_size)
{
	snprintf(why, why_size, "%s: %s", path, reason);
	return NULL;
}

/* All of @file, zero-terminated. NULL with errno set; EFBIG above the limit. */
static char *read_all(FILE *file, size_t *length)
{
	size_t room = 0;
	char *text = NULL;

	*length = 0;
	do {
		char *grown;

		room = room ? room * 2 : FIRST_ROOM;
		grown = *length > JSON_READ_MOST ? NULL : realloc(text, room + 1);
		if (!grown) {
			errno = *length > JSON_READ_MOST ? EFBIG : ENOMEM;
			break;
		}
		text = grown;
		*length += fread(text + *length, 1, room - *length, file);
		if (ferror(file))
			break;
		if (feof(file)) {
			text[*length] = '\0';
			return text;
		}
	} while (true);
	free(text);
	return NULL;
}

int read_whole_file(const char *path, char **text, size_t *length, char *why, size_t why_size)
{
	FILE *file = fopen(path, "re");
	int error = errno;

	if (file) {
		errno = 0;
		*text = read_all(file, length);
		error = errno ? errno : EIO;
		fclose(file);
		if (*text)
			return 0;
	}
	refused(path, error == EFBIG ? "more than 256 MiB" : strerror(error), why, why_size);
	return -error;
}

/* How many bytes at @text are a number that JSON has not; 0 when none. */
static size_t no_number(const char *text)
{
	static const char *const words[] = { "NaN", "-NaN", "Infinity", "-Infinity", "nan", "-nan", "inf", "-inf" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(text, words[i], strlen(words[i])))
			return strlen(words[i]);
	return 0;
}

/*
 * @text with null for each of them outside of strings, to be freed. A string's end is a '"' that no backslash escapes.
 */
static char *without_no_numbers(const char *text, size_t *length)
{
	char *copy = malloc(*length + *length / 3 + 2), *to = copy;
	const char *const end = text + *length;
	bool in_string = false;

	while (copy && text < end) {
		const size_t skipped = in_string ? 0 : no_number(text);

		if (skipped) {
			to = mempcpy(to, "null", 4);
			text += skipped;
			continue;
		}
		if (in_string && *text == '\\' && text + 1 < end)
			*to++ = *text++;
		else if (*text == '"')
			in_string = !in_string;
		*to++ = *text++;
	}
	if (copy)
		*length = (size_t)(to - copy);
	return copy;
}

/* @string as plain text. Returns false for want of memory. */
static bool make_plain(json_t *string)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool made;

	if (out) {
		text_put_plain(out, json_string_value(string));
		fclose(out);
	}
	made = text && !json_string_setn(string, text, length);
	free(text);
	return made;
}

/* All strings of @value: they are printed. */
static bool make_strings_plain(json_t *value)
{
	bool made = !json_is_string(value) || make_plain(value);
	const char *key;
	json_t *inner;
	size_t i;

	json_object_foreach(value, key, inner)
		made = made && make_strings_plain(inner);
	json_array_foreach(value, i, inner)
		made = made && make_strings_plain(inner);
	return made;
}

json_t *json_read_text(const char *path, const char *text, size_t length, char *why, size_t why_size)
{
	json_error_t error;
	json_t *root;
	char *copy = without_no_numbers(text, &length);

	if (!copy)
		return refused(path, strerror(ENOMEM), why, why_size);
	root = json_loadb(copy, length, JSON_REJECT_DUPLICATES, &error);
	free(copy);
	if (root && make_strings_plain(root))
		return root;
	if (root) {
		json_decref(root);
		return refused(path, strerror(ENOMEM), why, why_size);
	}
	snprintf(why, why_size, "%s:%d: not JSON: %s", path, error.line, error.text);
	return NULL;
}

json_t *json_read_file(const char *path, char *why, size_t why_size)
{
	size_t length;
	char *text;
	json_t *root;

	if (read_whole_file(path, &text, &length, why, why_size))
		return NULL;
	root = json_read_text(path, text, length, why, why_size);
	free(text);
	return root;
}
