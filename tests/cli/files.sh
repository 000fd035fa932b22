# SPDX-License-Identifier: GPL-2.0-or-later
# Files that are written: nothing but a regular file is replaced, before anything is measured; and no write fails in
# silence.
. "$(dirname "$0")/../lib/harness/cli.sh"

quick='limit_lock --quick --threads 1'
mkdir folder
mkfifo fifo
ln -s target link
ln -s /dev/null device
echo old >there
for what in 'folder:a folder' 'fifo:a FIFO' 'link:a symbolic link' 'device:a symbolic link' '/dev/null:a device'; do
	refuses "${what%%:*} is ${what#*:}: give a regular file or a new name" bench $quick --out "${what%%:*}"
	refuses "${what%%:*} is ${what#*:}" profile limit_lock --seconds 0.01 --out "${what%%:*}"
done
[ -p fifo ] && [ -h link ] && [ ! -e target ] && [ -h device ] && [ -c /dev/null ] || surprise 'a file was replaced'
refuses 'no/such/file: No such file' bench $quick --out no/such/file
ends 0 bench $quick --out there
grep -q '"benchmarks"' there || surprise 'a file that was there is not replaced'
[ ! -e there.unfinished ] || surprise 'the unfinished file is left'

# Another process is writing it.
(
	flock 9
	refuses 'taken: another process is writing it' bench $quick --out taken
) 9>taken.unfinished || exit 1
# What a killed writer left is taken over.
ends 0 bench $quick --out taken
[ ! -e taken.unfinished ] || surprise 'the unfinished file is left'

# A disk that is full: the table is shown, the old file stays, nothing half-written.
(
	ulimit -f 1
	trap '' XFSZ
	"$FAULTLINE" bench limit_lock limit_read --threads 1 -r 3 --min-time 0.001 --out there >out 2>err
)
status=$?
[ $status -eq 1 ] || surprise "a full disk: status $status"
reports 'there: cannot be written: File too large'
grep -q '^limit_lock ' out || surprise 'what was measured is not shown'
grep -q '"benchmarks"' there || surprise 'the old file is gone'
[ ! -e there.unfinished ] || surprise 'the unfinished file is left'

# Standard streams: a full one and a closed one are failures; what is closed takes no text into files.
if [ -c /dev/full ]; then
	"$FAULTLINE" list >/dev/full 2>err && surprise 'a full standard output'
	reports 'standard output: No space left on device'
	"$FAULTLINE" bench --help >/dev/full 2>err && surprise 'a full standard output'
	"$FAULTLINE" report there -o page.html >/dev/full 2>err && surprise 'a full standard output'
fi
"$FAULTLINE" list >&- 2>err && surprise 'a closed standard output'
reports 'standard output: Bad file descriptor'
"$FAULTLINE" bench $quick --out quiet.json >out 2>&- || surprise 'a closed standard error'
head -c 1 quiet.json | grep -q '{' || surprise 'output in the results file'
"$FAULTLINE" bench $quick --out quiet.json <&- >&- 2>&- && surprise 'closed streams'
head -c 1 quiet.json | grep -q '{' || surprise 'output in the results file'

# Which runs are the latest, and the baseline: complete ones, and of these no smoke run by itself.
ends 0 bench $quick
[ -e results/latest/bench.json ] || surprise 'no latest run'
[ ! -e results/*/baseline ] || surprise 'a smoke run is the baseline'
latest=$(readlink results/latest)
ends 0 bench limit_lock --threads 1 --repetitions 3 --min-time 0.001 --baseline
[ -e results/*/baseline ] || surprise 'no baseline though one was asked for'
[ "$(readlink results/latest)" != "$latest" ] || surprise 'the newer run is not the latest'
latest=$(readlink results/latest)
ends 1 bench fault_disjoint --axis pages:65536 --frames 1024 --threads 2 --payload 0 --quick
[ "$(readlink results/latest)" = "$latest" ] || surprise 'a run with failures is the latest'
[ "$("$FAULTLINE" bench --help | grep -c -e --resume)" -eq 1 ] || surprise 'no --resume'
