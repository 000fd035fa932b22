# SPDX-License-Identifier: GPL-2.0-or-later
# Every command has a help text, and the lists are complete.
. "$(dirname "$0")/../lib/harness/cli.sh"

ends 0 --help
for command in list topo capture bench eras profile numa stress replay show explore knockouts litmus linearize conform compare report; do
	shows "  $command "
done
for command in list topo capture bench eras profile numa stress replay show explore knockouts litmus linearize conform compare report; do
	ends 0 $command --help
	shows "Usage: faultline $command"
	[ ! -s err ] || surprise "faultline $command --help complains"
done
for command in list topo capture bench eras profile numa stress replay show explore knockouts litmus linearize conform compare report; do
	ends 0 $command --help
	cp out long
	for other in "$command -h" "$command -?" "help $command"; do
		ends 0 $other
		cmp -s out long || surprise "faultline $other is not $command --help"
	done
done
# Each line is a verb phrase of fewer than 60 letters, so that no option takes more than two lines of a wide terminal.
long=$(grep -hE -A1 '^	\{ "[a-z-]+", .*POPT_ARG_' "$SOURCE"/bench/*/*.c | grep -E '^	(\{|  ")' | grep -oE '"[^"]{60,}"')
[ -z "$long" ] || surprise "help lines of 60 letters and more: $long"
ends 0 --help
! grep -E '^  [a-z]' out | cut -c34- | grep -E '.{60}' || surprise 'explanations of 60 letters and more'
lengthy() { grep '^  ' | cut -c18- | grep -E '.{60}'; }
! "$SOURCE/run" help | lengthy || surprise 'run help: explanations of 60 letters and more'
"$SOURCE/run" help >text
for command in build compare test tsan asan linearize mutants cost fuzz package arm64; do
	"$SOURCE/run" $command --help | cmp -s - text || surprise "run $command --help is not run help"
done
printf '  %-14s %060d\n' planted 0 | lengthy >planted || surprise 'an explanation of 60 letters is not found'
cp out long
for other in -h '-?' help; do
	ends 0 $other
	cmp -s out long || surprise "faultline $other is not faultline --help"
done
refuses "unexpected argument 'x'" help bench x

# Times have units, everywhere alike.
refuses "invalid time '5x' for --min-time: give" bench --list --min-time 5x
refuses "invalid time '2h' for --min-time: give" bench --list --min-time 2h
ends 0 bench --list walk_dense --min-time 5ms
refuses "invalid time '1e3' for --seconds: give" stress walk_dense --seconds 1e3
refuses "invalid time '5d' for --seconds: give" litmus --seconds 5d
refuses "invalid time '5 s' for --seconds: give" profile --seconds '5 s'
ends 0 stress limit_compute --seconds 5ms --patience 1m

ends 0 --version
shows ' page-table levels'

ends 0 list
for file in "$SOURCE"/workloads/*.c; do
	name=$(sed -n 's/^WORKLOAD(\([a-z0-9_]*\),$/\1/p' "$file")
	[ -z "$name" ] || shows "$name "
done
[ "$(sort out)" = "$(cat out)" ] || surprise 'workloads out of order'

ends 0 list --policies
for policy in linux-2.6.14 linux-2.6.15 linux-3.13 linux-6.4 linux-6.15; do
	shows "$policy "
done
shows 'pte_ptl=mm,'

ends 0 list --knockouts
# All of them in every build, though release builds use none.
knockouts=$(grep -rh --include='*.c' '^DEFINE_KNOCKOUT(' "$SOURCE"/core | wc -l)
for line in removes breaks 'detected by' 'hunted by'; do
	[ "$(grep -c "^  $line  *[^ ]" out)" -eq "$knockouts" ] || surprise 'a knock-out is missing, or lacks an explanation'
done
grep '^[a-z]' out >names
LC_ALL=C sort -c names || surprise 'knock-outs out of order'
shows '  Linux    fork: lock VMAs of the parent process when forking'

ends 0 list --locking
shows 'mm->mmap_lock'
shows 'PTE-table PTL'

ends 0 list --layouts
for file in "$SOURCE"/workloads/layouts/*.layout; do
	shows "$(basename "$file" .layout) "
done

ends 0 list --events
shows 'page tables allocated'

"$FAULTLINE" list --syncpoints >out 2>err
case $? in
0) shows 'spin.wait' ;;
2) reports 'this build has no sync points' ;;
*) surprise 'faultline list --syncpoints' ;;
esac
