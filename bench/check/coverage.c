/* SPDX-License-Identifier: GPL-2.0-or-later */
/* coverage.c - tables of source lines, of pairs of them, and of the words of one episode. */
#include "bench/check/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "bench/check/source_line.h"
#include "bench/ground/command.h"

#define MAX_LINES	8192u
#define PCS		(1u << 15)	/* powers of two; tables are at most half full */
#define PAIRS		(1u << 18)
#define WORDS		(1u << 17)
#define TRIED		20u	/* accesses, for each of which the log is searched */

/* How far each thread had come: the number of its latest access. */
struct clock {
	uint32_t at[SCHEDULE_THREADS];
};

/* The latest access of a thread to a word. */
struct user {
	uint32_t at;			/* its number; 0: none */
	uint16_t line;
};

/* Of the accesses since the latest write, and that. */
struct word {
	uint64_t number;		/* address / 8 */
	uint32_t episode;		/* another one: free */
	uint8_t writer;
	struct user write, reads[SCHEDULE_THREADS];
	struct clock written, read;	/* before the end of each */
};

struct pair {
	uint32_t lines;			/* of the first << 16 | of the second; 0: free */
	uint32_t seen;			/* how often */
};

struct place {
	const void *pc;			/* NULL: free */
	uint16_t line;
};

static struct coverage {
	uint32_t episode, nr_words;
	unsigned int nr_lines, nr_places;
	struct coverage_figure figure;
	char *lines[MAX_LINES];		/* number 0 is none */
	bool *missing;			/* of each line: it begins a pair that was never seen in that order */
	struct clock threads[SCHEDULE_THREADS];	/* what is before the next access of each */
	struct clock sections;		/* before the end of any RCU section */
	struct place *places;
	struct pair *pairs;
	struct word *words;
} *coverage;

int coverage_open(void)
{
	coverage = calloc(1, sizeof(*coverage));
	if (coverage) {
		coverage->missing = calloc(MAX_LINES, sizeof(*coverage->missing));
		coverage->places = calloc(PCS, sizeof(*coverage->places));
		coverage->pairs = calloc(PAIRS, sizeof(*coverage->pairs));
		coverage->words = calloc(WORDS, sizeof(*coverage->words));
	}
	return coverage && coverage->missing && coverage->places && coverage->pairs && coverage->words ?
	       0 : fail("out of memory");
}

void coverage_close(void)
{
	if (!coverage)
		return;
	for (unsigned int i = 1; i <= coverage->nr_lines; i++)
		free(coverage->lines[i]);
	free(coverage->missing);
	free(coverage->places);
	free(coverage->pairs);
	free(coverage->words);
	free(coverage);
	coverage = NULL;
}

static uint32_t hash(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ul >> 32);
}

/* ---- lines ---- */
static uint16_t number_of_text(const char *text)
{
	for (unsigned int i = 1; i <= coverage->nr_lines; i++)
		if (!strcmp(coverage->lines[i], text))
			return (uint16_t)i;
	if (coverage->nr_lines + 1 == MAX_LINES)
		return 0;
	coverage->lines[++coverage->nr_lines] = strdup(text);
	return (uint16_t)coverage->nr_lines;
}

/* 0: there are too many. */
static uint16_t line_of(const void *pc)
{
	struct place *place;
	char text[160];

	for (uint32_t i = hash((uintptr_t)pc);; i++) {
		place = &coverage->places[i % PCS];
		if (place->pc == pc)
			return place->line;
		if (!place->pc)
			break;
	}
	if (coverage->nr_places == PCS / 2)
		return 0;
	coverage->nr_places++;
	source_line(pc, text, sizeof(text));
	*place = (struct place){ .pc = pc, .line = number_of_text(text) };
	return place->line;
}

/* ---- pairs ---- */
static struct pair *pair_of(uint16_t first, uint16_t second)
{
	uint32_t lines = (uint32_t)first << 16 | second;

	for (uint32_t i = hash(lines);; i++) {
		struct pair *pair = &coverage->pairs[i % PAIRS];

		if (pair->lines == lines)
			return pair;
		if (pair->lines)
			continue;
		if (coverage->figure.possible == PAIRS / 2)
			return NULL;
		pair->lines = lines;
		coverage->figure.possible++;
		return pair;
	}
}

/* The two were seen in that order. */
static void count_pair(uint16_t first, uint16_t second)
{
	struct pair *pair = pair_of(first, second);

	pair_of(second, first);
	if (pair && !pair->seen++)
		coverage->figure.seen++;
}

static void join(struct clock *clock, const struct clock *other)
{
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		clock->at[i] = max(clock->at[i], other->at[i]);
}

/* ---- words ---- */
static struct word *word_of(uint64_t number)
{
	for (uint32_t i = hash(number);; i++) {
		struct word *word = &coverage->words[i % WORDS];

		if (word->episode == coverage->episode && word->number == number)
			return word;
		if (word->episode == coverage->episode)
			continue;
		if (coverage->nr_words == WORDS / 2)
			return NULL;
		coverage->nr_words++;
		*word = (struct word){ .number = number, .episode = coverage->episode };
		return word;
	}
}

/* Nothing else orders @user of @other before the next access of @thread. */
static bool unordered(const struct user *user, unsigned int other, unsigned int thread)
{
	return user->at && other != thread && user->at > coverage->threads[thread].at[other];
}

