/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_shmem: shared memory of a userfaultfd: pages that its file misses, and those that are not mapped. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/lock/wait.h"
#include "core/mm/filemap.h"
#include "core/op/access_remote_vm.h"
#include "core/op/truncate.h"
#include "core/op/userfaultfd.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"

#define PAGES	4ul
#define MISSING	UFFDIO_REGISTER_MODE_MISSING
#define WP	UFFDIO_REGISTER_MODE_WP
#define MINOR	UFFDIO_REGISTER_MODE_MINOR
#define OTHER_AT	(SHARED_AT + 8 * PMD_SIZE)	/* the file, shared, too, and not registered */
#define BEYOND_AT	(SHARED_AT + 12 * PMD_SIZE)

static struct file *file;
static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static unsigned long shared(unsigned long i)
{
	return SHARED_AT + i * PAGE_SIZE;
}

static unsigned long private(unsigned long i)
{
	return PRIVATE_AT + i * PAGE_SIZE;
}

static unsigned long other(unsigned long i)
{
	return OTHER_AT + i * PAGE_SIZE;
}

/* The file has the first page, which holds 50. */
static void begin(const char *policy, unsigned long mode)
{
	file = file_create_shmem(PAGES, false);
	assert_non_null(file);
	mm = world_mm(policy);
	map_file_at(mm, SHARED_AT, PAGES, RW, MAP_SHARED, file, 0);
	map_file_at(mm, PRIVATE_AT, PAGES, RW, MAP_PRIVATE, file, 0);
	map_file_at(mm, OTHER_AT, PAGES, RW, MAP_SHARED, file, 0);
	store_word(mm, other(0), 50);
	uffd = userfaultfd_create(mm);
	assert_non_null(uffd);
	assert_int_equal(userfaultfd_register(uffd, SHARED_AT, PAGES * PAGE_SIZE, mode), 0);
	assert_int_equal(userfaultfd_register(uffd, PRIVATE_AT, PAGES * PAGE_SIZE, mode), 0);
}

static void finish(void)
{
	assert_at_rest(mm);
	userfaultfd_release(uffd);
	mm_exit(mm);
	file_put(file);
}

static long copy_word(unsigned long addr, uint64_t word)
{
	uint64_t contents[CACHE_LINE / sizeof(word)] = { word };

	return userfaultfd_copy(uffd, addr, contents, PAGE_SIZE, 0);
}

struct faulting {
	unsigned long addr;
	bool write;
	vm_fault_t ret;
};

static void take_fault(void *arg, unsigned int index)
{
	struct faulting *faulting = arg;

	(void)index;
	faulting->ret = do_user_addr_fault(mm, faulting->addr, faulting->write ? FAULT_FLAG_WRITE : 0);
}

/* A thread whose fault was read, with the flag @why beside that for a write. */
static struct test_threads *start_fault(struct faulting *faulting, unsigned int why)
{
	struct test_threads *thread = threads_start(1, take_fault, faulting);
	unsigned long addr;
	unsigned int flags;

	while (userfaultfd_read(uffd, &addr, &flags))
		sleep_yield();
	assert_int_equal(addr, faulting->addr);
	assert_int_equal(flags, why | (faulting->write ? UFFD_PAGEFAULT_FLAG_WRITE : 0));
	return thread;
}

static void end_fault(struct test_threads *thread, const struct faulting *faulting)
{
	threads_join(thread);
	assert_int_equal(faulting->ret, 0);
}

static pte_t pte_of(unsigned long addr)
{
	return tree_pte(mm, addr);
}

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13" };

/* Row: U3. The file has the page. Reads and writes, in a shared and a private mapping. */
static void a_minor_fault_waits(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4 * ARRAY_SIZE(policies); i++) {
		struct faulting faulting = { .addr = i & 1 ? private(0) : shared(0), .write = i & 2 };
		struct test_threads *thread;

		begin(policies[i / 4], MINOR);
		thread = start_fault(&faulting, UFFD_PAGEFAULT_FLAG_MINOR);
		assert_true(pte_none(pte_of(faulting.addr)));
		assert_int_equal(userfaultfd_continue(uffd, faulting.addr, PAGE_SIZE, 0), PAGE_SIZE);
		end_fault(thread, &faulting);
		assert_int_equal(load_word(mm, faulting.addr), 50);
		store_word(mm, faulting.addr, 51);
		assert_int_equal(load_word(mm, other(0)), i & 1 ? 50 : 51);
		finish();
	}
}

/* Row: U3. The file has none; a page that it has is mapped at once. */
static void a_missing_page_is_added_to_the_file(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(policies); i++) {
		struct faulting faulting = { .addr = shared(1), .write = i & 1 };
		struct test_threads *thread;

		begin(policies[i / 2], MISSING);
		assert_int_equal(load_word(mm, shared(0)), 50);
		thread = start_fault(&faulting, 0);
		assert_false(filemap_has_folio(&file->mapping, 1));
		assert_int_equal(copy_word(shared(1), 7), PAGE_SIZE);
		end_fault(thread, &faulting);
		assert_true(pte_write(pte_of(shared(1))));
		assert_int_equal(load_word(mm, other(1)), 7);
		store_word(mm, shared(1), 8);
		assert_int_equal(load_word(mm, private(1)), 8);
		finish();
	}
}

