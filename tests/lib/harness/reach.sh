# SPDX-License-Identifier: GPL-2.0-or-later
# For scripts that choose checks by what they call: which functions each unit and each scenario reaches, in a build of its
# own, in which each function reports its entry. Needs $tree and $scenarios; sets $reached, the list's file.
reached=$tree/build/reached

# The names of the functions in REACH, of PROGRAM.
functions() { # PROGRAM REACH
	nr=$(od -An -tu4 -N4 "$2" | tr -d ' ')
	od -An -v -tu4 -w4 -j4 -N $((4 * nr)) "$2" | awk '
		NR == FNR { called[$1] = 1; next }
		$2 ~ /^[tTwW]$/ && ($1 + 0) in called { sub(/\..*/, "", $3); print $3 }' - "$work/symbols"
}

# Addresses as decimal numbers.
symbols() { # PROGRAM
	nm -t d "$1" >"$work/symbols"
}

# Runs PROGRAM, and lists what it calls as FUNCTION<space>KIND<space>NAME.
reach() { # KIND NAME PROGRAM [ARGUMENT...]
	kind=$1 name=$2
	shift 2
	rm -f "$work/reach"
	REACH=$work/reach timeout 300 "$@" >/dev/null 2>&1 </dev/null
	[ ! -f "$work/reach" ] || functions "$1" "$work/reach" | sort -u | sed "s/\$/ $kind $name/"
}

build_reach() {
	cc -O2 -c tests/reach.c -o "$work/reach.o" &&
		cmake --preset check -B "$work" --log-level=WARNING -DCMAKE_EXE_LINKER_FLAGS="$work/reach.o" \
			-DCMAKE_C_FLAGS=-finstrument-functions -DFAULTLINE_INSTALL_LIB=FALSE &&
		cmake --build "$work" --target faultline time_limit $1
}

list_reached() { # UNITS...
	work=$tree/build/reach
	mkdir -p "$work"
	# shellcheck disable=SC2086
	build_reach "$*" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	for unit in "$@"; do
		symbols "$work/tests/$unit"
		reach unit "$unit" "$work/tests/$unit"
	done >"$reached"
	symbols "$work/faultline"
	for scenario in $scenarios; do
		reach scenario "$scenario" "$work/faultline" stress "$scenario" --serial --frames 2048 --episodes 40
	done >>"$reached"
}

# The function that has line LINE of FILE; empty in a macro or a declaration.
function_at() { # FILE LINE
	awk -v at="$2" '
		NR > at { exit }
		/^}/ || /^#define/ { name = "" }
		/^[a-z_].*[ *][a-z_0-9]+\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		END { print name }' "$1"
}

# Those of KIND that reach FUNCTION.
that_reach() { # KIND FUNCTION
	awk -v kind="$1" -v function_="$2" '$1 == function_ && $2 == kind { print $3 }' "$reached"
}
