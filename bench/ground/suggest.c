/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.c - Damerau's edit distance, restricted: no letter is edited twice. */
#include "bench/ground/suggest.h"

#include <stdio.h>
#include <string.h>

#define MAX_LENGTH	64u	/* longer words get no suggestion; names are at most half as long */
#define PER_EDIT	3u	/* letters of a word for each edit allowed */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Row by row; a swap looks two rows back. Both words are at most MAX_LENGTH long. */
static unsigned int edit_distance(const char *a, const char *b)
{
	const size_t length_a = strlen(a), length_b = strlen(b);
	unsigned int rows[3][MAX_LENGTH + 1];

	for (unsigned int j = 0; j <= length_b; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= length_a; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned int j = 1; j <= length_b; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[length_a % 3][length_b];
}

struct suggestion suggestion_begin(const char *word)
{
	return (struct suggestion){ .word = word, .distance = (unsigned int)strlen(word) / PER_EDIT + 1 };
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
	const size_t length = strlen(suggestion->word);
	unsigned int distance;

	if (length < PER_EDIT || length > MAX_LENGTH || strlen(name) > MAX_LENGTH)
		return;
	distance = strncmp(name, suggestion->word, length) ? edit_distance(suggestion->word, name) : 1;
	if (distance >= suggestion->distance)
		return;
	suggestion->distance = distance;
	suggestion->name = name;
}

const char *suggestion_text(struct suggestion *suggestion, const char *prefix)
{
	if (suggestion->name)
		snprintf(suggestion->text, sizeof(suggestion->text), "; did you mean '%s%s'?", prefix,
			 suggestion->name);
	return suggestion->text;
}
