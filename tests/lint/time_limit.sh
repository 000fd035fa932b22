# SPDX-License-Identifier: GPL-2.0-or-later
# What runs every test: it passes the status on, ends what hangs with all it started, and prints how to repeat a
# failure.
: "${BUILD:?the build folder}"
limit=$BUILD/tests/time_limit
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# ends STATUS ARGUMENT...
ends() {
	wanted=$1
	shift
	"$limit" "$@" >"$out" 2>&1
	status=$?
	[ $status -eq "$wanted" ] || { echo "time_limit $*: status $status, and not $wanted"; exit 1; }
}

# Processes that the last test left behind are gone; their parent, or the reaper, may not have noticed yet.
nothing_is_left() {
	pid=$(cat "$out.pid") && rm "$out.pid"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -qs ') [^ZX] ' "/proc/$pid/stat" || return
		sleep 0.2
	done
	echo 'what a test started outlives it'
	exit 1
}

ends 0 some.test 60 true
[ ! -s "$out" ] || { echo 'output beside what passes'; exit 1; }
ends 3 some.test 60 sh -c 'exit 3'
grep -q "^to repeat: ctest --test-dir $BUILD -R '^some.test\\$' --output-on-failure$" "$out" || { cat "$out"; exit 1; }
ends 134 some.test 60 sh -c 'kill -ABRT $$'
ends 124 some.test 0.2 sh -c "sleep 1000 & echo \$! >$out.pid; wait"
grep -q '^time limit: 0.2 s of an idle machine' "$out" || { echo 'no word about the limit'; exit 1; }
nothing_is_left
ends 0 some.test 60 sh -c "sleep 1000 & echo \$! >$out.pid"
nothing_is_left
ends 127 some.test 60 no-such-program
ends 2 some.test 60
