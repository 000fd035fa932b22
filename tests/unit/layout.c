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
#include "workloads/layout.h"

static char why[512];

static void write_file(char *path, const void *text, size_t length)
{
	int fd;

	strcpy(path, "/tmp/faultline-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), (ssize_t)length);
	close(fd);
}

static int load_bytes(const void *text, size_t length, struct layout **layout)
{
	char path[32];
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
	struct layout *layout = load("ffffffffff600000-fffffffffffff000 r--p fffffffffffff000 end\n+ ffffffffff600 1 p\n");

	(void)state;
	assert_true(layout->vmas[0].end == 0xfffffffffffff000);
	layout_free(layout);
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
	refuse("1000-2000 rw-p 0\tname\n", 1, "control character");
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
	char long_line[3000];

	(void)state;
	memset(long_line, 'a', sizeof(long_line));
	memcpy(long_line, "1000-2000 rw-p 0 ", 17);
	long_line[sizeof(long_line) - 1] = '\n';
	refuse_bytes(long_line, sizeof(long_line), 1, "a line of more than 1022 bytes");
	refuse_bytes(zero, sizeof(zero) - 1, 1, "zero byte");
	refuse_bytes(binary, sizeof(binary) - 1, 1, "control character");
	refuse("1000-2000 rw-p 0\n+ 1 1 p", 2, "truncated");
	refuse("", 0, "no VMA");
	refuse("# only a comment\n\n", 0, "no VMA");
}

static void tells_what_the_system_says(void **state)
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

		assert_true(vma->start >= end && vma->end > vma->start && !((vma->start | vma->end | vma->offset) & 4095));
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
	static const char good[] = "# c\n1000-5000 rw-p 00000000 a b\n+ 1 2 px\n+ 4 1 sf\n5000-6000 --xs 0000a000\n+ 5 1 pfx\n";
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
		cmocka_unit_test(refuses_bad_vmas),
		cmocka_unit_test(refuses_bad_runs),
		cmocka_unit_test(refuses_what_is_no_text),
		cmocka_unit_test(tells_what_the_system_says),
		cmocka_unit_test(reads_what_is_shipped),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
