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
ends 0 linearize --list
shows 'munmap-window        during munmap an access that faults is fatal'
shows 'mm/mmu_gather.c, tlb_finish_mmu()'
refuses 'none: No such file' linearize --check none
refuses "unexpected argument 'x'" linearize x

# Each policy, and the live kernel; what is counted is in the file too.
ends 0 linearize --policy linux-2.6.14,linux-6.15 --histories 300 --json counts.json
shows 'linux-2.6.14: 300 histories, '
[ "$(grep -c 'not explained: 0' out)" -eq 2 ] || surprise 'not two cases'
grep -q '"unexplained": 0' counts.json || surprise 'no counts'
ends 0 linearize --live --histories 64
shows 'live kernel: 64 histories, '
refuses '--live has no --policy' linearize --live --policy all
refuses "invalid number '9' for --threads" linearize --threads 9
refuses "unknown policy 'x'" linearize --policy x

# What is not serialisable without a lock or a check has histories without an order. What is kept of it has none either.
"$FAULTLINE" --version | grep -q ', check build,' || exit 0
for knockout in fork:wrprotect fork:vma-lock cow:reuse-check; do
	ends 1 linearize --knockout $knockout --pages 6 --noise 200 --seconds 60 --keep history
	reports 'no order explains a history'
	shows 'no order explains this'
	ends 1 linearize --check history
done
