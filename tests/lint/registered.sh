# SPDX-License-Identifier: GPL-2.0-or-later
# Every test file on disk is a registered test, so that nothing is built and never run.
. "$(dirname "$0")/../lib/harness/lint.sh"

# Files in folders of tests as the tests they should be; a geometry test stands for itself.
expected() {
	find tests -mindepth 2 -name '*.c' -o -name '*.sh' | sed -E '/^tests\/lib\//d; s/^tests\///; s/\.(c|sh)$//; s/^unit\/geometry\/(.*)$/unit\/\1.4/; s/\//./'
}

check() {
	(cd "$BUILD" && ctest -N) | sed -nE 's/^ *Test +#[0-9]+: (.*)$/\1/p' >"$scratch/registered"
	expected | while read -r test; do
		grep -qxF "$test" "$scratch/registered" || echo "$test: on disk, and not registered"
	done
}

tree_passes
catches 'unit.planted: on disk' 'mkdir -p tests/unit; echo "int planted;" > tests/unit/planted.c'
catches 'unit.deep/planted: on disk' 'mkdir -p tests/unit/deep; echo "int planted;" > tests/unit/deep/planted.c'
catches 'lint.planted: on disk' 'echo true > tests/lint/planted.sh'
