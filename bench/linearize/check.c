/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - the search for an order that explains a history. */
#include "bench/linearize/check.h"

#include <stdlib.h>
#include <string.h>

/* A slot for each part that runs: of each thread one for each page, and those of one that may not happen. */
#define SLOTS		((HISTORY_THREADS + 1) * HISTORY_PAGES)
#define SLOTS_A_WORD	32u
#define STATUS_WORDS	((SLOTS + SLOTS_A_WORD - 1) / SLOTS_A_WORD)
#define HASH_SIZE	(2u * CHECK_CONFIGS)

struct part {
	struct model_part model;
	uint16_t op;
	uint8_t slot;
};

struct moment {
	uint64_t stamp;
	uint16_t part;
	bool returns;
};

/* What may have happened: the state, and the phase of each running part, two bits by slot. */
struct config {
	struct model_state state;
	uint64_t status[STATUS_WORDS];
	uint32_t from;			/* the configuration before, and the step that led here */
	uint16_t part;
	uint8_t phase;
};

/* Lock key: (T) this thread only */
struct checker {
	struct part parts[MAX_PARTS];		/* (T) */
	struct moment events[2 * MAX_PARTS];	/* (T) */
	const struct part *running[SLOTS];	/* (T) */
	unsigned int nr_parts, nr_events;	/* (T) */
	uint32_t allowed;			/* (T) */
	struct config *configs;			/* (T) CHECK_CONFIGS of them */
	uint32_t nr_configs;			/* (T) of this search */
	unsigned long all_configs;		/* (T) of all searches of a check */
	uint32_t *alive, *reached;		/* (T) indices: before and after a return */
	uint32_t nr_alive, nr_reached;		/* (T) */
	uint32_t *table, *stamps;		/* (T) a hash of indices, valid if its stamp is @stamp */
	uint32_t stamp;				/* (T) */
};

struct checker *checker_create(void)
{
	struct checker *checker = calloc(1, sizeof(*checker));

	if (!checker)
		return NULL;
	checker->configs = malloc(CHECK_CONFIGS * sizeof(*checker->configs));
	checker->alive = malloc(CHECK_CONFIGS * sizeof(*checker->alive));
	checker->reached = malloc(CHECK_CONFIGS * sizeof(*checker->reached));
	checker->table = malloc(HASH_SIZE * sizeof(*checker->table));
	checker->stamps = calloc(HASH_SIZE, sizeof(*checker->stamps));
	if (checker->configs && checker->alive && checker->reached && checker->table && checker->stamps)
		return checker;
	checker_free(checker);
	return NULL;
}

void checker_free(struct checker *checker)
{
	free(checker->configs);
	free(checker->alive);
	free(checker->reached);
	free(checker->table);
	free(checker->stamps);
	free(checker);
}

unsigned long checker_configs(const struct checker *checker)
{
	return checker->all_configs;
}

/* ---- configurations ---- */
static enum phase phase_in(const struct config *config, unsigned int slot)
{
	return (enum phase)(config->status[slot / SLOTS_A_WORD] >> 2 * (slot % SLOTS_A_WORD) & 3);
}

static void set_phase(struct config *config, unsigned int slot, enum phase phase)
{
	uint64_t *word = &config->status[slot / SLOTS_A_WORD];
	unsigned int shift = 2 * (slot % SLOTS_A_WORD);

	*word = (*word & ~(3ull << shift)) | (uint64_t)phase << shift;
}

static uint32_t hash_of(const struct config *config)
{
	const uint64_t factor = 0x9e3779b97f4a7c15ull;
	uint64_t hash = 0;

	for (unsigned int i = 0; i < HISTORY_PAGES; i++)
		hash = (hash ^ config->state.page[i]) * factor;
	for (unsigned int i = 0; i < STATUS_WORDS; i++)
		hash = (hash ^ (hash >> 32) ^ config->status[i]) * factor;
	return (uint32_t)(hash >> 32) & (HASH_SIZE - 1);
}

static bool same(const struct config *one, const struct config *other)
{
	return !memcmp(&one->state, &other->state, sizeof(one->state)) &&
	       !memcmp(one->status, other->status, sizeof(one->status));
}

