# SPDX-License-Identifier: GPL-2.0-or-later
# Histories from files get the verdict of their name; what has no order is shrunk and drawn.
. "$(dirname "$0")/../lib/harness/cli.sh"

histories=$SOURCE/tests/linearize
for file in "$histories"/legal_*.txt; do
	ends 0 linearize --check "$file"
	shows 'linearizable: '
done
for file in "$histories"/illegal_*.txt; do
	ends 1 linearize --check "$file"
	shows 'not linearizable: '
	shows 'no order explains this'
done
# What only a nondeterminism explains has no order without it.
for file in $(grep -l '^allow' "$histories"/legal_*.txt); do
	grep -v '^allow' "$file" >strict
	ends 1 linearize --check strict
done

# The smallest part is a history too, without an order; page 1 has no part in it.
ends 1 linearize --check "$histories/illegal_readers_disagree.txt" --shrink
grep -E '^(pages|[0-9])' out >small
! grep -q 'write 1 5' small || surprise 'an operation of another page is kept'
[ "$(grep -c '^[0-9]' small)" -le 7 ] || surprise 'it is not smaller'
grep -qE '^thread 2  +\[' out || surprise 'it is not drawn'
cp out before
ends 1 linearize --check small
# A write that explains what is read stays.
printf 'pages 1\n0 1 2 mmap 0 rw = 0\n0 3 4 write 0 7 = 0\n0 5 6 write 0 8 = 0\n0 7 8 read 0 = 7\n' >seven
ends 1 linearize --check seven --shrink
shows 'write 0 7 = 0'

for line in 'pages 9' 'allow magic' '0 1 2 read 0 = 1' 'pages 1
0 1 2 jump 0 = 1' 'pages 1
0 2 2 read 0 = 1' 'pages 1
0 1 2 read 1 = 1' 'pages 1
0 1 2 read 0 = 256' 'pages 1
0 1 2 mmap 0 w = 0' 'pages 1
0 1 2 read 0 = 0
1 2 3 read 0 = 0' 'pages 1
0 1 4 read 0 = 0
0 2 3 read 0 = 0' 'pages 1
8 1 4 read 0 = 0' 'pages 1'; do
	printf '%s\n' "$line" >bad
	ends 2 linearize --check bad
	[ "$(wc -l <err)" -eq 1 ] || surprise "not one line about: $line"
done
refuses 'none: No such file' linearize --check none
ends 0 linearize --list
shows 'munmap-window        during munmap an access that faults is fatal'
shows 'mm/mmu_gather.c, tlb_finish_mmu()'

# Workloads by name and pattern, each counted separately.
for name in jumble fork_moment zap_vs_fault; do
	shows "$name "
done
refuses "no histories of a workload 'fork_momet'; did you mean 'fork_moment'?" linearize fork_momet
refuses "no histories of a workload 'walk_dense'" linearize jumble walk_dense
refuses "unexpected argument 'jumble'" linearize jumble --list
refuses "'mremap_vs_fault' needs at least 2 pages" linearize mremap_vs_fault --pages 1
refuses "'swap_vs_fault' needs operations that the live kernel has not" linearize --live swap_vs_fault
ends 0 linearize fork_moment 'mr*_vs_fault' --histories 64 --json counts.json
shows 'linux-6.15, fork_moment: 64 histories, '
[ "$(grep -c 'not explained: 0' out)" -eq 2 ] || surprise 'not two cases'
[ "$(grep -c '"workload": "[fm][a-z]*_' counts.json)" -eq 2 ] || surprise 'not two cases in the file'

# Each policy, and the live kernel; what is counted is in the file too.
ends 0 linearize --policy linux-2.6.14,linux-6.15 --histories 150 --json counts.json
shows 'linux-2.6.14, jumble: 150 histories, '
[ "$(grep -c 'not explained: 0' out)" -eq 2 ] || surprise 'not two cases'
grep -q '"unexplained": 0' counts.json || surprise 'no counts'
ends 0 linearize --live '[fz]*_*' --histories 64
shows 'live kernel, zap_vs_fault: 64 histories, '
shows 'live kernel, fork_moment: 64 histories, '
refuses '--live has no --policy' linearize --live --policy all
refuses "invalid number '9' for --threads" linearize --threads 9
refuses "unknown policy 'x'" linearize --policy x

# Pictures are XML, with a bar for each operation, of which one is marked if it has no place.
command -v xmllint >out 2>err || surprise 'xmllint is not there: install libxml2-utils'
for name in legal_munmap_window:0 illegal_readers_disagree:1; do
	file=$histories/${name%:*}.txt
	"$FAULTLINE" linearize --check "$file" --draw drawn.svg >out 2>err
	xmllint --noout drawn.svg >out 2>err || surprise "not well-formed: $file"
	[ "$(grep -c 'class="bar' drawn.svg)" -eq "$(grep -c '^[0-9]' "$file")" ] || surprise "bars are missing: $file"
	[ "$(grep -c 'class="bar bad"' drawn.svg)" -eq "${name#*:}" ] || surprise "marks: $file"
done
ends 1 linearize --check "$histories/illegal_readers_disagree.txt" --shrink --draw drawn.svg
[ "$(grep -c 'class="bar' drawn.svg)" -eq "$(grep -c '^[0-9]' out)" ] || surprise 'the smallest part is not drawn'

# What is not serialisable without a lock or a check has histories without an order. What is kept of it has none either.
"$FAULTLINE" --version | grep -q ', check build,' || exit 0
for found in jumble=fork:wrprotect fork_moment=fork:vma-lock mprotect_vs_fault=protect:exclusive \
	gup_vs_fork=gup:write-check; do
	ends 1 linearize ${found%=*} --knockout ${found#*=} --pages 6 --noise 200 --seconds 60 --keep history --draw $found.svg
	reports "${found%=*}: no order explains a history"
	shows 'no order explains this'
	grep -q 'class="bar bad"' $found.svg || surprise 'it is not drawn'
	ends 1 linearize --check history
done
