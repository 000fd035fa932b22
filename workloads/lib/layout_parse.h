/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_parse.h - one line of a layout, of maps, or of smaps. */
#ifndef FAULTLINE_WORKLOADS_LIB_LAYOUT_PARSE_H
#define FAULTLINE_WORKLOADS_LIB_LAYOUT_PARSE_H

#include "workloads/lib/layout.h"

#define LAYOUT_PAGE_BITS	12

struct layout_parser {
	const char *path;
	unsigned long line;		/* 0: the file as a whole */
	struct layout *layout;
	unsigned int room_vmas, room_runs;
	uint64_t resident;		/* pages that smaps counts in the last VMA */
	unsigned int keys;		/* of smaps, seen in the last VMA */
	char *why;
	size_t why_size;
};

/*
 * layout_parse_line - takes @text, a line of @length bytes without its end, none of them zero. Returns 0, -EINVAL or
 * -ENOMEM with the reason in parser->why. It may write to @text.
 */
int layout_parse_line(struct layout_parser *parser, char *text, size_t length);
/* After the last line. Returns as above. */
int layout_parse_end(struct layout_parser *parser);

/* Both put one line into parser->why, and return -EINVAL and -@error. */
int layout_malformed(struct layout_parser *parser, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int layout_failed(struct layout_parser *parser, int error);

/* One more element, zeroed, at the end of @array, which doubles when its @room is used up. NULL when memory ran out. */
void *layout_append(void **array, unsigned int *nr, unsigned int *room, size_t size);

#endif