/* True if the configuration at @index was not met since the last return. */
static bool is_new(struct checker *checker, uint32_t index)
{
	const struct config *config = &checker->configs[index];
	uint32_t at = hash_of(config);

	for (; checker->stamps[at] == checker->stamp; at = (at + 1) & (HASH_SIZE - 1))
		if (same(&checker->configs[checker->table[at]], config))
			return false;
	checker->stamps[at] = checker->stamp;
	checker->table[at] = index;
	return true;
}

/* ---- the search ---- */
/* Adds what @next is. False: there are too many. */
static bool reach(struct checker *checker, uint32_t from, const struct part *part, const struct model_next *next,
		  unsigned int target)
{
	uint32_t index = checker->nr_configs;
	struct config *config = &checker->configs[index];

	if (index == CHECK_CONFIGS)
		return false;
	*config = checker->configs[from];
	config->state = next->state;
	config->from = from;
	config->part = (uint16_t)(part - checker->parts);
	config->phase = (uint8_t)next->phase;
	set_phase(config, part->slot, next->phase);
	if (!is_new(checker, index))
		return true;
	checker->nr_configs++;
	if (phase_in(config, target) == PHASE_DONE)
		checker->reached[checker->nr_reached++] = index;
	else
		checker->alive[checker->nr_alive++] = index;
	return true;
}

/* All steps of running parts from one configuration. */
static bool expand(struct checker *checker, uint32_t index, unsigned int target)
{
	struct model_next next[MODEL_NEXTS];

	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		const struct part *part = checker->running[slot];
		enum phase phase = phase_in(&checker->configs[index], slot);
		unsigned int nr;

		if (!part || phase == PHASE_DONE)
			continue;
		nr = model_step(&part->model, phase, &checker->configs[index].state, checker->allowed, next);
		for (unsigned int i = 0; i < nr; i++)
			if (!reach(checker, index, part, &next[i], target))
				return false;
	}
	return true;
}

/* The configurations in which @part, which returns, has happened; its slot is free. False: there are too many. */
static bool part_returns(struct checker *checker, const struct part *part)
{
	uint32_t *swapped = checker->alive, nr = checker->nr_alive;

	if (!++checker->stamp) {
		memset(checker->stamps, 0, HASH_SIZE * sizeof(*checker->stamps));
		checker->stamp = 1;
	}
	checker->nr_alive = checker->nr_reached = 0;
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t index = checker->alive[i];

		is_new(checker, index);
		if (phase_in(&checker->configs[index], part->slot) == PHASE_DONE)
			checker->reached[checker->nr_reached++] = index;
		else
			checker->alive[checker->nr_alive++] = index;
	}
	for (uint32_t i = 0; i < checker->nr_alive; i++)
		if (!expand(checker, checker->alive[i], part->slot))
			return false;
	checker->running[part->slot] = NULL;
	for (uint32_t i = 0; i < checker->nr_reached; i++)
		set_phase(&checker->configs[checker->reached[i]], part->slot, PHASE_CALLED);
	checker->alive = checker->reached;
	checker->nr_alive = checker->nr_reached;
	checker->reached = swapped;
	return true;
}

static void note_witness(const struct checker *checker, struct checked *checked)
{
	unsigned int first = checked->nr_steps;

	for (uint32_t index = checker->alive[0]; index && checked->nr_steps < ARRAY_SIZE(checked->steps);
	     index = checker->configs[index].from) {
		const struct config *config = &checker->configs[index];
		const struct part *part = &checker->parts[config->part];

		checked->steps[checked->nr_steps++] =
			(struct witness_step){ part->op, part->model.page, config->phase };
	}
	for (unsigned int last = checked->nr_steps; first + 1 < last; first++) {
		struct witness_step step = checked->steps[first];

		checked->steps[first] = checked->steps[--last];
		checked->steps[last] = step;
	}
}

/* One set of pages, whose parts and events are in place. */
static enum verdict search(struct checker *checker, struct checked *checked)
{
	enum verdict verdict = LINEARIZABLE;

