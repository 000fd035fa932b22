/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform.c - the parts of conform without a kernel: operations as text, states compared, exceptions, and the shrinking
 * of a sequence on two sides that remember bytes, one of which has a planted fault.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "bench/conform/conform.h"
#include "bench/conform/shrink.h"

/* ---- text ---- */
static const char *text_of(const struct op *op)
{
	static char text[256];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	op_print(out, op);
	fclose(out);
	return text;
}

static void an_operation_is_read_as_it_was_printed(void **state)
{
	static const char *const lines[] = {
		"0 mmap 0+6 read,write private,fixed,anonymous", "3 mmap 5.7+1 none shared,fixed file2@5",
		"0 mmap 5+1 read none", "0 mmap 0+1 exec shared_validate,populate,0x200 file1@0", "1 munmap 3+2",
		"0 mprotect 1+1 read", "0 mremap 2+1 4 maymove,fixed 5", "0 mremap 2+1 4 maymove",
		"0 mremap 2+1 1 maymove,dontunmap 9", "0 madvise 0+3 guard_install", "0 madvise 0+3 0x63",
		"0 madvise 0+1 normal", "0 mlock 0+4 onfault", "0 munlock 0+4", "0 mincore 0+2", "0 msync 0+1 sync",
		"0 mseal 0+1", "0 read 3.9", "0 write 3 255", "0 fork 7", "6 exit", "0 truncate file3 0",
		"0 pin 3 2 write", "0 unpin 2", "0 move_pages 4+0 move", "0 clear_refs", "0 mlockall current,future",
		"0 munlockall", "1 process_madvise 2 0+3 pageout",
	};
	struct op op;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_null(op_parse(lines[i], &op));
		assert_string_equal(text_of(&op), lines[i]);
	}
}

static void every_generated_operation_is_printed_in_full(void **state)
{
	static struct process_state states[NR_PROCESSES];
	const struct process_state *seen[NR_PROCESSES];
	static struct sequence done = { .pages = 16 };
	struct abilities abilities;
	struct process_tree tree;
	struct generator generator;
	const struct view view = { &done, &tree, seen };
	struct op op, read;

	(void)state;
	process_tree_begin(&tree);
	memset(&abilities, 1, sizeof(abilities));
	for (unsigned int i = 0; i < NR_PROCESSES; i++) {
		states[i].nr_vmas = 1;
		states[i].vmas[0] = (struct vma_state){ .first = 2, .end = 7 };
		seen[i] = &states[i];
	}
	for (unsigned int seed = 0; seed < 200; seed++) {
		generator_begin(&generator, seed, NULL, 50, &abilities);
		while (generator.source.next(&generator.source, &view, &op)) {
			const char *line = strdup(text_of(&op));

			assert_null(op_parse(line, &read));
			assert_string_equal(text_of(&read), line);
			free((char *)line);
		}
	}
}

static void a_wrong_line_is_refused(void **state)
{
	static const char *const lines[] = {
		"", "mmap", "0", "0 fly", "9 exit", "-1 exit", "0 read", "0 read x", "0 read 3 4", "0 read 3.5000",
		"0 write 3 256", "0 mmap 0+1 read", "0 mmap 0 read private", "0 mmap 0+1 fast private",
		"0 mmap 0+1 read private file9@0", "0 fork 8", "0 pin 1 8 none", "0 truncate file1 65",
		"0 truncate file0 1",
	};
	struct op op;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		assert_non_null(op_parse(lines[i], &op));
}

/* ---- states ---- */
static struct difference last;
static unsigned int nr_differences;

static bool note(void *arg, const struct difference *difference)
{
	last = *difference;
	nr_differences++;
	return arg;
}

static struct process_state live_state, core_state;
static const struct side_knows all = { .page_bits = 0xffff, .frames = true, .mapcounts = true, .rss = true,
				      .sizes = true };

static bool agree(struct frame_classes *classes, const struct side_knows *both)
{
	return states_agree(&live_state, &core_state, 8, both, 0, classes, note, NULL);
}

