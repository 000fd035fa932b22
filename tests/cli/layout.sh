# SPDX-License-Identifier: GPL-2.0-or-later
# Workloads run on address spaces of other programs: maps, smaps and captures, with the pages that --populate says.
. "$(dirname "$0")/../lib/harness/cli.sh"

printf '10000-14000 rw-p 0 08:01 123 /bin/x\r\n20000-21000 ---p 0 00:00 0 \r\n30000-38000 r--p 0 00:00 0 [heap]' >one.maps
cat >two.smaps <<'END'
00400000-00410000 r-xp 00000000 fd:01 952273                             /bin/a
Size:                 64 kB
Rss:                  12 kB
Swap:                  8 kB
VmFlags: rd ex mr mw me dw sd 
END

quick() {
	ends 0 bench '*_layout' --quick --threads 1 --min-time 0.01 --repetitions 2 --frames 65536 --out x.json "$@"
}

# rates NAME: each row of that layout has a rate above zero.
rates() {
	[ "$(grep -c "$1" out)" -gt 0 ] || surprise "no rows of $1"
	! grep -F "$1" out | grep -Eqi 'nan|inf|failed| 0\.00? ' || surprise "rows of $1 without a rate"
}

quick --layout one.maps --layout two.smaps
rates 'layout:one.maps populate:first-touch'
rates 'layout:two.smaps '
grep -q 'two.smaps populate' out && surprise 'pages of smaps are those in the file'

quick --layout one.maps --populate all
rates 'layout:one.maps populate:all'
faster=$(grep -c '"items_per_second"' x.json)
[ "$faster" -gt 0 ] || surprise 'no rates in the results'

# Without any page there is nothing to measure, and that is all the rows say.
quick --layout one.maps --populate none
[ "$(grep -c 'skipped: no populated page' out)" -eq "$(grep -c 'populate:none' out)" ] || surprise 'rows without pages'

refuses 'one.maps: no populated pages in it, as --populate rss wants' bench walk_layout --layout one.maps --populate rss
refuses "unknown pages 'some' for --populate: none, all, rss or first-touch" bench walk_layout --populate some
printf 'mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7fcb71cd3000\n' >go.strace
refuses 'go.strace:1: a trace by strace, not an address space' bench walk_layout --layout go.strace

# What a failure prints repeats it with the same pages.
ends 0 stress walk_layout --layout one.maps --populate all --rounds 2 --threads 2 --frames 65536
