/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_file.h - the one way in which the program writes files: whole, or not at all.
 *
 * A file is written beside its name, as NAME.unfinished, flushed to the disk, and renamed. Whatever ends the program, a
 * reader of NAME finds the old file or the new one. NAME.unfinished is locked while its writer lives; what a killed
 * writer left is taken over by the next one.
 */
#ifndef FAULTLINE_BENCH_GROUND_OUT_FILE_H
#define FAULTLINE_BENCH_GROUND_OUT_FILE_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>

struct json_t;

#define UNFINISHED	".unfinished"

struct out_file {
	char path[PATH_MAX];
	char unfinished[PATH_MAX + sizeof(UNFINISHED)];	/* may be written by another program, such as gnuplot */
	FILE *stream;
};

/*
 * out_file_begin - before anything is measured: @path is a regular file or the name of a new one, its folder can be
 * written, and no other process writes it. Returns 0, or the exit status after one line on stderr; then there is
 * nothing to end.
 */
int out_file_begin(struct out_file *file, const char *path);
/* Publishes what was written when @status is 0; else removes it. Returns @status, or as above when a write failed. */
int out_file_end(struct out_file *file, int status);

/* What was written so far goes, with its errors. Returns as above. */
int out_file_restart(struct out_file *file);
/* What was written so far is on the disk. Returns as above: then out_file_restart() and less may still be possible. */
int out_file_flush(struct out_file *file);
/* Instead of out_file_end(): the unfinished file stays, for who can read it. */
void out_file_leave(struct out_file *file);
/*
 * @root into @file, with jansson's @flags, and no more references to it. Returns 0, or the exit status after one line.
 */
int out_file_put_json(struct out_file *file, struct json_t *root, size_t flags);
/* All in one: a file that holds @root, which may be NULL when memory ran out. */
int out_file_write_json(const char *path, struct json_t *root, size_t flags);

/* At the program's end: @status, or as above when standard output could not be written. */
int out_file_end_stdout(int status);

#endif
