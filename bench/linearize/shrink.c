/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.c - the smallest part of a history that no order explains. */
#include "bench/linearize/shrink.h"

#include <string.h>

static void remove_op(struct history *history, unsigned int index)
{
	history->nr--;
	memmove(&history->ops[index], &history->ops[index + 1], (history->nr - index) * sizeof(history->ops[0]));
}

/* The operation whose return no order explains; -1: there is an order. */
static int bad_op(struct checker *checker, const struct history *history, uint32_t allowed, int maybe)
{
	static _Thread_local struct checked checked;

	return checker_check(checker, history, allowed, maybe, &checked) == NOT_LINEARIZABLE ? checked.op : -1;
}

static uint64_t *stamp_after(struct history *history, uint64_t stamp)
{
	uint64_t *next = NULL;

	for (unsigned int i = 0; i < history->nr; i++) {
		uint64_t *both[] = { &history->ops[i].called, &history->ops[i].returned };

		for (unsigned int j = 0; j < 2; j++)
			if (*both[j] > stamp && (!next || *both[j] < *next))
				next = both[j];
	}
	return next;
}

/* 1, 2, … in the same order. */
static void number_stamps(struct history *history)
{
	uint64_t stamp = 0, *next;

	while ((next = stamp_after(history, stamp)))
		*next = ++stamp;
}

static bool touches(const struct history_op *op, unsigned int page)
{
	return history_pages(op) & 1u << page;
}

static bool sees_byte(const struct history_op *op, int byte)
{
	if (op->result || (!history_is_read(op->kind) && op->kind != OP_FORK))
		return false;
	for (unsigned int i = 0; i < op->nr; i++)
		if (op->seen[i] == byte)
			return true;
	return false;
}

/* It maps @page for what succeeds there. */
static bool maps(const struct history_op *op, unsigned int page)
{
	return (op->kind == OP_MMAP && touches(op, page)) || (op->kind == OP_MREMAP && op->arg == page);
}

static bool needs_map(const struct history_op *op, unsigned int page)
{
	return !op->result && op->kind != OP_MMAP && op->kind != OP_MUNMAP && touches(op, page);
}

/* It is the only one that maps a page at which another operation succeeds. */
static bool is_only_map(const struct history *history, unsigned int index, unsigned int page)
{
	bool needed = false;

	if (!maps(&history->ops[index], page))
		return false;
	for (unsigned int i = 0; i < history->nr; i++) {
		if (i != index && maps(&history->ops[i], page))
			return false;
		needed = needed || (i != index && needs_map(&history->ops[i], page));
	}
	return needed;
}

/* Without it an operation has a result that nothing in the history would lead to, whatever the order. */
static bool is_source(const struct history *history, unsigned int index)
{
	const struct history_op *op = &history->ops[index];

	for (unsigned int i = 0; history_is_write(op->kind) && !op->result && i < history->nr; i++)
		if (i != index && sees_byte(&history->ops[i], op->arg))
			return true;
	for (unsigned int page = 0; page < history->pages; page++)
		if (is_only_map(history, index, page))
			return true;
	return false;
}

/* What was called later than that return cannot matter; a write that was seen before it happened is kept to show it. */
static unsigned int cut_behind(struct history *history, int bad)
{
	unsigned int removed = 0;

	for (unsigned int i = history->nr; i-- > (unsigned int)bad + 1;)
		if (history->ops[i].called > history->ops[bad].returned && !is_source(history, i)) {
			remove_op(history, i);
			removed++;
		}
	return removed;
}

static bool sees_or_moves(const struct history_op *op)
{
	enum history_kind kind = (enum history_kind)op->kind;

	return history_is_access(kind) || model_is_joint(kind, 0) || kind == OP_MINCORE;
}

/* Another operation observes the page, or moves it. */
static bool is_used(const struct history *history, unsigned int index, unsigned int page)
{
	for (unsigned int i = 0; i < history->nr; i++)
		if (i != index && sees_or_moves(&history->ops[i]) && touches(&history->ops[i], page))
			return true;
	return false;
}

/* The range of an operation ends at pages that others use: elsewhere nothing observes its changes. */
static void trim(struct history *history, unsigned int index)
{
	struct history_op *op = &history->ops[index];
	unsigned int least = op->kind == OP_GUARD_INSTALL ? 2 : 1;	/* of several pages it may do more */

	if (sees_or_moves(op) || op->result)
		return;
	while (op->nr > least && !is_used(history, index, op->first)) {
		op->first++;
		op->nr--;
	}
	while (op->nr > least && !is_used(history, index, op->first + op->nr - 1u))
		op->nr--;
}

/* Of the pages that a child or mincore saw, those that matter. */
static void trim_seen(struct checker *checker, struct history *history, uint32_t allowed, unsigned int index, int bad)
{
	struct history_op *op = &history->ops[index];

	for (unsigned int end = 0; (op->kind == OP_FORK || op->kind == OP_MINCORE) && !op->result && end < 2; end++)
		while (op->nr > 1) {
			struct history_op before = *op;

			op->nr--;
			op->first = (uint8_t)(op->first + end);
			memmove(op->seen, op->seen + end, (HISTORY_PAGES - end) * sizeof(op->seen[0]));
			if (bad_op(checker, history, allowed, -1) == bad)
				continue;
			*op = before;
			break;
		}
}

/*
 * Removes the operation at @index if it does not matter to that at *@bad, which stays the one that no order explains:
 * an operation that needs what is removed would come first.
 */
static bool try_remove(struct checker *checker, struct history *history, uint32_t allowed, unsigned int index,
		       int *bad)
{
	struct history_op op = history->ops[index];
	int bad_after = (int)index < *bad ? *bad - 1 : *bad;

	if ((int)index == *bad || is_source(history, index) ||
	    bad_op(checker, history, allowed, (int)index) != *bad)
		return false;
	remove_op(history, index);
	if (bad_op(checker, history, allowed, -1) == bad_after) {
		*bad = bad_after;
		return true;
	}
	memmove(&history->ops[index + 1], &history->ops[index], (history->nr - index) * sizeof(op));
	history->ops[index] = op;
	history->nr++;
	return false;
}

unsigned int history_shrink(struct checker *checker, struct history *history, uint32_t allowed)
{
	int bad = bad_op(checker, history, allowed, -1);
	unsigned int removed, before;

	if (bad < 0)
		return 0;
	removed = cut_behind(history, bad);
	for (unsigned int i = 0; i < history->nr; i++)
		trim_seen(checker, history, allowed, i, bad);
	do {
		before = history->nr;
		for (unsigned int i = history->nr; i-- > 0;)
			removed += try_remove(checker, history, allowed, i, &bad);
	} while (history->nr < before);
	for (unsigned int i = 0; i < history->nr; i++)
		trim(history, i);
	number_stamps(history);
	return removed;
}
