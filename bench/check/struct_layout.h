/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct_layout.h - members of the core's structures, from the debugging information of this program. */
#ifndef FAULTLINE_BENCH_CHECK_STRUCT_LAYOUT_H
#define FAULTLINE_BENCH_CHECK_STRUCT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member without members of its own. Those of a union lie at the same offsets. */
struct struct_member {
	char name[96];			/* ".vm_refcnt", ".mmap_lock.count", ".mm_id[1]"; of an array "[1]" */
	uint32_t offset, size;		/* bytes */
	bool is_signed, is_pointer;
};

struct struct_layout {
	char name[48];			/* of the structure, or of the variable */
	size_t size;			/* bytes */
	size_t stride;			/* of a long array, whose first element has the members; 0: no array */
	struct struct_member *members;
	unsigned int nr;
};

/*
 * Of struct @name, or of the variable @name of @size bytes: files have variables of the same name. NULL: unknown, or a
 * build without libdw. Lives until the program ends.
 */
const struct struct_layout *struct_layout(const char *name);
const struct struct_layout *variable_layout(const char *name, size_t size);
/*
 * The member at @offset of @size bytes: the one of that size, or the one that contains it; of a union's, one behind the
 * first whose name begins with @branch, if it is not NULL. NULL: padding.
 */
const struct struct_member *struct_member_at(const struct struct_layout *layout, size_t offset, size_t size,
					     const char *branch);

#endif