static int equal_states(void **state)
{
	(void)state;
	memset(&live_state, 0, sizeof(live_state));
	live_state.nr_vmas = 2;
	live_state.detailed = true;
	live_state.vmas[0] = (struct vma_state){ .first = 0, .end = 3, .prot = PROT_READ };
	live_state.vmas[1] = (struct vma_state){ .first = 5, .end = 8, .prot = PROT_READ, .file = 1, .pgoff = 2 };
	for (unsigned int i = 0; i < 3; i++)
		live_state.pages[i] = (struct page_state){ .bits = PAGE_PRESENT, .mapcount = 1, .frame = 10 + i };
	core_state = live_state;
	nr_differences = 0;
	return 0;
}

static void each_difference_is_found(void **state)
{
	static const struct { size_t at; unsigned char change; enum difference_kind kind; } changes[] = {
		{ offsetof(struct process_state, nr_vmas), 1, DIFFER_VMAS },
		{ offsetof(struct process_state, vmas[0].end), 1, DIFFER_VMAS },
		{ offsetof(struct process_state, vmas[1].prot), 2, DIFFER_VMAS },
		{ offsetof(struct process_state, vmas[1].pgoff), 1, DIFFER_VMAS },
		{ offsetof(struct process_state, vmas[1].shared), 1, DIFFER_VMAS },
		{ offsetof(struct process_state, pages[7].bits), PAGE_INCORE, DIFFER_PAGE },
		{ offsetof(struct process_state, pages[2].mapcount), 3, DIFFER_MAPCOUNT },
		{ offsetof(struct process_state, rss_anon), 1, DIFFER_COUNT },
		{ offsetof(struct process_state, sizes[SIZE_LOCKED]), 4, DIFFER_SIZE },
	};

	(void)state;
	assert_true(agree(NULL, &all));
	for (unsigned int i = 0; i < ARRAY_SIZE(changes); i++) {
		equal_states(NULL);
		*((unsigned char *)&core_state + changes[i].at) ^= changes[i].change;
		assert_false(agree(NULL, &all));
		assert_int_equal(last.kind, changes[i].kind);
	}
}

static void what_one_side_does_not_know_is_not_compared(void **state)
{
	struct side_knows few = { .page_bits = PAGE_PRESENT }, both = knows_both(&few, &all);

	(void)state;
	core_state.pages[0].bits |= PAGE_ANON_EXCLUSIVE;
	core_state.pages[0].mapcount = 7;
	core_state.rss_anon = 3;
	assert_true(agree(NULL, &both));
	assert_false(agree(NULL, &all));
	live_state.rss_anon = -1;
	live_state.pages[0] = core_state.pages[0];
	assert_true(agree(NULL, &all));
}

/* The numbers differ by right; that two pages share one frame does not. */
static void frames_are_compared_as_classes(void **state)
{
	struct frame_classes *classes = frame_classes_create();

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		core_state.pages[i].frame += 500;
	frame_classes_begin(classes);
	assert_true(agree(classes, &all));
	assert_true(agree(classes, &all));	/* another process, with the same frames */
	core_state.pages[1].frame = core_state.pages[0].frame;
	frame_classes_begin(classes);
	assert_false(agree(classes, &all));
	assert_int_equal(last.kind, DIFFER_FRAME);
	core_state.pages[1].frame = 999;
	live_state.pages[1].frame = live_state.pages[2].frame;
	frame_classes_begin(classes);
	assert_false(agree(classes, &all));
	frame_classes_free(classes);
}

