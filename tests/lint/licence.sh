# SPDX-License-Identifier: GPL-2.0-or-later
# Every source starts with its licence line, and no file or function outgrows what a reader can hold.
. "$(dirname "$0")/../lib/harness/lint.sh"

scripts() {
	for folder in cmake tests workloads bench; do
		[ ! -d $folder ] || find $folder -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt -o -name '*.py'
	done
	ls CMakeLists.txt run .ci/run 2>/dev/null
}

unlicensed() {
	{ sources core workloads bench tests; scripts; } | xargs awk '
	FNR == 1 { file[++files] = FILENAME }
	FNR <= 2 && /SPDX-License-Identifier: GPL-2.0-or-later/ { licensed[FILENAME] }
	FNR == 2 { nextfile }
	END { for (i = 1; i <= files; i++) if (!(file[i] in licensed)) print file[i] ": no licence line" }'
}

too_long() {
	sources core workloads bench tests | xargs -r awk '
	FNR == 451 { print FILENAME ": longer than 450 lines" }
	/^\{/ { start = FNR }
	/^\}/ && start {
		if (FNR - start - 1 > 80)
			print FILENAME ":" start ": a function of " FNR - start - 1 " lines"
		start = 0
	}'
}

check() {
	unlicensed
	too_long
}

tree_passes
catches 'no licence line' 'echo "int planted;" > core/base/planted.c'
catches 'no licence line' 'echo "true" > tests/lint/planted.sh'
catches 'longer than 450' 'yes "" | head -n 451 > core/base/planted.h'
catches 'a function of 81 lines' '{ printf "void f(void)\n{\n"; yes "" | head -n 81; echo "}"; } > core/base/planted.c'
