/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_shmem.c - a forced write to a private mapping of shared memory with a knock-out, step by step: the copy is
 * dropped, and a userfaultfd maps the file's page again, before the write looks for its page.
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

static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static void map_again(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(mm, PRIVATE_AT, PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(userfaultfd_continue(uffd, PRIVATE_AT, PAGE_SIZE, 0) != PAGE_SIZE);
}

static bool the_file_keeps_its_contents(void)
{
	struct file *file = file_create_shmem(1, false);
	uint64_t word = 300;
	bool good;

	BUG_ON(!file);
	mm = world_mm("linux-6.15");
	map_file_at(mm, SHARED_AT, 1, RW, MAP_SHARED, file, 0);
	map_file_at(mm, PRIVATE_AT, 1, PROT_READ, MAP_PRIVATE, file, 0);
	store_word(mm, SHARED_AT, 50);
	uffd = userfaultfd_create(mm);
	BUG_ON(!uffd || userfaultfd_register(uffd, PRIVATE_AT, PAGE_SIZE, UFFDIO_REGISTER_MODE_MINOR));
	map_again(NULL);
	meanwhile("gup.faulted", map_again, NULL);
	BUG_ON(access_remote_vm(mm, PRIVATE_AT, &word, sizeof(word), FOLL_WRITE | FOLL_FORCE) != sizeof(word));
	BUG_ON(meanwhile_ran() != 1);
	good = load_word(mm, SHARED_AT) == 50;
	if (!good)
		fprintf(stderr, "the file holds %lu, not 50\n", (unsigned long)load_word(mm, SHARED_AT));
	good = rests(&mm, 1) && good;
	userfaultfd_release(uffd);
	mm_exit(mm);
	file_put(file);
	return good;
}

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "gup:force-dirty", { "holds 300, not 50" } }, the_file_keeps_its_contents },
	};

	return knocked_steps_main(steps, ARRAY_SIZE(steps), world_up_with_words);
}
