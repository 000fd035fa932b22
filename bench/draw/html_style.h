/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_style.h - how a page looks, and how its tables are sorted. */
#ifndef FAULTLINE_BENCH_DRAW_HTML_STYLE_H
#define FAULTLINE_BENCH_DRAW_HTML_STYLE_H

extern const char html_style[];		/* CSS */
extern const char html_script[];	/* JavaScript, without characters that XML would have escaped */

#endif
