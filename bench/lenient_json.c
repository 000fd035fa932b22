/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lenient_json.c - replaces what is not JSON by null, byte for byte, and leaves the rest to jansson. */
#include "bench/lenient_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/faultline.h"

/* The bytes of a number that is none at @text; 0 when there is none. Outside of strings, no word of JSON begins like one. */
static size_t length_of_none(const char *text)
{
	static const char *const words[] = { "-nan", "nan", "-infinity", "infinity", "-inf", "inf" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncasecmp(text, words[i], strlen(words[i])))
			return strlen(words[i]);
	return 0;
}

/* The byte after the string whose opening quote is at @text. */
static char *string_end(char *text)
{
	for (text++; *text && *text != '"'; text++)
		if (*text == '\\' && text[1])
			text++;
	return *text ? text + 1 : text;
}

/* A word is as long as "null" or longer, but for two: @out holds 4 bytes for each 3 of @text. */
static char *without_none(char *text)
{
	char *out = malloc(strlen(text) / 3 * 4 + 5), *to = out;

	while (out && *text) {
		const size_t none = length_of_none(text);
		char *end = *text == '"' ? string_end(text) : text + 1;

		if (none) {
			to = stpcpy(to, "null");
			text += none;
			continue;
		}
		memcpy(to, text, (size_t)(end - text));
		to += end - text;
		text = end;
	}
	if (out)
		*to = '\0';
	return out;
}

static char *whole_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &room, '\0', file) < 0 && !ferror(file)) {
		free(text);
		text = strdup("");
	} else if (ferror(file)) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

json_t *lenient_json_load(const char *path, json_error_t *error)
{
	char *text = whole_file(path), *clean = text ? without_none(text) : NULL;
	json_t *root = NULL;

	if (clean)
		root = json_loads(clean, 0, error);
	else if (error)
		*error = (json_error_t){ .line = -1 };
	if (!clean && error)
		snprintf(error->text, sizeof(error->text), "%s", strerror(errno ? errno : ENOMEM));
	free(clean);
	free(text);
	return root;
}
