#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One page for each knock-out that Linux had as a bug: museum.sh PROGRAM FOLDER. PROGRAM is of an explore build. It is
# hunted as the knock-out says, if that is by schedules; else the fewest preemptions that show it are searched in all
# scenarios, and then random schedules of workloads.
set -u
program=$1 folder=$2
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# NAME<tab>REMOVES<tab>BREAKS<tab>DETECTED BY<tab>HUNTED BY<tab>TITLE, of those with a title.
stories() {
	"$program" list --knockouts | awk '
		function flush() { if (title != "") print name "\t" removes "\t" breaks "\t" by "\t" hunt "\t" title; title = "" }
		/^[^ ]/ { flush(); name = $0 }
		/^  removes / { sub(/^ *removes */, ""); removes = $0 }
		/^  breaks / { sub(/^ *breaks */, ""); breaks = $0 }
		/^  detected by / { sub(/^ *detected by */, ""); by = $0 }
		/^  hunted by / { sub(/^ *hunted by */, ""); hunt = $0 }
		/^  Linux / { sub(/^ *Linux */, ""); title = title == "" ? $0 : title "; " $0 }
		END { flush() }'
}

explored() { # KNOCKOUT PREEMPTIONS SECONDS SCENARIO [OPTION...]: true if it fails there
	knockout=$1 preemptions=$2 seconds=$3
	shift 3
	"$program" explore --preemptions "$preemptions" --seconds "$seconds" --knockout "$knockout" "$@" >out 2>err </dev/null
	grep -q '^replay with: ' err
}

# The first of the scenarios in FILE in which it is seen; in $reached those in which what it disables is reached at all.
scenario_of() { # KNOCKOUT PREEMPTIONS SECONDS FILE
	: >reached
	while read -r scenario; do
		if explored "$1" "$2" "$3" "$scenario"; then
			return 0
		fi
		grep -q '^faultline explore: never reached' err || echo "$scenario" >>reached
	done <"$4"
	return 1
}

stressed() { # KNOCKOUT SECONDS WORKLOAD [OPTION...]: true if it fails there
	knockout=$1 seconds=$2
	shift 2
	"$program" stress "$@" --serial --seconds "$seconds" --knockout "$knockout" >out 2>err </dev/null
	grep -q '^replay with: ' err
}

# As the knock-out says.
hunted_so() { # KNOCKOUT WAY WORD...
	knockout=$1 way=$2
	shift 2
	case $way in
	explore) explored "$knockout" 2 60 "$@" ;;
	serial) stressed "$knockout" 60 "$@" ;;
	*) false ;;
	esac
}

# Of a scenario, with the fewest preemptions that show it, or under c11; or of a workload.
searched() { # KNOCKOUT
	! scenario_of "$1" 0 2 $scenarios || return 0
	if [ ! -s reached ]; then
		! scenario_of "$1" 1 2 $scenarios || return 0
	fi
	shuf --random-source="$program" reached | head -n 12 >near
	! scenario_of "$1" 1 5 near || return 0
	while read -r scenario; do
		! stressed "$1" 2 "$scenario" --frames 2048 --memory-order c11 || return 0
	done <near
	! scenario_of "$1" 2 10 near || return 0
	for workload in jumble gup_jumble pins_vs_all swap_vs_fault fork_storm mremap_vs_fault thp_split_vs_walk; do
		! stressed "$1" 8 $workload || return 0
	done
	return 1
}

# Draws it into PAGE, if a schedule shows it. For what moves pages between nodes the machine has two.
drawn() ( # KNOCKOUT HUNT PAGE
	case $1 in
	numa:*)
		export HWLOC_SYNTHETIC="node:2 core:1 pu:1" HWLOC_THISSYSTEM=1
		grep '^numa_' scenarios >of_nodes
		scenarios=of_nodes
		;;
	esac
	# shellcheck disable=SC2086 # words
	hunted_so "$1" $2 || searched "$1" || return 1
	"$program" show "$(sed -n 's/^replay with: faultline replay //p' err | tail -n 1)" -o "$3" >/dev/null 2>&1
)

escape() {
	sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
}

entry() { # NAME REMOVES BREAKS BY TITLE PAGE
	name=$(echo "$1" | escape)
	[ -z "$6" ] || name="<a href=\"$6\">$name</a>"
	printf '<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td><cite>%s</cite></td></tr>\n' "$name" \
		"$(echo "$2" | escape)" "$(echo "$3" | escape)" "$(echo "$4" | escape)" "$(echo "$5" | escape)"
}

tab=$(printf '\t')
"$program" explore --list | awk '{ print $1 }' >scenarios
scenarios=scenarios
stories >stories
nr=$(wc -l <stories) shown=0 at=0
: >entries
while IFS=$tab read -r name removes breaks by hunt title; do
	at=$((at + 1))
	printf '\r%d of %d: %-32s' $at "$nr" "$name" >&2
	page=$(echo "$name" | tr ':' '-').html
	if drawn "$name" "$hunt" "$folder/$page"; then
		shown=$((shown + 1))
	else
		page=
	fi
	entry "$name" "$removes" "$breaks" "$by" "$title" "$page" >>entries
done <stories
printf '\r%60s\r' '' >&2

{
	cat <<'EOF'
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Bugs that Linux had</title>
<style>
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:80rem;padding:0 1rem}
table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8886}
@media(max-width:50rem){thead{display:none}td{display:block;border:0;padding:.1rem 0}tr{display:block;padding:.7rem 0;border-bottom:1px solid #8886}}
</style></head><body>
<h1>Bugs that Linux had</h1>
<p>Each is a knock-out: the core without one lock, check, order or grace period. Its page shows a short interleaving that
breaks then, step by step. Those without a page are detected by what the row names, and by no schedule of a few operations.</p>
<table><thead><tr><th>Knock-out</th><th>Without</th><th>What goes wrong</th><th>Detected by</th><th>Mended in Linux by</th></tr></thead>
EOF
	cat entries
	echo '</table></body></html>'
} >"$folder/index.html"
echo "$folder/index.html: $nr bugs, $shown with a page"
