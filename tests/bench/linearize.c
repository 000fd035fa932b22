/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linearize.c - the search for an order agrees with one that tries all of them; what an order explains, and what not;
 * what mixes generate; how histories are drawn.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <expat.h>

#include "bench/linearize/draw.h"
#include "bench/linearize/generate.h"
#include "bench/linearize/shrink.h"

#define PAGES	2u

/* Pages of a model of its own, as simple as can be: no entry is ever in between. */
struct simple {
	bool mapped[PAGES], guard[PAGES];
	int prot[PAGES], byte[PAGES];
};

static bool access_simple(struct simple *pages, const struct history_op *op)
{
	unsigned int page = op->first;
	int least = op->kind == OP_WRITE ? PAGE_PROT_WRITE : PAGE_PROT_READ;
	bool fine = pages->mapped[page] && !pages->guard[page] && pages->prot[page] >= least;

	if (fine == !!op->result)
		return false;
	if (fine && op->kind == OP_READ)
		return pages->byte[page] == op->seen[0];
	if (fine)
		pages->byte[page] = op->arg;
	return true;
}

/* Does @op, of one page, if its result agrees. */
static bool do_simple(struct simple *pages, const struct history_op *op)
{
	unsigned int page = op->first;

	if (history_is_access(op->kind))
		return access_simple(pages, op);
	if (op->kind == OP_MMAP || op->kind == OP_MUNMAP) {
		pages->mapped[page] = op->kind == OP_MMAP;
		pages->guard[page] = false;
		pages->byte[page] = 0;
		pages->prot[page] = op->arg;
		return !op->result;
	}
	if (pages->mapped[page] == !!op->result)
		return false;
	if (op->result)
		return true;
	if (op->kind == OP_MPROTECT)
		pages->prot[page] = op->arg;
	else if (op->kind == OP_GUARD_REMOVE)
		pages->guard[page] = false;
	else
		pages->byte[page] = 0;
	if (op->kind == OP_GUARD_INSTALL)
		pages->guard[page] = true;
	return true;
}

/* True if the operations that are not in @done can follow, in some order. */
static bool some_order(const struct history *history, struct simple pages, unsigned int done)
{
	if (done == (1u << history->nr) - 1)
		return true;
	for (unsigned int i = 0; i < history->nr; i++) {
		struct simple after = pages;
		bool first = !(done & 1u << i);

		for (unsigned int j = 0; j < history->nr; j++)
			first = first && (done & 1u << j || history->ops[j].returned > history->ops[i].called);
		if (first && do_simple(&after, &history->ops[i]) && some_order(history, after, done | 1u << i))
			return true;
	}
	return false;
}

static struct history_op random_op(struct rng *rng)
{
	static const enum history_kind kinds[] = {
		OP_READ, OP_READ, OP_READ, OP_WRITE, OP_WRITE, OP_MMAP, OP_MUNMAP, OP_MPROTECT, OP_DONTNEED,
		OP_GUARD_INSTALL, OP_GUARD_REMOVE,
	};

	return (struct history_op){
		.kind = (uint8_t)kinds[rng_below(rng, ARRAY_SIZE(kinds))],
		.first = (uint8_t)rng_below(rng, PAGES),
		.nr = 1,
		.arg = (uint8_t)rng_below(rng, 3),
	};
}

/* The operation happens now: it gets the result that agrees, or, at times, another one. */
static void happen(struct simple *pages, struct history_op *op, struct rng *rng)
{
	struct simple before = *pages;
	int error = history_is_access(op->kind) ? -EFAULT : -ENOMEM;

	op->seen[0] = (int16_t)pages->byte[op->first];
	if (!do_simple(pages, op)) {
		*pages = before;
		op->result = error;
	}
	if (!rng_below(rng, 16))
		op->result = error - op->result;
	if (!rng_below(rng, 16))
		op->seen[0] = (int16_t)rng_below(rng, 3);
}

/* Seven operations of three threads, calls and returns interleaved at random, that happen at a call or a return. */
static void random_history(struct history *history, struct rng *rng)
{
	struct { int op; bool happened; } running[3] = { { -1, false }, { -1, false }, { -1, false } };
	struct simple pages = { .mapped = { true }, .prot = { PAGE_PROT_WRITE } };
	uint64_t stamp = 2;

	*history = (struct history){ .pages = PAGES, .nr = 1 };
	history->ops[0] = (struct history_op){
		.kind = OP_MMAP, .nr = 1, .arg = PAGE_PROT_WRITE, .called = 1, .returned = 2,
	};
	for (unsigned int busy = 0; history->nr < 8 || busy;) {
		uint8_t thread = (uint8_t)rng_below(rng, 3);
		struct history_op *op = &history->ops[history->nr];

		if (running[thread].op >= 0) {
			op = &history->ops[running[thread].op];
			op->returned = ++stamp;
			if (!running[thread].happened)
				happen(&pages, op, rng);
			running[thread].op = -1;
			busy--;
		} else if (history->nr < 8) {
			*op = random_op(rng);
			op->thread = thread;
			op->called = ++stamp;
			running[thread].happened = rng_below(rng, 2);
			if (running[thread].happened)
				happen(&pages, op, rng);
			running[thread].op = (int)history->nr++;
			busy++;
		}
	}
}