/* Pairs are those of what the thread knew before the access. */
static void access_word(struct word *word, unsigned int thread, uint16_t line, bool write)
{
	struct clock *own = &coverage->threads[thread];
	struct user user = { .at = own->at[thread] + 1, .line = line };

	if (unordered(&word->write, word->writer, thread))
		count_pair(word->write.line, line);
	for (unsigned int i = 0; write && i < SCHEDULE_THREADS; i++)
		if (unordered(&word->reads[i], i, thread))
			count_pair(word->reads[i].line, line);
	join(own, &word->written);
	if (write)
		join(own, &word->read);
	own->at[thread] = user.at;
	if (!write) {
		word->reads[thread] = user;
		join(&word->read, own);
		return;
	}
	memset(word->reads, 0, sizeof(word->reads));
	memset(&word->read, 0, sizeof(word->read));
	word->write = user;
	word->writer = (uint8_t)thread;
	word->written = *own;
}

/* ---- episodes ---- */
static bool is_access(const struct schedule_event *event)
{
	return event->kind >= SCHEDULE_READS && event->kind <= SCHEDULE_UPDATES && event->order != SCHEDULE_PLAIN;
}

/* One word: what crosses its end is not atomic. */
static void take_access(const struct schedule_event *event)
{
	uint16_t line = line_of(event->pc);
	struct word *word = line ? word_of((uintptr_t)event->address / 8) : NULL;

	if (word)
		access_word(word, event->thread, line, event->kind != SCHEDULE_READS);
}

/* What else orders threads. */
static void take_detail(const struct schedule_event *event)
{
	struct clock *own = &coverage->threads[event->thread];
	struct word *head;

	switch (event->kind) {
	case SCHEDULE_EXITS:
		join(&coverage->sections, own);
		break;
	case SCHEDULE_SYNCHRONIZED:
		join(own, &coverage->sections);
		break;
	case SCHEDULE_QUEUES:
		head = word_of((uintptr_t)event->address / 8);
		if (head)
			join(&head->written, own);
		break;
	case SCHEDULE_RUNS:
		head = word_of((uintptr_t)event->address / 8);
		if (head)
			join(own, &head->written);
		join(own, &coverage->sections);
		break;
	case SCHEDULE_WAKES:
		join(&coverage->threads[event->value], own);
		break;
	default:
		break;
	}
}

static void find_missing(void)
{
	memset(coverage->missing, 0, MAX_LINES * sizeof(*coverage->missing));
	for (unsigned int i = 0; i < PAIRS; i++)
		if (coverage->pairs[i].lines && !coverage->pairs[i].seen)
			coverage->missing[coverage->pairs[i].lines >> 16] = true;
}

void coverage_add(const struct schedule_log *log)
{
	coverage->episode++;
	coverage->nr_words = 0;
	memset(coverage->threads, 0, sizeof(coverage->threads));
	memset(&coverage->sections, 0, sizeof(coverage->sections));
	for (uint32_t i = 0; i < min(log->nr_events, log->room); i++) {
		if (is_access(&log->events[i]))
			take_access(&log->events[i]);
		else
			take_detail(&log->events[i]);
	}
	find_missing();
}

struct coverage_figure coverage_figure(void)
{
	return coverage->figure;
}

/* The pair is possible, and was never seen in that order. */
static bool is_missing(const struct schedule_event *first, const struct schedule_event *second)
{
	uint32_t lines = (uint32_t)line_of(first->pc) << 16 | line_of(second->pc);

	for (uint32_t i = hash(lines); coverage->pairs[i % PAIRS].lines; i++)
		if (coverage->pairs[i % PAIRS].lines == lines)
			return !coverage->pairs[i % PAIRS].seen;
	return false;
}

bool coverage_missing(const struct schedule_log *log, uint64_t chance, const struct schedule_event **first,
		      const struct schedule_event **second)
{
	const uint32_t nr = min(log->nr_events, log->room);
	unsigned int tried = 0;

	for (uint32_t i = 0; i < nr && tried < TRIED; i++) {
		*first = &log->events[(chance + i) % nr];
		if (!is_access(*first) || !coverage->missing[line_of((*first)->pc)])
			continue;
		tried++;
		for (uint32_t j = 0; j < nr; j++) {
			*second = &log->events[(chance + i + j) % nr];
			if ((*second)->address == (*first)->address && (*second)->thread != (*first)->thread &&
			    is_access(*second) && is_missing(*first, *second))
				return true;
		}
	}
	return false;
}

static int by_lines(const void *a, const void *b)
{
	const struct pair *one = a, *other = b;
	int order = strcmp(coverage->lines[one->lines >> 16], coverage->lines[other->lines >> 16]);

	return order ? order : strcmp(coverage->lines[one->lines & UINT16_MAX],
				      coverage->lines[other->lines & UINT16_MAX]);
}

int coverage_print(FILE *out)
{
	struct pair *pairs = malloc(PAIRS * sizeof(*pairs));
	unsigned int nr = 0;

	if (!pairs)
		return fail("out of memory");
	for (unsigned int i = 0; i < PAIRS; i++)
		if (coverage->pairs[i].lines && !coverage->pairs[i].seen)
			pairs[nr++] = coverage->pairs[i];
	qsort(pairs, nr, sizeof(*pairs), by_lines);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "never seen: %s, then %s\n", coverage->lines[pairs[i].lines >> 16],
			coverage->lines[pairs[i].lines & UINT16_MAX]);
	free(pairs);
	return 0;
}
