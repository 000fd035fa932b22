# SPDX-License-Identifier: GPL-2.0-or-later
# A file includes its own floor and those below, never up, never in a circle; the floors are in the table here.
. "$(dirname "$0")/../lib/harness/lint.sh"

check() {
	code core workloads bench | awk -F: '
	# That of the longest prefix.
	function floor_of(path, prefix, longest) {
		longest = ""
		for (prefix in floors)
			if (index(path, prefix) == 1 && length(prefix) > length(longest))
				longest = prefix
		return longest == "" ? -1 : floors[longest]
	}
	# Depth first: a file met again while its own includes are still being followed closes a circle.
	function follow(file, list, n, i) {
		state[file] = "open"
		n = split(includes[file], list, " ")
		for (i = 1; i <= n; i++)
			if (state[list[i]] == "open")
				print file ": includes in a circle " list[i]
			else if (state[list[i]] == "")
				follow(list[i])
		state[file] = "done"
	}
	BEGIN {
		n = split("core/base/ 0 core/probe/ 0.3 core/host/ 0.6 core/lock/ 1 core/phys/ 2 core/pgtable/ 3 core/mm/ 4 core/op/ 5 core/policy/ 5 " \
			"core/oracle/ 6 core/faultline.h 6.5 workloads/lib/ 7 workloads/ 7.5 bench/ground/ 8 bench/data/ 8.1 " \
			"bench/run/ 8.2 bench/linearize/ 8.25 bench/check/ 8.3 bench/conform/ 8.35 bench/draw/ 8.4 bench/cmd/ 8.5", table, " ")
		for (i = 1; i < n; i += 2)
			floors[table[i]] = table[i + 1]
	}
	!($1 in seen) {
		seen[$1] = 1
		if (floor_of($1) < 0)
			print $1 ": stands on no floor"
	}
	/#[ \t]*include[ \t]*"/ {
		file = $1
		where = $1 ":" $2 ": "
		split($0, quoted, "\"")
		target = quoted[2]
		if (target ~ /^faultline_(build|commit)\.h$/)
			next
		includes[file] = includes[file] " " target
		if (target !~ /^(core|workloads|bench)\//)
			print where "not a path from the project folder: " target
		else if (target ~ /\.c$/)
			print where "includes a source file: " target
		else if (floor_of(target) > floor_of(file))
			print where "includes upwards: " target
		else if (file ~ /^bench\/draw\// && target ~ /^bench\/run\//)
			print where "draws what it should read from results: " target
		else if (file !~ /^core\// && target ~ /^core\// && target != "core/faultline.h")
			print where "sees more of the core than core/faultline.h: " target
	}
	END {
		for (file in includes)
			if (state[file] == "")
				follow(file)
	}'
}

tree_passes
catches 'includes upwards' 'echo "#include \"core/op/fault.h\"" > core/base/planted.h'
catches 'includes upwards' 'echo "#include \"core/faultline.h\"" > core/base/planted.h'
catches 'draws what' 'mkdir -p bench/draw; echo "#include \"bench/run/suite.h\"" > bench/draw/planted.c'
catches 'includes upwards' 'mkdir -p bench/data; echo "#include \"bench/run/suite.h\"" > bench/data/planted.c'
catches 'in a circle' 'echo "#include \"core/base/p2.h\"" > core/base/p1.h; echo "#include \"core/base/p1.h\"" > core/base/p2.h'
catches 'sees more' 'echo "#include \"core/base/list.h\"" > bench/cmd/planted.c'
catches 'on no floor' 'mkdir core/attic; echo "int planted;" > core/attic/planted.c'
catches 'not a path' 'echo "#include \"list.h\"" > core/base/planted.h'
catches 'a source file' 'echo "#include \"core/base/planted2.c\"" > core/base/planted.c'
