/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_style.h - the style sheet of a page. */
#ifndef FAULTLINE_BENCH_HTML_STYLE_H
#define FAULTLINE_BENCH_HTML_STYLE_H

extern const char html_style[];

#endif
