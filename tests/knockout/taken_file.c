/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * taken_file.c - folios of files reclaimed, migrated or written to by force with a knock-out, step by step: the
 * contents of the file detect it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"

static struct file *file;
static struct mm_struct *mm;
static struct folio *reference;

static void take_reference(void *arg)
{
	(void)arg;
	reference = filemap_get_folio(&file->mapping, 0);
	BUG_ON(!reference);
}

static void begin(void)
{
	file = scene_file();
	mm = file_mm("linux-6.15", file);
	store_word(mm, SHARED_AT, 1);
}

/* Returns false and prints why when page 0 of the file holds another value. */
static bool ends_with(uint64_t word)
{
	uint64_t found = load_word(mm, SHARED_AT);
	bool good = found == word && rests(&mm, 1);

	if (found != word)
		fprintf(stderr, "the file holds %lu, not %lu", (unsigned long)found, (unsigned long)word);
	mm_exit(mm);
	file_put(file);
	return good;
}

static void write_and_put(void *arg)
{
	(void)arg;
	*(uint64_t *)page_payload(&reference->page) = 300;
	folio_mark_dirty(reference);
	folio_put(reference);
}

static bool a_reference_holder_writes_after_reclaim(void)
{
	begin();
	take_reference(NULL);
	sys_madvise(mm, SHARED_AT, PAGE_SIZE, MADV_PAGEOUT);
	write_and_put(NULL);
	return ends_with(300);
}

static bool a_reference_holder_writes_before_the_freeze(void)
{
	begin();
	take_reference(NULL);
	meanwhile("reclaim.written", write_and_put, NULL);
	sys_madvise(mm, SHARED_AT, PAGE_SIZE, MADV_PAGEOUT);
	BUG_ON(meanwhile_ran() != 1);
	return ends_with(300);
}

static void migrate(void)
{
	sys_migrate_range(mm, SHARED_AT, PAGE_SIZE, !page_to_nid(pte_page(tree_pte(mm, SHARED_AT))));
}

/* The migrator copies nothing as long as there is the reference. */
static bool a_reference_holder_writes_once_the_page_is_copied(void)
{
	begin();
	take_reference(NULL);
	meanwhile("migrate_file.copied", write_and_put, NULL);
	migrate();
	if (!meanwhile_ran())
		write_and_put(NULL);
	return ends_with(300);
}

static bool a_reference_is_taken_once_the_page_is_copied(void)
{
	begin();
	meanwhile("migrate_file.copied", take_reference, NULL);
	migrate();
	BUG_ON(meanwhile_ran() != 1);
	write_and_put(NULL);
	return ends_with(300);
}

static void drop_copy(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(mm, PRIVATE_AT, PAGE_SIZE, MADV_DONTNEED));
}

static bool a_copy_is_dropped_in_a_forced_write(void)
{
	uint64_t word = 300;

	begin();
	BUG_ON(sys_mprotect(mm, PRIVATE_AT, PAGE_SIZE, PROT_READ));
	meanwhile("gup.faulted", drop_copy, NULL);
	BUG_ON(access_remote_vm(mm, PRIVATE_AT, &word, sizeof(word), FOLL_WRITE | FOLL_FORCE) != sizeof(word));
	BUG_ON(meanwhile_ran() != 1);
	return ends_with(1);
}

static int two_nodes_up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 8192, CACHE_LINE }));
	return cpu_register(0, MEM_LOCAL, 1);
}

static const struct knocked_steps scenes[] = {
	{ { "remove-mapping:freeze", { "holds 1, not 300" } }, a_reference_holder_writes_after_reclaim },
	{ { "remove-mapping:dirty", { "holds 1, not 300" } }, a_reference_holder_writes_before_the_freeze },
	{ { "migrate-file:count", { "holds 1, not 300" } }, a_reference_holder_writes_once_the_page_is_copied },
	{ { "migrate-file:freeze", { "holds 1, not 300" } }, a_reference_is_taken_once_the_page_is_copied },
	{ { "gup:force-cow", { "holds 300, not 1" } }, a_copy_is_dropped_in_a_forced_write },
};

int main(void)
{
	return knocked_steps_main(scenes, ARRAY_SIZE(scenes), two_nodes_up);
}
