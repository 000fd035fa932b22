/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.c - captures are read exactly, and every malformed one is refused with its line and its reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/lib/harness/scratch.h"
#include "workloads/lib/layout.h"

static char why[512];

static void write_file(char *path, const void *text, size_t length)
{
	int fd = mkstemp(scratch_name(path, "layout"));

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), (ssize_t)length);
	close(fd);
}

static int load_bytes(const void *text, size_t length, struct layout **layout)
{
	char path[PATH_MAX];
	int error;

	why[0] = 0;
	write_file(path, text, length);
	error = layout_load(path, layout, why, sizeof(why));
	unlink(path);
	return error;
}

static struct layout *load(const char *text)
{
	struct layout *layout;

	assert_int_equal(load_bytes(text, strlen(text), &layout), 0);
	return layout;
}

/* @text is refused, for the @reason, in line @line (0: as a whole). */
static void refuse_bytes(const void *text, size_t length, int line, const char *reason)
{
	struct layout *layout;
	char place[32] = ": ";

	if (line)
		snprintf(place, sizeof(place), ":%d: ", line);
	assert_int_equal(load_bytes(text, length, &layout), -EINVAL);
	assert_non_null(strstr(why, reason));
	assert_non_null(strstr(why, place));
	assert_null(strchr(why, '\n'));
}

static void refuse(const char *text, int line, const char *reason)
{
	refuse_bytes(text, strlen(text), line, reason);
}

static void reads_every_field(void **state)
{
	struct layout *layout = load("# a comment\n\n1000-5000 rw-p 00000000\n+ 1 2 px\n+ 4 1 sf\n"
				     "5000-6000 --xs 0000a000 with space \n7000-8000 r--p 0 \n+ 7 1 pf\n");
	const struct layout_vma *vma = layout->vmas;

	(void)state;
	assert_int_equal(layout->nr_vmas, 3);
	assert_int_equal(layout->nr_runs, 3);
	assert_int_equal(layout->nr_pages, 4);
	assert_true(vma[0].read && vma[0].write && !vma[0].exec && !vma[0].shared);
	assert_true(!vma[1].read && !vma[1].write && vma[1].exec && vma[1].shared);
	assert_true(vma[0].start == 0x1000 && vma[0].end == 0x5000 && vma[1].offset == 0xa000);
	assert_string_equal(vma[0].name, "");
	assert_string_equal(vma[1].name, "with space ");
	assert_string_equal(vma[2].name, "");
	assert_true(vma[0].first_run == 0 && vma[0].nr_runs == 2);
	assert_true(vma[1].nr_runs == 0);
	assert_true(vma[2].first_run == 2 && vma[2].nr_runs == 1);
	assert_int_equal(layout->runs[1].first_vpn, 4);
	assert_int_equal(layout->runs[1].flags, RUN_SWAPPED | RUN_FILE);
	assert_int_equal(layout->runs[0].flags, RUN_PRESENT | RUN_EXCLUSIVE);
	layout_free(layout);
	layout_free(NULL);
}

static void reaches_the_last_page(void **state)
{
	struct layout *layout =
		load("ffffffffff600000-fffffffffffff000 r--p fffffffffffff000 end\n+ ffffffffff600 1 p\n");

	(void)state;
	assert_true(layout->vmas[0].end == 0xfffffffffffff000);
	layout_free(layout);
}