static void results_have_their_names(void **state)
{
	static const struct { long result; const char *text; } results[] = {
		{ 3, "3" }, { -ENOMEM, "ENOMEM" }, { RESULT_SIGNAL(SIGSEGV, SEGV_ACCERR), "SIGSEGV ACCERR" },
		{ RESULT_SIGNAL(SIGBUS, BUS_ADRERR), "SIGBUS ADRERR" }, { RESULT_ELSEWHERE, "elsewhere" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(results); i++) {
		char text[64] = "";
		FILE *out = fmemopen(text, sizeof(text), "w");

		result_print(out, results[i].result);
		fclose(out);
		assert_string_equal(text, results[i].text);
	}
}

/* ---- sides that remember a byte for each page; after munmap() the faulty one reads 7 from page 3 ---- */
struct memory {
	struct side side;
	unsigned char bytes[WINDOW_PAGES_MAX];
	bool faulty, unmapped;
	unsigned int fails;	/* resets until the fault is gone; 0: it stays */
};

static void memory_reset(struct side *side, long pages)
{
	struct memory *memory = container_of(side, struct memory, side);

	(void)pages;
	memset(memory->bytes, 0, sizeof(memory->bytes));
	memory->unmapped = false;
	if (memory->fails && !--memory->fails)
		memory->faulty = false;
}

static long memory_run(struct side *side, const struct op *op)
{
	struct memory *memory = container_of(side, struct memory, side);

	if (op->kind == OP_MUNMAP)
		memory->unmapped = true;
	if (op->kind == OP_WRITE)
		return memory->bytes[op->first] = op->byte;
	if (op->kind == OP_READ)
		return memory->faulty && memory->unmapped && op->first == 3 ? 7 : memory->bytes[op->first];
	return 0;
}

static void memory_look(struct side *side, unsigned int process, struct process_state *state)
{
	(void)side, (void)process;
	memset(state, 0, sizeof(*state));
}

static void memory_contents(struct side *side, unsigned int process, const unsigned char *wanted, int *bytes)
{
	(void)side, (void)process, (void)wanted;
	memset(bytes, 0, WINDOW_PAGES_MAX * sizeof(*bytes));
}

static void memory_end(struct side *side)
{
	(void)side;
}

/* How often khugepaged disturbs a run from now on. */
static unsigned int disturbs;

static unsigned long memory_collapsed(struct side *side)
{
	(void)side;
	return disturbs;
}

#define MEMORY { .reset = memory_reset, .run = memory_run, .look = memory_look, .contents = memory_contents, \
		 .end = memory_end }
static struct memory live_memory = { .side = MEMORY }, core_memory = { .side = MEMORY };
static struct engine engine;
static struct sequence sequence, ran;
static struct divergence divergence;

static int open_engine(void **state)
{
	(void)state;
	core_memory.faulty = true;
	core_memory.fails = 0;
	return engine_begin(&engine, &live_memory.side, &core_memory.side) ? 0 : -1;
}

static int close_engine(void **state)
{
	(void)state;
	engine_end(&engine);
	return 0;
}

/* Sixty operations in three processes, with the two that matter among them. */
static void long_sequence(void)
{
	sequence = (struct sequence){ .pages = 16 };
	for (unsigned int i = 0; i < 60; i++) {
		struct op *op = &sequence.ops[sequence.nr++];

		*op = (struct op){ .kind = i % 2 ? OP_WRITE : OP_READ, .first = 4 + i % 9, .byte = 3 };
		if (i == 5 || i == 9)
			*op = (struct op){ .kind = OP_FORK, .to = i, .process = i == 9 ? 5 : 0 };
		if (i == 20)
			*op = (struct op){ .kind = OP_MUNMAP, .first = 2, .pages = 9, .process = 5 };
		if (i == 44)
			*op = (struct op){ .kind = OP_READ, .first = 3, .process = 5 };
	}
	sequence.ops[9].to = 2;
}

static void a_divergence_shrinks_to_what_it_needs(void **state)
{
	static const char *const wanted[] = { "0 munmap 2+1", "0 read 3" };

	(void)state;
	long_sequence();
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DIVERGED);
	assert_int_equal(divergence.at, 44);
	assert_true(divergence_shrink(&engine, &sequence, &divergence));
	assert_int_equal(sequence.nr, 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_string_equal(text_of(&sequence.ops[i]), wanted[i]);
	assert_string_equal(divergence.text, "result: live 0, core 7");
}

static void what_is_saved_can_be_replayed(void **state)
{
	static struct sequence read;
	char *text = NULL;
	const char *why;
	size_t size;
	FILE *file;

	(void)state;
	long_sequence();
	sequence.huge = true;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DIVERGED);
	file = open_memstream(&text, &size);
	divergence_print(file, &engine, &ran, &divergence);
	fclose(file);
	file = fmemopen(text, size, "r");
	assert_int_equal(sequence_read(file, &read, &why), 0);
	fclose(file);
	free(text);
	assert_int_equal(read.nr, ran.nr);
	assert_int_equal(read.pages, 16);
	assert_true(read.huge);
	assert_int_equal(engine_replay(&engine, &read, &ran, &divergence), DIVERGED);
}

