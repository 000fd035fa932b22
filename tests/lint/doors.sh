# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts of gnuplot and pages of HTML are written through bench/draw/gnuplot.h and bench/draw/html.h alone: their streams are private, formats are
# literals, and what comes from files is an argument of the type that its conversion takes. No shell is started.
. "$(dirname "$0")/../lib/harness/lint.sh"
: "${CC:=cc}" "${CFLAGS:=-std=gnu17 -D_GNU_SOURCE -DFAULTLINE_RCU_MEMB -DFAULTLINE_PLAIN_ALLOC=0 -DFAULTLINE_LEVELS=4 -Wall -Wextra -Werror}"

# Where the functions behind the macros may be named.
own='^bench/(draw/gnuplot|draw/html|ground/dialect)\.[ch]:'

check() {
	code core workloads bench | grep -E '\<(system|popen)[[:space:]]*\(|"(/bin/)?(sh|bash)"'
	code bench | grep -Ev "$own" | grep -E '"gnuplot"|\<[a-z]+_[a-z]+_literal\>|\<dialect_print\>'
	grep -lE 'bench/draw/(gnuplot|html|plot|report)\.h"' bench/*/*.c bench/*.c 2>/dev/null | xargs -r -n 4 -P "$(nproc)" \
		"$CC" -fsyntax-only $CFLAGS -I. -I"${BUILD:-build}/generated" 2>&1
}

# planted HEADER BODY: a file of the program's with a function.
planted() {
	printf '#include "bench/draw/%s.h"\nvoid planted(struct %s *door, const char *text);\nvoid planted(struct %s *door, const char *text)\n{\n%s\n}\n' \
		"$1" "$1" "$1" "$2" >bench/planted.c
}

tree_passes
alone="find bench -name '*.c' -delete"
catches bench/planted.c "$alone; planted gnuplot 'fputs(text, door->in);'"
catches bench/planted.c "$alone; planted gnuplot 'gnuplot_put(door, text);'"
catches bench/planted.c "$alone; planted gnuplot 'gnuplot_row(door, text);'"
catches bench/planted.c "$alone; planted gnuplot 'gnuplot_data(door, text);'"
catches bench/planted.c "$alone; planted gnuplot '(void)text; gnuplot_put(door, \"%%s\", 1);'"
catches bench/planted.c "$alone; planted gnuplot 'gnuplot_put_literal(door, text);'"
catches bench/planted.c "$alone; planted html 'html_put(door, text);'"
catches bench/planted.c "$alone; planted html 'fputs(text, door->body);'"
catches bench/planted.c "$alone; planted html 'html_put_literal(door, text);'"
catches bench/planted.c "$alone; echo 'int planted(void) { return system(\"gnuplot\"); }' >bench/planted.c"
catches bench/planted.c "$alone; echo 'const char *const planted[] = { \"gnuplot\" };' >bench/planted.c"
