/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_style.h - see show_style.c. */
#ifndef FAULTLINE_BENCH_DRAW_SHOW_STYLE_H
#define FAULTLINE_BENCH_DRAW_SHOW_STYLE_H

extern const char show_style[], show_script[];

#endif
