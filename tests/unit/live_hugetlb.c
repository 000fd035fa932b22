/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the live kernel does with a file of huge pages, and the core with the same: skipped where the pool has none.
 * unit.hugetlb_file has the core's side of each rule.
 */
#include <errno.h>
#include <linux/mman.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HUGE_PAGE	(2ul << 20)
#define POOL		6
#define MAP_HUGE_2M	(21u << 26)	/* include/uapi/asm-generic/hugetlb_encode.h */
#define RW		(PROT_READ | PROT_WRITE)

#define HUGE_PAGES	"/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define GIANT_PAGES	"/sys/kernel/mm/hugepages/hugepages-1048576kB/"

static long read_number(const char *path)
{
	FILE *in = fopen(path, "r");
	long number = -1;

	if (!in)
		return -1;
	if (fscanf(in, "%ld", &number) != 1)
		number = -1;
	fclose(in);
	return number;
}

static long reserved(void)
{
	return read_number(HUGE_PAGES "resv_hugepages");
}

/* A file of huge pages; skips the test without one, or without free huge pages in the pool, which is the machine's. */
static int huge_file(void)
{
	int fd = memfd_create("huge", MFD_HUGETLB | MAP_HUGE_2M);

	if (fd < 0 || read_number(HUGE_PAGES "free_hugepages") - reserved() < POOL) {
		fprintf(stderr, "not compared: needs %d in " HUGE_PAGES "nr_hugepages\n", POOL);
		if (fd >= 0)
			close(fd);
		skip();
	}
	return fd;
}

static long size_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_size / (long)HUGE_PAGE;
}

/* As unit.hugetlb_file, the_file_has_the_reservations. */
static void the_file_has_the_reservations(void **state)
{
	int fd = huge_file();
	long before = reserved();
	char *at = mmap(NULL, 3 * HUGE_PAGE, RW, MAP_SHARED, fd, 0), *again;

	(void)state;
	assert_ptr_not_equal(at, MAP_FAILED);
	assert_int_equal(size_of(fd), 3);
	assert_int_equal(reserved() - before, 3);
	again = mmap(NULL, 2 * HUGE_PAGE, RW, MAP_SHARED, fd, HUGE_PAGE);
	assert_ptr_not_equal(again, MAP_FAILED);
	assert_int_equal(reserved() - before, 3);
	assert_int_equal(munmap(at, 3 * HUGE_PAGE), 0);
	assert_int_equal(munmap(again, 2 * HUGE_PAGE), 0);
	assert_int_equal(reserved() - before, 3);
	assert_int_equal(ftruncate(fd, HUGE_PAGE), 0);
	assert_int_equal(reserved() - before, 1);
	assert_true(mmap(NULL, HUGE_PAGE, RW, MAP_SHARED, fd, 4096) == MAP_FAILED && errno == EINVAL);
	assert_true(ftruncate(fd, HUGE_PAGE + 4096) < 0 && errno == EINVAL);
	close(fd);
	assert_int_equal(reserved(), before);
}

/* As unit.hugetlb_file, a_private_mapping_copies; unit.hugetlb_truncate, it_is_seen_and_kept. */
static void a_private_mapping_copies(void **state)
{
	unsigned char vec[1024];
	int fd = huge_file();
	char *shared = mmap(NULL, 2 * HUGE_PAGE, RW, MAP_SHARED, fd, 0);
	char *to, *private = mmap(NULL, 2 * HUGE_PAGE, RW, MAP_PRIVATE, fd, 0);

	(void)state;
	assert_true(shared != MAP_FAILED && private != MAP_FAILED);
	shared[HUGE_PAGE] = 5;
	assert_int_equal(private[HUGE_PAGE], 5);
	private[HUGE_PAGE] = 6;
	assert_int_equal(shared[HUGE_PAGE], 5);
	assert_int_equal(private[0], 0);	/* its own: the file has none */
	shared[0] = 7;
	assert_int_equal(private[0], 0);
	assert_int_equal(madvise(private, 2 * HUGE_PAGE, MADV_DONTNEED), 0);
	assert_int_equal(private[0], 7);
	assert_int_equal(madvise(shared, 2 * HUGE_PAGE, MADV_DONTNEED), 0);
	assert_int_equal(mincore(shared, 2 * HUGE_PAGE, vec), 0);	/* where there is a table its entries decide */
	assert_true(!(vec[0] & 1) && !(vec[1023] & 1));
	assert_int_equal(shared[HUGE_PAGE], 5);
	assert_int_equal(mincore(shared, 2 * HUGE_PAGE, vec), 0);
	assert_true(!(vec[0] & 1) && (vec[1023] & 1));
	assert_ptr_equal(mremap(shared, 0, HUGE_PAGE, MREMAP_MAYMOVE), MAP_FAILED);
	/* As unit.hugetlb_moves, leaves_of_a_file_move_or_are_dropped. */
	to = mmap(NULL, 2 * HUGE_PAGE, PROT_NONE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(to, MAP_FAILED);
	shared = mremap(shared, 2 * HUGE_PAGE, 2 * HUGE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	assert_ptr_equal(shared, to);
	assert_int_equal(mincore(shared, 2 * HUGE_PAGE, vec), 0);
	assert_true(!(vec[0] & 1) && (vec[1023] & 1));
	munmap(shared, 2 * HUGE_PAGE);
	munmap(private, 2 * HUGE_PAGE);
	close(fd);
}

static int error_of_map(int flags)
{
	void *at = mmap(NULL, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, HUGE_PAGE);
	return 0;
}

/* As unit.hugetlb_sizes, flags_choose_the_size; the live kernel has the sizes that its processor has. */
static void flags_choose_the_size(void **state)
{
	static const int unknown[] = { MAP_HUGE_16KB, MAP_HUGE_64KB, MAP_HUGE_16MB, (int)MAP_HUGE_2GB };

	(void)state;
	if (access(HUGE_PAGES, F_OK))
		skip();
	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(error_of_map(MAP_NORESERVE | unknown[i]), EINVAL);
	assert_int_equal(error_of_map(MAP_NORESERVE | (int)MAP_HUGE_2M), 0);
	if (!access(GIANT_PAGES, F_OK) && !read_number(GIANT_PAGES "free_hugepages"))
		assert_int_equal(error_of_map(MAP_HUGE_1GB), ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_choose_the_size),
		cmocka_unit_test(the_file_has_the_reservations),
		cmocka_unit_test(a_private_mapping_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
