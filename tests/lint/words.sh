# SPDX-License-Identifier: GPL-2.0-or-later
# The documentation, and what the program prints of its options, is written in the field's words.
. "$(dirname "$0")/../lib/lint.sh"

banned='somebody|nobody|whom|taken apart|cut off|let go|looks? again|(its|their) mind|page of zeroes|not to be had|leaves? out|left out|(is|are) told|tells|promised|who (looks|waits|shares|fails|sees|holds|has)|on the way to'

check() {
	find . -maxdepth 2 -name '*.md' | sed 's|^\./||' | sort | xargs -r grep -nHwiE "$banned"
	code bench | grep -E 'POPT_|OPTION' | grep -wiE "$banned"
}

tree_passes
catches 'README.md:1:' 'echo "It is left out until somebody sees it." > README.md'
catches 'doc/planted.md:1:' 'mkdir -p doc; echo "The folio is let go." > doc/planted.md'
catches 'planted.c:1:' 'echo "{ NULL, 0, POPT_ARG_NONE, NULL, 0, \"it is told\", NULL }," > bench/planted.c'
