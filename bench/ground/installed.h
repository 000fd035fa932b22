/* SPDX-License-Identifier: GPL-2.0-or-later */
/* installed.h - where this program and its files are: in a build folder, or installed. */
#ifndef FAULTLINE_BENCH_GROUND_INSTALLED_H
#define FAULTLINE_BENCH_GROUND_INSTALLED_H

#include <stddef.h>

/* The path of this program; of its folder, with a slash. Returns 0, or the exit status after one line on stderr. */
int own_path(char *path, size_t size);
int own_folder(char *path, size_t size);

/* The folder of the shipped layouts, with a slash: beside an installed program, else in the source tree. */
const char *layout_folder(void);

#endif