static void what_does_not_repeat_is_no_divergence(void **state)
{
	(void)state;
	long_sequence();
	core_memory.fails = 3;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DIVERGED);
	assert_false(divergence_shrink(&engine, &sequence, &divergence));
	assert_int_equal(sequence.nr, 60);
}

static void a_sequence_that_khugepaged_disturbed_runs_again(void **state)
{
	const struct conform conform = { .seed = 1, .ops = 200, .sequences = 30, .divergences_most = 1 };

	(void)state;
	long_sequence();
	live_memory.side.collapsed = memory_collapsed;
	disturbs = 1;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DISTURBED);
	/* Always disturbed: none of the differences repeats. */
	assert_int_equal(conform_run(&conform, &live_memory.side, &core_memory.side, NULL), 0);
	disturbs = 0;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DIVERGED);
	live_memory.side.collapsed = NULL;
}

/* ---- exceptions ---- */
static bool reads_seven(const struct step *step, const struct difference *difference)
{
	return difference->kind == DIFFER_RESULT && step->op->kind == OP_READ && step->core_result == 7;
}

static bool never(const struct step *step, const struct difference *difference)
{
	(void)step, (void)difference;
	return false;
}

static void an_exception_excuses_what_it_covers_or_ends_the_sequence(void **state)
{
	struct exception table[] = {
		{ .name = "never", .verdict = EXCUSED, .covers = never },
		{ .name = "seven", .verdict = EXCUSED, .covers = reads_seven }, { .name = NULL },
	};

	(void)state;
	long_sequence();
	engine.exceptions = table;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), AGREES);
	assert_int_equal(ran.nr, 60);
	table[1].verdict = ENDS;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), ENDED);
	assert_int_equal(ran.nr, 45);
	assert_int_equal(table[1].fired, 2);
	assert_int_equal(table[0].fired, 0);
	table[1].covers = never;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DIVERGED);
	engine.exceptions = NULL;
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), DIVERGED);
}

static void operations_of_processes_that_are_gone_are_skipped(void **state)
{
	(void)state;
	sequence = (struct sequence){ .pages = 8, .nr = 6, .ops = {
		{ .kind = OP_READ, .process = 1 }, { .kind = OP_EXIT }, { .kind = OP_FORK, .to = 1 },
		{ .kind = OP_UNPIN, .process = 1 }, { .kind = OP_EXIT, .process = 1 },
		{ .kind = OP_FORK, .process = 1 },
	} };
	assert_int_equal(engine_replay(&engine, &sequence, &ran, &divergence), AGREES);
	assert_int_equal(ran.nr, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_operation_is_read_as_it_was_printed),
		cmocka_unit_test(every_generated_operation_is_printed_in_full),
		cmocka_unit_test(a_wrong_line_is_refused),
		cmocka_unit_test_setup(each_difference_is_found, equal_states),
		cmocka_unit_test_setup(what_one_side_does_not_know_is_not_compared, equal_states),
		cmocka_unit_test_setup(frames_are_compared_as_classes, equal_states),
		cmocka_unit_test(results_have_their_names),
		cmocka_unit_test_setup_teardown(a_divergence_shrinks_to_what_it_needs, open_engine, close_engine),
		cmocka_unit_test_setup_teardown(what_is_saved_can_be_replayed, open_engine, close_engine),
		cmocka_unit_test_setup_teardown(what_does_not_repeat_is_no_divergence, open_engine, close_engine),
		cmocka_unit_test_setup_teardown(a_sequence_that_khugepaged_disturbed_runs_again, open_engine,
						close_engine),
		cmocka_unit_test_setup_teardown(an_exception_excuses_what_it_covers_or_ends_the_sequence, open_engine,
						close_engine),
		cmocka_unit_test_setup_teardown(operations_of_processes_that_are_gone_are_skipped, open_engine,
						close_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