/* Row: U3. */
static void a_missing_page_of_a_private_mapping_is_its_own(void **state)
{
	struct faulting faulting = { .addr = private(1) };
	struct test_threads *thread;

	(void)state;
	begin("linux-6.15", MISSING);
	thread = start_fault(&faulting, 0);
	assert_int_equal(copy_word(private(1), 7), PAGE_SIZE);
	end_fault(thread, &faulting);
	assert_false(filemap_has_folio(&file->mapping, 1));
	assert_true(pte_write(pte_of(private(1))) && PageAnonExclusive(pte_page(pte_of(private(1)))));
	assert_int_equal(load_word(mm, other(1)), 0);
	assert_int_equal(userfaultfd_zeropage(uffd, private(2), PAGE_SIZE, 0), PAGE_SIZE);
	assert_true(is_zero_pfn(pte_pfn(pte_of(private(2)))));
	finish();
}

/* Row: U3. Copies go where the file has nothing. */
static void what_the_file_has_stays(void **state)
{
	(void)state;
	begin("linux-6.15", MISSING | MINOR);
	assert_int_equal(copy_word(shared(0), 7), -EEXIST);
	assert_int_equal(userfaultfd_zeropage(uffd, shared(1), PAGE_SIZE, 0), PAGE_SIZE);
	assert_int_equal(load_word(mm, other(1)), 0);
	assert_int_equal(userfaultfd_continue(uffd, shared(1), PAGE_SIZE, 0), -EEXIST);
	assert_int_equal(userfaultfd_continue(uffd, shared(0), 3 * PAGE_SIZE, 0), PAGE_SIZE);
	assert_int_equal(userfaultfd_continue(uffd, shared(2), PAGE_SIZE, 0), -EFAULT);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 4);
	finish();
}

/* Row: U3. Read-only, and dirty; a write makes a copy. */
static void a_private_mapping_gets_the_file_s_page_read_only(void **state)
{
	(void)state;
	begin("linux-6.15", MINOR);
	assert_int_equal(userfaultfd_continue(uffd, private(0), PAGE_SIZE, 0), PAGE_SIZE);
	assert_true(!pte_write(pte_of(private(0))) && pte_dirty(pte_of(private(0))));
	assert_ptr_equal(pte_page(pte_of(private(0))), pte_page(pte_of(other(0))));
	assert_int_equal(sys_mprotect(mm, PRIVATE_AT, PAGES * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mprotect(mm, PRIVATE_AT, PAGES * PAGE_SIZE, RW), 0);
	store_word(mm, private(0), 60);
	assert_int_equal(load_word(mm, other(0)), 50);
	finish();
}

/* Row: U3. No page is mapped beside another one. */
static void reads_map_no_pages_around(void **state)
{
	(void)state;
	begin("linux-6.15,around=64k", MINOR);
	store_word(mm, other(1), 51);
	assert_int_equal(sys_madvise(mm, SHARED_AT, PAGE_SIZE, MADV_POPULATE_READ), -EFAULT);
	assert_true(pte_none(pte_of(shared(0))) && pte_none(pte_of(shared(1))));
	finish();
}

/* Row: U3. */
static void a_truncated_file(void **state)
{
	(void)state;
	begin("linux-6.15", MISSING | MINOR);
	assert_int_equal(sys_ftruncate(file, 2), 0);
	assert_int_equal(userfaultfd_continue(uffd, shared(2), PAGE_SIZE, 0), -EFAULT);
	assert_int_equal(copy_word(shared(2), 7), -EFAULT);
	assert_int_equal(do_user_addr_fault(mm, shared(3), 0), VM_FAULT_SIGBUS);
	/* Nor was there ever more. */
	map_file_at(mm, BEYOND_AT, 2 * PAGES, RW, MAP_SHARED, file, 0);
	assert_int_equal(userfaultfd_register(uffd, BEYOND_AT, 2 * PAGES * PAGE_SIZE, MINOR), 0);
	assert_int_equal(userfaultfd_continue(uffd, BEYOND_AT + PAGES * PAGE_SIZE, PAGE_SIZE, 0), -EFAULT);
	finish();
}

/* Row: U3. */
static void memory_and_modes(void **state)
{
	(void)state;
	begin("linux-6.15", MINOR);
	assert_int_equal(userfaultfd_register(uffd, SHARED_AT, PAGES * PAGE_SIZE, WP), -EINVAL);
	map_at(mm, OTHER_AT, PAGE_SIZE, RW);
	assert_int_equal(userfaultfd_register(uffd, OTHER_AT, PAGE_SIZE, MINOR), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, OTHER_AT, PAGE_SIZE, MISSING), 0);
	assert_int_equal(userfaultfd_continue(uffd, OTHER_AT, PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(userfaultfd_continue(uffd, SHARED_AT, PAGE_SIZE, UFFDIO_COPY_MODE_WP), -EINVAL);
	assert_int_equal(userfaultfd_continue(uffd, OTHER_AT + PAGE_SIZE, PAGE_SIZE, 0), -ENOENT);
	assert_int_equal(userfaultfd_move(uffd, OTHER_AT, SHARED_AT, PAGE_SIZE, 0), -EINVAL);
	finish();
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, world_up_with_words, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_minor_fault_waits),
		TEST(a_missing_page_is_added_to_the_file),
		TEST(a_missing_page_of_a_private_mapping_is_its_own),
		TEST(what_the_file_has_stays),
		TEST(a_private_mapping_gets_the_file_s_page_read_only),
		TEST(reads_map_no_pages_around),
		TEST(a_truncated_file),
		TEST(memory_and_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
