# SPDX-License-Identifier: GPL-2.0-or-later
# The topology is printed as it is, and plans follow the placements on machines that are not here.
. "$(dirname "$0")/../lib/harness/cli.sh"

ends 0 topo
shows "PUs $(nproc)"
for placement in compact scatter node; do
	grep -q "^$placement .* $(nproc) threads on PU/node: 0/0" out || surprise "no plan of $placement"
done

ends 0 topo --synthetic 'node:2 core:4 pu:1' --threads 4
shows 'nodes 2, cores 8, PUs 8 (not this system: nothing is bound)'
shows 'compact  4 threads on PU/node: 0/0 1/0 2/0 3/0'
shows 'scatter  4 threads on PU/node: 0/0 4/1 1/0 5/1'
shows 'node     4 threads on PU/node: 0/0 1/0 2/0 3/0'

ends 0 topo --synthetic 'node:1 l3:1(size=8388608) l2:2(size=1048576) l1d:1(size=32768) core:1 pu:1'
shows 'L1d 32 KiB x 2'
shows 'L2 1024 KiB x 2'
shows 'L3 8192 KiB x 1'

# Cores come before their second PUs, and then the next node.
ends 0 topo --synthetic 'node:4 core:8 pu:2' --threads 4,18
shows 'nodes 4, cores 32, PUs 64 (not this system: nothing is bound)'
shows 'compact  4 threads on PU/node: 0/0 2/0 4/0 6/0'
shows 'scatter  4 threads on PU/node: 0/0 16/1 32/2 48/3'
shows 'compact  18 threads on PU/node: 0/0 2/0 4/0 6/0 8/0 10/0 12/0 14/0 1/0 3/0 5/0 7/0 9/0 11/0 13/0 15/0 16/1 18/1'
shows 'node     18 threads on PU/node: 0/0 2/0 4/0 6/0 8/0 10/0 12/0 14/0 1/0 3/0 5/0 7/0 9/0 11/0 13/0 15/0 0/0 2/0'

# Frames and page tables follow the threads, each in its own way.
ends 0 topo --synthetic 'node:4 core:2 pu:1' --threads 5 --placement scatter --memory remote --tables node:2
shows 'frames   remote of 5 threads scatter, from node: 1 2 3 0 1'
shows 'tables   node:2 of 5 threads scatter, from node: 2 2 2 2 2'
ends 0 topo --synthetic 'node:4 core:2 pu:1' --threads 3 --placement node:3 --memory interleave
shows 'frames   interleave of 3 threads node:3, from node: all all all'
shows 'tables   interleave of 3 threads node:3, from node: all all all'
ends 0 topo --synthetic 'node:4 core:2 pu:1' --threads 2 --tables interleave --memory node:1
shows 'frames   node:1 of 2 threads compact, from node: 1 1'
shows 'tables   interleave of 2 threads compact, from node: all all'
ends 0 topo --synthetic 'node:4 core:2 pu:1' --threads 4
shows 'frames   local of 4 threads compact, from node: 0 0 1 1'
refuses 'no node 4: this machine has 4' topo --synthetic 'node:4 core:2 pu:1' --tables node:4
refuses 'no node 4 with PUs' topo --synthetic 'node:4 core:2 pu:1' --placement node:4
refuses 'no remote memory' topo --synthetic 'node:1 core:2 pu:1' --tables remote

# The environment's topology is what bench and stress see too.
export HWLOC_SYNTHETIC='node:2 core:2 pu:1'
ends 0 topo
shows 'nodes 2, cores 4, PUs 4'
ends 0 bench --list --memory remote --placement node --node 1
shows '/placement:node:1/memory:remote/threads:4'
refuses 'no node 2' bench --list --placement node --node 2
ends 0 bench --list walk_dense --tables node:1 --threads 1
shows '/tables:node:1/threads:1'
refuses 'no node 2' bench --list --tables node:2
