# SPDX-License-Identifier: GPL-2.0-or-later
# The page and the pictures appear whole or not at all, and replace nothing but regular files.
. "$(dirname "$0")/../lib/harness/cli.sh"

cp "$SOURCE/tests/lib/harness/run/bench.json" run.json # no measurement: a loaded machine would mark its rows
mkdir folder
mkfifo fifo
ln -s target link
for what in 'folder:a folder' 'fifo:a FIFO' 'link:a symbolic link' '/dev/null:a device'; do
	refuses "${what%%:*} is ${what#*:}: give a regular file or a new name" report run.json --out "${what%%:*}"
done
[ -p fifo ] && [ -h link ] && [ ! -e target ] && [ -c /dev/null ] || surprise 'a file was replaced'
if mknod null c 1 3 2>/dev/null; then
	refuses 'null is a device' report run.json --out null
	[ -c null ] || surprise 'a device was replaced'
fi

ends 0 report run.json --out page.html --plots
[ -z "$(ls plots | grep -vE '\.(svg|png)$')" ] || surprise "files are left: $(ls plots)"
rm plots/cost.svg
mkfifo plots/cost.svg
ends 2 report run.json --out page.html --plots
reports 'plots/cost.svg is a FIFO'
rm plots/cost.svg

# A disk that is full: what was there stays, and nothing half-written is left.
(
	ulimit -f 8
	trap '' XFSZ
	"$FAULTLINE" report run.json --out page.html >out 2>err
)
[ $? -eq 1 ] || surprise 'a page on a full disk'
reports 'page.html: cannot be written: File too large'
tail -n 1 page.html | grep -q '</html>' || surprise 'half a page'
[ ! -e page.html.unfinished ] || surprise 'the unfinished page is left'

# Nor after a signal, while gnuplot draws.
mkdir slow
printf '#!/bin/sh\necho $$ >drawing\ncat >/dev/null\nwhile [ ! -e drawn ]; do sleep 0.02; done\n' >slow/gnuplot
chmod +x slow/gnuplot
for signal in INT:130 TERM:143; do
	rm -f drawn drawing
	env --default-signal=INT PATH="$scratch/slow:$PATH" "$FAULTLINE" report run.json --out page.html >out 2>err &
	until [ -s drawing ]; do sleep 0.02; done
	[ -e page.html.unfinished ] || surprise 'the page is not written beside'
	kill -${signal%:*} $!
	wait $!
	status=$?
	: >drawn
	[ $status -eq ${signal#*:} ] || surprise "SIG$signal: status $status"
	[ ! -e page.html.unfinished ] || surprise "SIG$signal: the unfinished page is left"
	tail -n 1 page.html | grep -q '</html>' || surprise 'half a page'
done