/* Device and inode are no part of a name; a path keeps its last part, with blanks and odd bytes that end no line. */
static void reads_maps(void **state)
{
	static const char *const names[] = { "tcsh",	  "",		"[heap]", "anon_hugepage (deleted)",
					     "a b?c\xff", "[anon:x/y]", "" };
	struct layout *layout = load(
		"08048000-08089000 r-xp 00000000 03:01 104219 /bin/tcsh\n"
		"0808c000-08146000 rwxp 00000000 00:00 0\n"
		"50680bed6000-50680bef7000 rw-p 00000000 00:00 0                          [heap]\n"
		"555555600000-555555a00000 r-xp 00000000 00:0f 285761873                  /anon_hugepage (deleted)\n"
		"555555a00000-555555a01000 r-xp 00001000 103:1f2 18446744073709551615     /d/a b\tc\xff\n"
		"7fff00000000-7fff00001000 rw-p 00000000 00:00 0                          [anon:x/y]\n"
		"fffffffff000-1000000000000 ---p 00000000 00:00 0 \n");

	(void)state;
	assert_int_equal(layout->nr_vmas, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(layout->vmas[i].name, names[i]);
	assert_true(layout->vmas[6].end == 1ull << 48);
	assert_false(layout->has_pages);
	assert_int_equal(layout->nr_pages, 0);
	layout_free(layout);
}

#define SMAPS_VMA	"00400000-00410000 r-xp 00000000 fd:01 952273                             /bin/a\nSize: 64 kB\n"

/* Rss and hugetlb's own sizes are populated pages; Swap is not, nor what smaps says besides. */
static void reads_smaps(void **state)
{
	struct layout *layout =
		load(SMAPS_VMA "KernelPageSize:        4 kB\nRss:                  12 kB\nPss:   7 kB\n"
			       "Swap:    8 kB\nVmFlags: rd ex mr mw me dw sd \nTHPeligible:    0\n"
			       "10000000-10400000 rw-s 00000000 00:0f 1       /anon_hugepage (deleted)\nRss: 0 kB\n"
			       "Shared_Hugetlb:     0 kB\nPrivate_Hugetlb:     2048 kB\nProtectionKey:  0\n"
			       "7ffc07ecf000-7ffc07ef0000 rw-p 00000000 00:00 0   [stack]\nRss: 8 kB\n"
			       "7ffc07f9e000-7ffc07fa1000 r--p 00000000 00:00 0   [vvar]\nRss: 0 kB\n");
	static const struct layout_run runs[] = {
		{ 0x400, 3, RUN_PRESENT | RUN_FILE }, { 0x10000, 512, RUN_PRESENT | RUN_FILE },
		  { 0x7ffc07ecf, 2, RUN_PRESENT },
	};

	(void)state;
	assert_int_equal(layout->nr_vmas, 4);
	assert_int_equal(layout->nr_pages, 517);
	assert_int_equal(layout->nr_runs, ARRAY_SIZE(runs));
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		assert_true(layout->runs[i].first_vpn == runs[i].first_vpn && layout->runs[i].count == runs[i].count);
		assert_int_equal(layout->runs[i].flags, runs[i].flags);
		assert_true(layout->vmas[i].first_run == i && layout->vmas[i].nr_runs == 1);
	}
	assert_int_equal(layout->vmas[3].nr_runs, 0);
	assert_true(layout->has_pages && layout->populate == POPULATE_RSS);
	layout_free(layout);
}

static void refuses_bad_smaps(void **state)
{
	(void)state;
	refuse("Rss: 4 kB\n", 1, "Rss before any VMA");
	refuse(SMAPS_VMA "Rss: x kB\n", 3, "Rss is not a number of kB");
	refuse(SMAPS_VMA "Rss: -4 kB\n", 3, "Rss is not a number of kB");
	refuse(SMAPS_VMA "Rss: 99999999999999999999 kB\n", 3, "Rss is not a number of kB");
	refuse(SMAPS_VMA "Rss: 4 MB\n", 3, "Rss is not a number of kB");
	refuse(SMAPS_VMA "Rss: 4 kB \n", 3, "Rss is not a number of kB");
	refuse(SMAPS_VMA "Rss: 6 kB\n", 3, "Rss of 6 kB is not in whole pages of 4 kB");
	refuse(SMAPS_VMA "Rss: 68 kB\n", 3, "or more than the VMA has");
	refuse(SMAPS_VMA "Rss: 60 kB\nPrivate_Hugetlb: 8 kB\n", 4, "or more than the VMA has");
	refuse(SMAPS_VMA "Rss: 4 kB\nRss: 4 kB\n", 4, "Rss twice in one VMA");
	refuse(SMAPS_VMA "Rss: 4 kB\n+ 400 1 p\n", 4, "counted by Rss");
	refuse(SMAPS_VMA "+ 400 1 p\nRss: 4 kB\n", 4, "Rss under a VMA with runs");
	refuse("00400000-7ffc07ef0000 ---p 00000000 00:00 0                              [rollup]\nRss: 8 kB\n", 1,
	       "smaps_rollup");
}

