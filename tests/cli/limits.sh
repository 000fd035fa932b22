# SPDX-License-Identifier: GPL-2.0-or-later
# Values beyond a limit are rejected before anything runs, with the number and the limit.
. "$(dirname "$0")/../lib/harness/cli.sh"

# Threads: thousands work.
ends 0 stress limit_compute --threads 700 --seconds 100ms
refuses "invalid number of threads '4089': give 1 to 4088" stress limit_compute --threads 4089
refuses "invalid number of frames '67108865': give 1024 to 67108864" bench --list --frames 67108865
ends 0 bench --list walk_dense --frames 64m --payload 4K --threads 1

# Options that leave no repetitions.
refuses "results keep every repetition" bench --benchmark_report_aggregates_only
refuses "results keep every repetition" bench --benchmark_display_aggregates_only=true

# Layouts: which workloads take them, and which VMAs fit.
refuses "'walk_dense' takes no layout" bench --list walk_dense --layout java
refuses "'walk_dense' takes no layout" stress walk_layout walk_dense --layout java
refuses "'walk_dense' takes no layout" numa walk_dense --layout java
ends 0 bench --list 'walk_*' --layout java --threads 1
shows 'walk_layout/policy:linux-6.15/layout:java/threads:1'

printf '1000-2000 rw-p 0 low\n+ 1 1 p\n400000-401000 rw-p 0 good\n+ 400 1 p\n' >some.layout
printf 'ffffffffff600000-ffffffffff601000 --xp 0 [vsyscall]\n' >>some.layout
ends 0 bench --list walk_layout --layout some.layout
reports "layout 'some': 1 of 2 VMAs are skipped, with 1 pages: VMAs lie between 0x10000 and 0x"
[ "$(wc -l <err)" -eq 1 ] || surprise 'not one line'
printf '1000-2000 rw-p 0 low\nffffffffff000000-ffffffffff001000 rw-p 0 high\n' >none.layout
refuses "layout 'none': none of its 2 VMAs lies between 0x10000 and 0x" bench --list walk_layout --layout none.layout
awk 'BEGIN { for (at = 4194304; n++ < 65531; at += 8192) printf "%x-%x rw-p 0 v\n", at, at + 4096 }' >many.layout
refuses "layout 'many': 65531 VMAs, and an address space has at most 65530" stress walk_layout --layout many.layout
ends 0 bench --list walk_layout --layout many.layout --policy linux-6.15,max_map_count=262144
printf '400000-500000 rw-p 0 big\n+ 400 200 p\n600000-400000600000 rw-p 0 bigger\n+ 600 17179869184 p\n' >pages.layout
case $("$FAULTLINE" --version) in
*', 2 page-table levels'*) ;;	# no such address
*) refuses "layout 'pages': 17179869384 populated pages, and the machine has " bench walk_layout -l pages.layout ;;
esac
ends 0 stress limit_compute --seconds 10ms

# Descriptions of machines.
refuses "topology 'pu:20000' has more than 4096 PUs" topo --synthetic pu:20000
refuses "has more than 4096 PUs" topo --synthetic 'node:99999999999999999999 core:4 pu:1'
refuses "has more than 4096 PUs" topo --synthetic 'node:64 l3:1(size=4096) core:64 pu:2'
ends 0 topo --synthetic 'node:4(memory=99999999) core:256 pu:4' --threads 1
shows 'nodes 4, cores 1024, PUs 4096'

# What taskset and cpusets forbid is not used: as nproc counts.
run=$FAULTLINE
FAULTLINE="$scratch/one"
printf '#!/bin/sh\nexec taskset -c %s "%s" "$@"\n' "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" "$run" >one
chmod +x one
ends 0 topo
shows 'PUs 1'
[ "$(nproc)" -eq 1 ] || shows "($(($(nproc) - 1)) more are not allowed to this process)"
ends 0 bench --list limit_compute
shows 'limit_compute/threads:1'
! grep -q 'threads:2$' out || surprise 'more threads than allowed processors, unasked'
ends 0 stress walk_dense fault_disjoint --seconds 200ms --threads 2
