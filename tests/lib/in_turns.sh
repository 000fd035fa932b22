# SPDX-License-Identifier: GPL-2.0-or-later
# Two programs that measure in turns, for `faultline compare`: what the machine does meanwhile, it does to both.

measure_side() { # FOLDER SIDE ROUND PROGRAM [ARGUMENT...]
	"$4" bench "${@:5}" --alternate "$1/socket" --out "$1/$2-$3.json" >/dev/null 2>"$1/$2-$3.errors" ||
		{ cat "$1/$2-$3.errors" >&2; return 1; }
}

# Both at once, a repetition of the one, a repetition of the other; the first one begins.
measure_round() { # FOLDER ROUND FIRST SECOND, the words of either side in arrays
	local folder=$1 round=$2 other failed=0
	local -n first=$3 second=$4
	measure_side "$folder" "$3" "$round" "${first[@]}" &
	other=$!
	until [[ -S $folder/socket ]]; do
		kill -0 $other 2>/dev/null || return 1
		sleep 0.02
	done
	measure_side "$folder" "$4" "$round" "${second[@]}" || { failed=1; kill $other; }
	wait $other || failed=1
	return $failed
}

# in_turns ROUNDS FOLDER BEFORE AFTER [ARGUMENT...]: results go to FOLDER. Every other round begins with AFTER. Words in the array
# after_only are arguments of AFTER's alone.
in_turns() {
	local rounds=$1 folder=$2 round
	local before=("$3" "${@:5}") after=("$4" "${@:5}" "${after_only[@]}")
	rm -rf "$folder"
	mkdir -p "$folder"
	for ((round = 1; round <= rounds; round++)); do
		if ((round % 2)); then
			measure_round "$folder" "$round" before after
		else
			measure_round "$folder" "$round" after before
		fi || return 1
		[[ ! -t 2 ]] || printf '\r%d of %d rounds' "$round" "$rounds" >&2
	done
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# side FOLDER before|after: the runs of one side, as compare takes them, in the order of the rounds.
side() {
	printf '%s\n' "$1/$2"-*.json | sort -V | paste -sd,
}