static void names_what_is_no_layout(void **state)
{
	(void)state;
	refuse("mmap(NULL, 262144, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7fcb71cf3000\n", 1,
	       "a trace by strace");
	refuse("[pid  1234] brk(NULL <unfinished ...>\n", 1, "a trace by strace");
	refuse("LOST 11 events!\n", 1, "a trace by perf");
	refuse("  3711.661 a.out/73827 exceptions:page_fault_user(address: 0x57060420, ip: 4195786)\n", 1,
	       "a trace by perf");
	refuse("cc1 12/12 [000] 3.661: page-faults:  7f0000\n", 1, "a trace by perf");
}

/* CR LF, a last line without end, and a line of 64 KiB are lines as others. */
static void takes_all_ends_of_lines(void **state)
{
	static char long_line[65536];
	struct layout *layout = load("1000-5000 rw-p 0 a\r\n\r\n+ 1 2 px\r\n5000-6000 rw-p 0 b\n+ 5 1 p");

	(void)state;
	assert_true(layout->nr_vmas == 2 && layout->nr_pages == 3);
	assert_string_equal(layout->vmas[0].name, "a");
	layout_free(layout);
	memset(long_line, 'a', sizeof(long_line));
	memcpy(long_line, "1000-2000 rw-p 0 ", 17);
	assert_int_equal(load_bytes(long_line, sizeof(long_line), &layout), 0);
	assert_int_equal(strlen(layout->vmas[0].name), sizeof(long_line) - 17);
	layout_free(layout);
}

static struct layout *populated(const char *text, enum layout_populate how)
{
	struct layout *layout = load(text);

	assert_int_equal(layout_populate(layout, how), 0);
	return layout;
}

static void expect_pages(struct layout *layout, enum layout_populate how, unsigned int runs, unsigned int pages)
{
	assert_int_equal(layout->populate, how);
	assert_int_equal(layout->nr_runs, runs);
	assert_int_equal(layout->nr_pages, pages);
	layout_free(layout);
}

static void populates_as_chosen(void **state)
{
	static const char without[] = "1000-5000 rw-p 0 00:00 0\n5000-6000 ---p 0 00:00 0\n7000-9000 r--p 0 00:00 0\n";
	static const char with[] = "1000-5000 rw-p 0\n+ 2 1 p\n+ 4 1 p\n5000-6000 ---p 0\n+ 5 1 p\n7000-9000 r--p 0\n";
	struct layout *layout;
	enum layout_populate how;

	(void)state;
	expect_pages(populated(without, POPULATE_DEFAULT), POPULATE_FIRST_TOUCH, 2, 2);
	expect_pages(populated(with, POPULATE_DEFAULT), POPULATE_RSS, 3, 3);
	expect_pages(populated(with, POPULATE_FIRST_TOUCH), POPULATE_FIRST_TOUCH, 2, 2);
	expect_pages(populated(without, POPULATE_ALL), POPULATE_ALL, 2, 6);
	expect_pages(populated(with, POPULATE_ALL), POPULATE_ALL, 2, 6);
	expect_pages(populated(with, POPULATE_NONE), POPULATE_NONE, 0, 0);
	layout = populated(without, POPULATE_ALL);
	assert_true(layout->vmas[2].first_run == 1 && layout->vmas[2].nr_runs == 1 && layout->runs[1].first_vpn == 7);
	assert_int_equal(layout_populate(layout, POPULATE_RSS), -ENODATA);
	expect_pages(layout, POPULATE_ALL, 2, 6);
	assert_true(layout_populate_by_name("first-touch", &how) && how == POPULATE_FIRST_TOUCH);
	assert_false(layout_populate_by_name("", &how) || layout_populate_by_name("default", &how));
}