	memset(&checker->configs[0], 0, sizeof(checker->configs[0]));
	checker->nr_configs = checker->nr_alive = 1;
	checker->alive[0] = 0;
	for (unsigned int i = 0; verdict == LINEARIZABLE && i < checker->nr_events; i++) {
		const struct moment *event = &checker->events[i];
		const struct part *part = &checker->parts[event->part];

		if (!event->returns) {
			checker->running[part->slot] = part;
		} else if (!part_returns(checker, part)) {
			verdict = GAVE_UP;
		} else if (!checker->nr_alive) {
			verdict = NOT_LINEARIZABLE;
			if (checked)
				checked->op = part->op;
		}
	}
	checker->all_configs += checker->nr_configs;
	if (checked && verdict == LINEARIZABLE)
		note_witness(checker, checked);
	return verdict;
}

/* ---- parts ---- */
/* Adds the pages that are searched with those of @pages. */
static uint32_t connected(const struct history *history, uint32_t pages, uint32_t allowed)
{
	uint32_t before;

	do {
		before = pages;
		for (unsigned int i = 0; i < history->nr; i++)
			if (model_is_joint((enum history_kind)history->ops[i].kind, allowed) &&
			    (history_pages(&history->ops[i]) & pages))
				pages |= history_pages(&history->ops[i]);
	} while (pages != before);
	return pages;
}

static void add_part(struct checker *checker, const struct history_op *op, unsigned int index, unsigned int page,
		     bool maybe)
{
	unsigned int nr = checker->nr_parts++;

	checker->parts[nr] = (struct part){
		.model = { .op = op, .page = (uint8_t)page, .maybe = maybe },
		.op = (uint16_t)index,
		.slot = (uint8_t)((maybe ? HISTORY_THREADS : op->thread) * HISTORY_PAGES + page),
	};
	checker->events[checker->nr_events++] = (struct moment){ maybe ? 0 : op->called, (uint16_t)nr, false };
	if (!maybe)
		checker->events[checker->nr_events++] = (struct moment){ op->returned, (uint16_t)nr, true };
}

static int compare_events(const void *one, const void *other)
{
	const struct moment *a = one, *b = other;

	if (a->stamp != b->stamp)
		return a->stamp < b->stamp ? -1 : 1;
	return a->part < b->part ? -1 : 1;
}

static void take_parts(struct checker *checker, const struct history *history, uint32_t pages, int maybe)
{
	memset(checker->running, 0, sizeof(checker->running));
	checker->nr_parts = checker->nr_events = 0;
	for (unsigned int i = 0; i < history->nr; i++) {
		const struct history_op *op = &history->ops[i];

		if (!(history_pages(op) & pages))
			continue;
		if (model_is_joint((enum history_kind)op->kind, checker->allowed)) {
			add_part(checker, op, i, op->first, (int)i == maybe);
			continue;
		}
		for (unsigned int page = op->first; page < (unsigned int)op->first + op->nr; page++)
			if (pages & 1u << page)
				add_part(checker, op, i, page, (int)i == maybe);
	}
	qsort(checker->events, checker->nr_events, sizeof(checker->events[0]), compare_events);
}

/* What can show: mincore apart, not whether a page is resident; and pins only where there are some. */
static uint32_t those_that_show(const struct history *history, uint32_t allowed)
{
	uint32_t kinds = 0;

	for (unsigned int i = 0; i < history->nr; i++)
		kinds |= 1u << history->ops[i].kind;
	if (!(kinds & 1u << OP_MINCORE))
		allowed &= ~ALLOW(FAULT_BEFORE_ACCESS);
	if (!(kinds & (1u << OP_PIN_READ | 1u << OP_PIN_WRITE)))
		allowed &= ~ALLOW(FORK_OF_PINS);
	return allowed;
}

enum verdict checker_check(struct checker *checker, const struct history *history, uint32_t allowed, int maybe,
			   struct checked *checked)
{
	enum verdict verdict = LINEARIZABLE;
	uint32_t left = (1u << history->pages) - 1;

	checker->allowed = those_that_show(history, allowed);
	checker->all_configs = 0;
	if (checked)
		checked->nr_steps = 0;
	while (left && verdict == LINEARIZABLE) {
		uint32_t pages = connected(history, left & -left, checker->allowed);

		left &= ~pages;
		take_parts(checker, history, pages, maybe);
		verdict = search(checker, checked);
		if (checked && verdict != LINEARIZABLE)
			checked->pages = pages;
	}
	if (checked)
		checked->verdict = verdict;
	return verdict;
}
