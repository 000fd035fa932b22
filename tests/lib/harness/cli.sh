# SPDX-License-Identifier: GPL-2.0-or-later
# For the scripts of tests/cli: runs the program in a scratch folder, and ends the test at the first surprise.
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
: "${FAULTLINE:?the program to test}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

surprise() {
	echo "$*"
	echo "-- its output:"
	tail -n 20 out
	echo "-- its complaints:"
	tail -n 20 err
	exit 1
}

# ends STATUS ARGUMENT...: the program ends so; what it said is in the files out and err.
ends() {
	wanted=$1
	shift
	"$FAULTLINE" "$@" >out 2>err
	status=$?
	[ $status -eq "$wanted" ] || surprise "faultline $*: status $status, and not $wanted"
}

# shows TEXT, reports TEXT: the last run printed a line with TEXT on stdout, or on stderr.
shows() {
	grep -qF -- "$1" out || surprise "no such output: $1"
}

reports() {
	grep -qF -- "$1" err || surprise "no such complaint: $1"
}

# refuses TEXT ARGUMENT...: status 2, nothing but one line of complaint, with TEXT.
refuses() {
	text=$1
	shift
	ends 2 "$@"
	[ ! -s out ] || surprise "faultline $*: output beside the complaint"
	[ "$(wc -l <err)" -eq 1 ] || surprise "faultline $*: not one line"
	reports "$text"
}