static void refuses_bad_vmas(void **state)
{
	(void)state;
	refuse("1000-xyz rw-p 0\n", 1, "not an address range");
	refuse("-1000 rw-p 0\n", 1, "not an address range");
	refuse("1000 rw-p 0\n", 1, "not an address range");
	refuse("0x1000-2000 rw-p 0\n", 1, "not an address range");
	refuse("+1000-2000 rw-p 0\n", 1, "a run before any VMA");
	refuse(" 1000-2000 rw-p 0\n", 1, "not an address range");
	refuse("1000-10000000000000000 rw-p 0\n", 1, "not an address range");
	refuse("# one\n1000-2000 rwp 0\n", 2, "not permissions");
	refuse("1000-2000 rwxq 0\n", 1, "not permissions");
	refuse("1000-2000 wr-p 0\n", 1, "not permissions");
	refuse("1000-2000\n", 1, "not permissions");
	refuse("1000-2000 rw-p\n", 1, "not an offset");
	refuse("1000-2000 rw-p z\n", 1, "not an offset");
	refuse("1000-2000 rw-p 10000000000000000\n", 1, "not an offset");
	refuse("1000-2000 rw-p 0,name\n", 1, "not a name");
	refuse("1000-2000 rw-p 0\tname\n", 1, "not a name");
	refuse("1001-2000 rw-p 0\n", 1, "not page aligned");
	refuse("1000-2001 rw-p 0\n", 1, "not page aligned");
	refuse("1000-2000 rw-p 800\n", 1, "not page aligned");
	refuse("2000-1000 rw-p 0\n", 1, "at or before its start");
	refuse("2000-2000 rw-p 0\n", 1, "at or before its start");
	refuse("1000-3000 rw-p 0\n2000-4000 rw-p 0\n", 2, "overlaps the one before");
	refuse("4000-5000 rw-p 0\n\n1000-2000 rw-p 0\n", 3, "lies below it");
}

static void refuses_bad_runs(void **state)
{
	(void)state;
	refuse("+ 1 1 p\n1000-2000 rw-p 0\n", 1, "before any VMA");
	refuse("1000-2000 rw-p 0\n+ g 1 p\n", 2, "not a page number");
	refuse("1000-2000 rw-p 0\n+  1 1 p\n", 2, "not a page number");
	refuse("1000-2000 rw-p 0\n+1 1 p\n", 2, "not a page number");
	refuse("1000-2000 rw-p 0\n+ 10000000000000001 1 p\n", 2, "not a page number");
	refuse("1000-2000 rw-p 0\n+ 1 a p\n", 2, "not a count");
	refuse("1000-2000 rw-p 0\n+ 1 -1 p\n", 2, "not a count");
	refuse("1000-2000 rw-p 0\n+ 1\n", 2, "not a count");
	refuse("1000-2000 rw-p 0\n+ 1 18446744073709551616 p\n", 2, "not a count");
	refuse("1000-2000 rw-p 0\n+ 1 0 p\n", 2, "no pages");
	refuse("1000-2000 rw-p 0\n+ 1 1\n", 2, "not flags");
	refuse("1000-2000 rw-p 0\n+ 1 1 py\n", 2, "not flags");
	refuse("1000-2000 rw-p 0\n+ 1 1 pp\n", 2, "not flags");
	refuse("1000-2000 rw-p 0\n+ 1 1 p x\n", 2, "not flags");
	refuse("1000-2000 rw-p 0\n+ 1 1 fx\n", 2, "either present");
	refuse("1000-2000 rw-p 0\n+ 1 1 ps\n", 2, "either present");
	refuse("1000-2000 rw-p 0\n+ 1 2 p\n", 2, "leaves its VMA");
	refuse("1000-2000 rw-p 0\n+ 0 1 p\n", 2, "leaves its VMA");
	refuse("1000-2000 rw-p 0\n+ 2 1 p\n", 2, "leaves its VMA");
	refuse("1000-2000 rw-p 0\n+ 1 18446744073709551615 p\n", 2, "leaves its VMA");
	refuse("1000-2000 rw-p 0\n+ ffffffffffffffff 1 p\n", 2, "leaves its VMA");
	refuse("1000-5000 rw-p 0\n+ 1 2 p\n+ 2 1 p\n", 3, "overlaps the one before");
	refuse("1000-5000 rw-p 0\n+ 3 1 p\n+ 1 1 p\n", 3, "lies below it");
}

static void refuses_what_is_no_text(void **state)
{
	static const char zero[] = "1000-2000 rw-p 0 a\0b\n", binary[] = "\x7f" "ELF\x02\x01\x01\n";
	static char long_line[70000];

	(void)state;
	memset(long_line, 'a', sizeof(long_line));
	memcpy(long_line, "1000-2000 rw-p 0 ", 17);
	long_line[sizeof(long_line) - 1] = '\n';
	refuse_bytes(long_line, sizeof(long_line), 1, "a line of more than 65536 bytes");
	refuse_bytes(zero, sizeof(zero) - 1, 1, "zero byte");
	refuse_bytes(binary, sizeof(binary) - 1, 1, "control character");
	refuse("", 0, "no VMA");
	refuse("# only a comment\n\n", 0, "no VMA");
}

