/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_words.c - which words those are. */
#include "bench/draw/show_words.h"

#include <stdlib.h>
#include <string.h>

#include "bench/check/event_words.h"
#include "bench/ground/command.h"

/* A named word: two lives of memory have two names. */
struct word {
	const void *address;		/* NULL: free */
	uint32_t size, threads;		/* a bit for each */
	uint32_t row;			/* SHOW_NO_ROW: none yet */
	bool written;
	char name[128];
};

struct table {
	struct word *words;
	size_t size;
};

static struct word *word_of(struct table *table, const struct schedule_event *event, const char *name)
{
	for (size_t i = (uintptr_t)event->address * 0x9e3779b97f4a7c15ul >> 24;; i++) {
		struct word *word = &table->words[i % table->size];

		if (word->address && (word->address != event->address || word->size != event->size ||
				      strcmp(word->name, name)))
			continue;
		if (!word->address) {
			*word = (struct word){ .address = event->address, .size = event->size, .row = SHOW_NO_ROW };
			snprintf(word->name, sizeof(word->name), "%s", name);
		}
		return word;
	}
}

static bool add_row(struct show_words *words, struct word *word, bool entry)
{
	if (words->nr == words->room) {
		uint32_t room = words->room ? 2 * words->room : 64;
		struct show_row *grown = realloc(words->rows, room * sizeof(*grown));

		if (!grown)
			return false;
		words->rows = grown;
		words->room = room;
	}
	word->row = words->nr;
	words->rows[words->nr] = (struct show_row){ .entry = entry };
	memcpy(words->rows[words->nr++].name, word->name, sizeof(word->name));
	return true;
}

static void note_users(struct table *table, const struct show *show)
{
	for (uint32_t i = 0; i < show->nr; i++) {
		const struct schedule_event *event = &show->log->events[i];
		struct named named;
		struct word *word;

		if (!event_is_access(event))
			continue;
		named_memory_find(event->address, event->size, i, &named);
		word = word_of(table, event, named.name);
		word->threads |= 1u << event->thread;
		word->written |= event->kind != SCHEDULE_READS;
	}
}

static bool wanted(const struct word *word, const struct named *named)
{
	bool shared = word->threads & (word->threads - 1);

	return word->written && (named->kind == NAMED_ENTRY || (shared && named->kind != NAMED_OTHER));
}

static int give_rows(struct show_words *words, struct table *table, const struct show *show)
{
	for (uint32_t i = 0; i < show->nr; i++) {
		const struct schedule_event *event = &show->log->events[i];
		struct event_words text;
		struct word *word;

		words->row_of[i] = SHOW_NO_ROW;
		if (!event_is_access(event))
			continue;
		event_words(&text, show->log, i);
		word = word_of(table, event, text.named.name);
		if (!wanted(word, &text.named))
			continue;
		if (word->row == SHOW_NO_ROW && !add_row(words, word, text.named.kind == NAMED_ENTRY))
			return fail("out of memory");
		words->row_of[i] = word->row;
		memcpy(words->rows[word->row].last, text.value, sizeof(text.value));
	}
	return 0;
}

int show_words_find(struct show_words *words, const struct show *show)
{
	struct table table = { .size = 64 };
	int status;

	while (table.size < 2ul * show->nr)
		table.size *= 2;
	table.words = calloc(table.size, sizeof(*table.words));
	*words = (struct show_words){ .row_of = calloc(show->nr + 1, sizeof(*words->row_of)) };
	if (table.words && words->row_of) {
		note_users(&table, show);
		status = give_rows(words, &table, show);
	} else {
		status = fail("out of memory");
	}
	free(table.words);
	return status;
}

void show_words_free(struct show_words *words)
{
	free(words->rows);
	free(words->row_of);
}
