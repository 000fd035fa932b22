/* SPDX-License-Identifier: GPL-2.0-or-later */
/* themes.c - what sequences are about: weights of operations, mappings and advice. */
#include "bench/conform/generate.h"

#include <string.h>

const struct theme themes[] = {
	{
		.name = "plain",
		.what = "anonymous memory, fork, protections and moves",
		.weights = { [OP_MMAP] = 10, [OP_MUNMAP] = 5, [OP_MPROTECT] = 8, [OP_MREMAP] = 8, [OP_MADVISE] = 6,
			     [OP_MINCORE] = 1, [OP_READ] = 12, [OP_WRITE] = 16, [OP_FORK] = 5, [OP_EXIT] = 3,
			     [OP_MSYNC] = 1, [OP_MSEAL] = 0, [OP_MOVE_PAGES] = 1, [OP_CLEAR_REFS] = 1 },
		.forms = { [MAP_FORM_ANON] = 40, [MAP_FORM_POPULATE] = 3, [MAP_FORM_NOREPLACE] = 2 },
	},
	{
		.name = "merge",
		.what = "joins and splits of VMAs",
		.weights = { [OP_MMAP] = 12, [OP_MUNMAP] = 6, [OP_MPROTECT] = 14, [OP_MREMAP] = 18, [OP_MADVISE] = 3,
			     [OP_MINCORE] = 1, [OP_READ] = 4, [OP_WRITE] = 10, [OP_FORK] = 4, [OP_EXIT] = 2,
			     [OP_MLOCK] = 2, [OP_MUNLOCK] = 2 },
		.forms = { [MAP_FORM_ANON] = 40, [MAP_FORM_FILE_PRIVATE] = 4, [MAP_FORM_FILE_SHARED] = 3,
			   [MAP_FORM_NOREPLACE] = 2 },
	},
	{
		.name = "guards",
		.what = "guard regions with moves and fork",
		.weights = { [OP_MMAP] = 10, [OP_MUNMAP] = 3, [OP_MPROTECT] = 6, [OP_MREMAP] = 12, [OP_MADVISE] = 20,
			     [OP_MINCORE] = 1, [OP_READ] = 10, [OP_WRITE] = 12, [OP_FORK] = 6, [OP_EXIT] = 3,
			     [OP_MLOCK] = 1, [OP_MUNLOCK] = 1, [OP_TRUNCATE] = 1 },
		.forms = { [MAP_FORM_ANON] = 40, [MAP_FORM_FILE_PRIVATE] = 6, [MAP_FORM_FILE_SHARED] = 6 },
		.guards = 75,
	},
	{
		.name = "cow",
		.what = "fork trees, pins and copies",
		.weights = { [OP_MMAP] = 6, [OP_MUNMAP] = 2, [OP_MPROTECT] = 6, [OP_MREMAP] = 6, [OP_MADVISE] = 5,
			     [OP_READ] = 14, [OP_WRITE] = 24, [OP_FORK] = 12, [OP_EXIT] = 8, [OP_PIN] = 6,
			     [OP_UNPIN] = 5, [OP_MOVE_PAGES] = 2, [OP_CLEAR_REFS] = 1 },
		.forms = { [MAP_FORM_ANON] = 40, [MAP_FORM_FILE_PRIVATE] = 4, [MAP_FORM_ANON_SHARED] = 2,
			   [MAP_FORM_POPULATE] = 2, [MAP_FORM_DROPPABLE] = 1 },
	},
	{
		.name = "files",
		.what = "private and shared files, and truncation",
		.weights = { [OP_MMAP] = 12, [OP_MUNMAP] = 4, [OP_MPROTECT] = 8, [OP_MREMAP] = 8, [OP_MADVISE] = 8,
			     [OP_MINCORE] = 2, [OP_READ] = 14, [OP_WRITE] = 16, [OP_FORK] = 4, [OP_EXIT] = 3,
			     [OP_TRUNCATE] = 5, [OP_MSYNC] = 3, [OP_PIN] = 1, [OP_UNPIN] = 1 },
		.forms = { [MAP_FORM_ANON] = 6, [MAP_FORM_FILE_PRIVATE] = 20, [MAP_FORM_FILE_SHARED] = 20,
			   [MAP_FORM_ANON_SHARED] = 4, [MAP_FORM_VALIDATE] = 2 },
	},
	{
		.name = "lock",
		.what = "locked memory with moves, fork and advice",
		.weights = { [OP_MMAP] = 10, [OP_MUNMAP] = 4, [OP_MPROTECT] = 8, [OP_MREMAP] = 10, [OP_MADVISE] = 10,
			     [OP_MLOCK] = 12, [OP_MUNLOCK] = 6, [OP_MINCORE] = 1, [OP_READ] = 8, [OP_WRITE] = 10,
			     [OP_FORK] = 4, [OP_EXIT] = 2, [OP_MLOCKALL] = 1, [OP_MUNLOCKALL] = 1, [OP_MSYNC] = 2,
			     [OP_MSEAL] = 1, [OP_PROCESS_MADVISE] = 1 },
		.forms = { [MAP_FORM_ANON] = 30, [MAP_FORM_FILE_PRIVATE] = 4, [MAP_FORM_FILE_SHARED] = 4,
			   [MAP_FORM_LOCKED] = 4, [MAP_FORM_POPULATE] = 2 },
	},
	{
		.name = "huge",
		.what = "transparent huge pages with protections, moves and fork",
		.weights = { [OP_MMAP] = 8, [OP_MUNMAP] = 3, [OP_MPROTECT] = 8, [OP_MREMAP] = 8, [OP_MADVISE] = 16,
			     [OP_MINCORE] = 1, [OP_READ] = 10, [OP_WRITE] = 16, [OP_FORK] = 4, [OP_EXIT] = 3,
			     [OP_MLOCK] = 1, [OP_MUNLOCK] = 1 },
		.forms = { [MAP_FORM_ANON] = 40, [MAP_FORM_FILE_PRIVATE] = 2 },
		.guards = 15,
		.huge = 60,
	},
	{
		.name = "pressure",
		.what = "MADV_PAGEOUT with fork, moves, protections and pins (--swap)",
		.weights = { [OP_MMAP] = 7, [OP_MUNMAP] = 3, [OP_MPROTECT] = 5, [OP_MREMAP] = 7, [OP_MADVISE] = 22,
			     [OP_MLOCK] = 1, [OP_MUNLOCK] = 1, [OP_MINCORE] = 1, [OP_READ] = 14, [OP_WRITE] = 18,
			     [OP_FORK] = 7, [OP_EXIT] = 4, [OP_TRUNCATE] = 1, [OP_PIN] = 2, [OP_UNPIN] = 2,
			     [OP_MOVE_PAGES] = 2, [OP_CLEAR_REFS] = 1, [OP_PROCESS_MADVISE] = 5 },
		.forms = { [MAP_FORM_ANON] = 40, [MAP_FORM_FILE_PRIVATE] = 5, [MAP_FORM_FILE_SHARED] = 4,
			   [MAP_FORM_POPULATE] = 3 },
		.guards = 8,
		.pageout = 55,
	},
};
const unsigned int nr_themes = ARRAY_SIZE(themes);

const struct theme *theme_find(const char *name)
{
	for (unsigned int i = 0; i < nr_themes; i++)
		if (!strcmp(themes[i].name, name))
			return &themes[i];
	return NULL;
}