static void prints_what_the_system_says(void **state)
{
	struct layout *layout;

	(void)state;
	assert_int_equal(layout_load("/nowhere/x.layout", &layout, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "/nowhere/x.layout: No such file or directory");
	assert_int_equal(layout_load("/tmp", &layout, why, sizeof(why)), -EISDIR);
	assert_string_equal(why, "/tmp: Is a directory");
	assert_int_equal(layout_load("/nowhere/x.layout", &layout, why, 4), -ENOENT);
	assert_string_equal(why, "/no");
}

static void reads_what_is_shipped(void **state)
{
	static const struct { const char *name; unsigned int vmas, runs, pages; } shipped[] = {
		{ "java", 203, 330, 36581 }, { "node", 332, 446, 29142 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++) {
		struct layout *layout;
		char path[512];

		snprintf(path, sizeof(path), "%s/workloads/layouts/%s.layout", FAULTLINE_SOURCE_DIR, shipped[i].name);
		assert_int_equal(layout_load(path, &layout, why, sizeof(why)), 0);
		assert_string_equal(layout->name, shipped[i].name);
		assert_int_equal(layout->nr_vmas, shipped[i].vmas);
		assert_int_equal(layout->nr_runs, shipped[i].runs);
		assert_int_equal(layout->nr_pages, shipped[i].pages);
		layout_free(layout);
	}
}

/* What a layout that was accepted must satisfy, whatever was in the file. */
static void assert_sound(const struct layout *layout)
{
	uint64_t end = 0, pages = 0;

	for (unsigned int v = 0; v < layout->nr_vmas; v++) {
		const struct layout_vma *vma = &layout->vmas[v];
		uint64_t vpn = vma->start >> 12;

		assert_true(vma->start >= end && vma->end > vma->start &&
			    !((vma->start | vma->end | vma->offset) & 4095));
		assert_true(vma->first_run + vma->nr_runs <= layout->nr_runs);
		for (unsigned int r = vma->first_run; r < vma->first_run + vma->nr_runs; r++) {
			const struct layout_run *run = &layout->runs[r];

			assert_true(run->count && run->first_vpn >= vpn && run->flags < 16);
			vpn = run->first_vpn + run->count;
			pages += run->count;
			assert_true(vpn <= vma->end >> 12);
		}
		end = vma->end;
	}
	assert_true(layout->nr_vmas && pages == layout->nr_pages);
}

/* Good text with bytes replaced, cut out or doubled is read soundly or refused with a reason, never worse. */
static void survives_damage(void **state)
{
	static const char good[] =
		"# c\n1000-5000 rw-p 00000000 a b\n+ 1 2 px\n+ 4 1 sf\n5000-6000 --xs 0000a000\n+ 5 1 pfx\n";
	static const char bytes[] = "0123456789abcdef-+ \n#rwxpsf\0z\xff\t";
	unsigned int accepted = 0, refused = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (unsigned int round = 0; round < 20000; round++) {
		char text[2 * sizeof(good)];
		size_t length = sizeof(good) - 1;
		struct layout *layout;

		memcpy(text, good, length);
		for (uint64_t hits = 1 + rng_below(&rng, 3); hits; hits--) {
			size_t at = rng_below(&rng, length);

			if (rng_below(&rng, 4))
				text[at] = bytes[rng_below(&rng, sizeof(bytes))];
			else
				length = at + 1;
		}
		if (load_bytes(text, length, &layout)) {
			assert_true(why[0] && !strchr(why, '\n'));
			refused++;
			continue;
		}
		assert_sound(layout);
		layout_free(layout);
		accepted++;
	}
	assert_true(accepted > 100 && refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(reaches_the_last_page),
		cmocka_unit_test(reads_maps),
		cmocka_unit_test(reads_smaps),
		cmocka_unit_test(refuses_bad_smaps),
		cmocka_unit_test(names_what_is_no_layout),
		cmocka_unit_test(takes_all_ends_of_lines),
		cmocka_unit_test(populates_as_chosen),
		cmocka_unit_test(refuses_bad_vmas),
		cmocka_unit_test(refuses_bad_runs),
		cmocka_unit_test(refuses_what_is_no_text),
		cmocka_unit_test(prints_what_the_system_says),
		cmocka_unit_test(reads_what_is_shipped),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