/* Row: M5. */
static void the_search_agrees_with_all_orders(void **state)
{
	static struct history history;
	struct checker *checker = checker_create();
	unsigned int found[3] = { 0 };
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (unsigned int i = 0; i < 20000; i++) {
		enum verdict verdict;

		random_history(&history, &rng);
		verdict = checker_check(checker, &history, 0, -1, NULL);
		assert_int_equal(verdict == LINEARIZABLE, some_order(&history, (struct simple){ 0 }, 0));
		found[verdict]++;
	}
	assert_true(found[LINEARIZABLE] > 500 && found[NOT_LINEARIZABLE] > 500);
	checker_free(checker);
}

/* Row: M5. What is left has no order, and nothing more can be removed. */
static void what_is_shrunk_has_no_order(void **state)
{
	static struct history history;
	struct checker *checker = checker_create();
	unsigned int smaller = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, 2);
	for (unsigned int i = 0; i < 2000; i++) {
		random_history(&history, &rng);
		if (some_order(&history, (struct simple){ 0 }, 0))
			continue;
		assert_true(history_shrink(checker, &history, 0) + history.nr == 8);
		assert_false(some_order(&history, (struct simple){ 0 }, 0));
		smaller += history_shrink(checker, &history, 0) == 0 && history.nr < 8;
	}
	assert_true(smaller > 100);
	checker_free(checker);
}

/* More is allowed, and less is never forbidden. */
static void a_nondeterminism_only_adds_histories(void **state)
{
	static struct history history;
	struct checker *checker = checker_create();
	unsigned int more = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, 3);
	for (unsigned int i = 0; i < 10000; i++) {
		enum verdict strict, loose;

		random_history(&history, &rng);
		strict = checker_check(checker, &history, 0, -1, NULL);
		loose = checker_check(checker, &history, ALLOW_ALL, -1, NULL);
		assert_true(strict != LINEARIZABLE || loose == LINEARIZABLE);
		more += strict != loose;
	}
	assert_true(more > 0);
	checker_free(checker);
}

static enum verdict verdict_of(struct checker *checker, const char *path, bool strict)
{
	static struct history history;
	FILE *in = fopen(path, "r");
	char why[128];

	assert_non_null(in);
	assert_int_equal(history_read(&history, in, why, sizeof(why)), 0);
	fclose(in);
	return checker_check(checker, &history, strict ? 0 : history.allowed, -1, NULL);
}

/* Row: M5. Their names say which; what a nondeterminism is allowed for has no order without it. */
static void planted_histories_have_their_verdict(void **state)
{
	struct checker *checker = checker_create();
	unsigned int found[2] = { 0 }, need = 0;
	glob_t files;

	(void)state;
	assert_int_equal(glob(FAULTLINE_SOURCE_DIR "/tests/linearize/*.txt", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		bool legal = !strstr(files.gl_pathv[i], "/illegal_");

		if ((verdict_of(checker, files.gl_pathv[i], false) == LINEARIZABLE) != legal)
			fail_msg("%s", files.gl_pathv[i]);
		found[legal]++;
		need += legal && verdict_of(checker, files.gl_pathv[i], true) == NOT_LINEARIZABLE;
	}
	assert_true(found[false] >= 10 && found[true] >= 10 && need >= NR_NONDETERMINISMS);
	globfree(&files);
	checker_free(checker);
}

/* ---- mixes ---- */
static uint32_t kinds_of(const struct history *history, unsigned int first)
{
	uint32_t kinds = 0;

	for (unsigned int i = first; i < history->nr; i++)
		kinds |= 1u << history->ops[i].kind;
	return kinds;
}

/* Row: M5. Each of its kinds comes, and no other. */
static void a_mix_has_its_kinds(void **state)
{
	static struct history history;
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (unsigned int i = 0; i < nr_mixes; i++) {
		struct generator generator = {
			.mix = &mixes[i], .threads = 4, .pages = 3, .ops = 6, .kinds = (1u << NR_OP_KINDS) - 1,
			.costly = 1u << OP_FORK,
		};
		uint32_t all = 0;

		for (unsigned int n = 0; n < 500; n++)
			all |= kinds_of(&history, history_generate(&history, &generator, &rng));
		assert_int_equal(all, mix_kinds(&mixes[i]));
		assert_int_equal(mix_lacks(&mixes[i], ~0u, 2), 0);
	}
}

/* Row: M5. Which are possible without an operation, or with one page. */
static void a_mix_needs_what_it_is_about(void **state)
{
	unsigned int possible[2] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < nr_mixes; i++) {
		possible[0] += !mix_lacks(&mixes[i], ~(1u << OP_PAGEOUT | 1u << OP_MINCORE), 2);
		possible[1] += !mix_lacks(&mixes[i], ~0u, 1);
		if (mix_matches(&mixes[i], "swap*"))
			assert_int_equal(mix_lacks(&mixes[i], ~(1u << OP_PAGEOUT), 2), 1u << OP_PAGEOUT);
	}
	assert_int_equal(possible[0], nr_mixes - 2);
	assert_int_equal(possible[1], nr_mixes - 1);
	assert_true(mixes[0].few);
}

