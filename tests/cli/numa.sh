# SPDX-License-Identifier: GPL-2.0-or-later
# Costs by node: on one node skipped, on a described machine gone through with nothing bound; each cell is where it says
# it is.
. "$(dirname "$0")/../lib/harness/cli.sh"

# cells FILE TEXT: how many cells of the file have it.
cells() {
	grep -c "$2" "$1"
}

refuses "unknown map 'x'" numa --map both,x
refuses "unknown map ''" numa --map both,
refuses "unknown workload 'x'" numa x
refuses "live_touch: has no page tables to place" numa live_touch
refuses "unknown option '--memory'" numa --memory local
refuses "invalid number of repetitions '0'" numa -r 0

export HWLOC_SYNTHETIC='node:1 core:2 pu:1'
ends 0 numa --out one.json --plot
shows 'skipped: one node'
grep -q '"skipped": "one node' one.json || surprise 'the reason is not kept'
grep -q '"cells": \[\]' one.json || surprise 'cells of one node'
[ ! -e plots ] || surprise 'a picture without data'

# Every place has a name of its own: 2 x 2 for frames and tables together, and two more where either goes alone.
export HWLOC_SYNTHETIC='node:2 core:2 pu:1'
ends 0 numa --list walk_dense --map both
[ "$(wc -l <out)" -eq 4 ] || surprise 'not each node with each'
ends 0 numa --list walk_dense
[ "$(sort -u out | wc -l)" -eq 8 ] || surprise 'not three maps'
shows '/placement:node:0/memory:node:1/tables:node:0/'
ends 0 numa --list walk_dense --map each --quick
[ "$(sort -u out | wc -l)" -eq 8 ] || surprise 'not every place'
shows 'walk_dense/policy:linux-6.15/pages:65536/placement:node:1/memory:node:1/threads:1'

export HWLOC_SYNTHETIC='node:4 core:2 pu:1'
ends 0 numa --list walk_dense --map tables,frames
[ "$(sort -u out | wc -l)" -eq 28 ] || surprise 'not two maps'
ends 0 numa --list walk_dense --map each
[ "$(sort -u out | wc -l)" -eq 64 ] || surprise 'not every place'
ends 0 numa --check --map each
shows '192 cells: '
shows 'are of the nodes asked for; 0 were looked up in the kernel (not this system: nothing is bound)'

# What cannot be put where it is asked for is no figure: frames that do not suffice come from another node.
ends 1 numa --check --frames 1024 fault_disjoint
reports 'are not of node'

export HWLOC_SYNTHETIC='node:2 core:2 pu:1'
ends 0 numa --quick --out two.json --map both walk_dense
shows 'walk_dense linux-6.15 pages:65536, 1 thread'
shows 'threads on | frames and tables on'
[ "$(cells two.json '"workload": "walk_dense"')" -eq 4 ] || surprise 'not four cells'
[ "$(cells two.json '"tables_node": 1')" -eq 2 ] || surprise 'tables in the wrong place'
grep -q '"schema": 1' two.json || surprise 'no version'
grep -q '"skipped"' two.json && surprise 'skipped, and measured'
[ ! -e two.json.tmp.library ] || surprise 'a file is left behind'
exit 0