/* ---- pictures ---- */
struct picture {
	unsigned int bars, bad, texts;
	unsigned long left, right;		/* of the last bar */
	unsigned long row_end[512];		/* of the last bar in the row at that height */
	bool in_bar;				/* its text follows */
};

static unsigned long number_in(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (!strcmp(attributes[0], name))
			return strtoul(attributes[1], NULL, 10);
	return 0;
}

static void element_begins(void *arg, const char *name, const char **attributes)
{
	struct picture *picture = arg;
	unsigned long top = number_in(attributes, "y");

	if (strcmp(name, "rect") || strcmp(attributes[0], "class")) {
		picture->texts += picture->in_bar && !strcmp(name, "text");
		return;
	}
	picture->in_bar = true;
	picture->bars++;
	picture->bad += strstr(attributes[1], "bad") != NULL;
	picture->left = number_in(attributes, "x");
	picture->right = picture->left + number_in(attributes, "width");
	assert_true(top < ARRAY_SIZE(picture->row_end) && picture->left > picture->row_end[top]);
	picture->row_end[top] = picture->right;
}

static void element_ends(void *arg, const char *name)
{
	struct picture *picture = arg;

	picture->in_bar = picture->in_bar && strcmp(name, "g");
}

/* A letter is at most 7 pixels wide. */
static void text_of_element(void *arg, const char *text, int length)
{
	struct picture *picture = arg;

	(void)text;
	if (picture->in_bar)
		assert_true(picture->left + 5 + 7 * (unsigned long)length <= picture->right);
}

static void check_picture(const struct history *history, int bad)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	struct picture picture = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	history_draw_svg(history, bad, out);
	fclose(out);
	XML_SetUserData(parser, &picture);
	XML_SetElementHandler(parser, element_begins, element_ends);
	XML_SetCharacterDataHandler(parser, text_of_element);
	assert_int_equal(XML_Parse(parser, text, (int)size, 1), XML_STATUS_OK);
	assert_int_equal(picture.bars, history->nr);
	assert_int_equal(picture.texts, 2 * history->nr);
	assert_int_equal(picture.bad, bad >= 0);
	XML_ParserFree(parser);
	free(text);
}

/* Four threads at work all the time, with results as long as possible. */
static void make_results(struct history *history, unsigned int first)
{
	for (unsigned int i = 0; i < history->nr; i++) {
		struct history_op *op = &history->ops[i];

		op->called = 10 * i + 1;
		op->returned = 10 * i + (i < first ? 5 : 35);
		op->result = history_is_access((enum history_kind)op->kind) ? -EFAULT : 0;
		for (unsigned int page = 0; page < HISTORY_PAGES; page++)
			op->seen[page] = SEEN_SIGSEGV;
	}
}

/* Row: M5. Well-formed, a bar for each operation, apart from each other, wide enough for their text. */
static void a_picture_has_a_bar_for_each_operation(void **state)
{
	static struct history history;
	struct rng rng;

	(void)state;
	rng_init(&rng, 4);
	for (unsigned int i = 0; i < nr_mixes; i++) {
		struct generator generator = {
			.mix = &mixes[i], .threads = 4, .pages = i % 2 ? 3 : HISTORY_PAGES, .ops = 6,
			.kinds = (1u << NR_OP_KINDS) - 1,
		};

		make_results(&history, history_generate(&history, &generator, &rng));
		check_picture(&history, -1);
		check_picture(&history, (int)history.nr / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_agrees_with_all_orders),
		cmocka_unit_test(what_is_shrunk_has_no_order),
		cmocka_unit_test(a_nondeterminism_only_adds_histories),
		cmocka_unit_test(planted_histories_have_their_verdict),
		cmocka_unit_test(a_mix_has_its_kinds),
		cmocka_unit_test(a_mix_needs_what_it_is_about),
		cmocka_unit_test(a_picture_has_a_bar_for_each_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
