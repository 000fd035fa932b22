# SPDX-License-Identifier: GPL-2.0-or-later
# Two programs measured in turns, for `faultline compare`: what the machine does meanwhile, it does to both.

measure_turn() { # PROGRAM FILE [ARGUMENT...]
	"$1" bench "${@:3}" --out "$2" >/dev/null 2>"$2.errors" || { cat "$2.errors" >&2; return 1; }
}

# in_turns ROUNDS FOLDER BEFORE AFTER [ARGUMENT...]: results go to FOLDER. Every other round begins with AFTER. Words in the array
# after_only are arguments of AFTER's alone.
in_turns() {
	local rounds=$1 folder=$2 before=$3 after=$4 round turn
	local turns=(before after)
	shift 4
	rm -rf "$folder"
	mkdir -p "$folder"
	for ((round = 1; round <= rounds; round++)); do
		for turn in "${turns[@]}"; do
			case $turn in
			before) measure_turn "$before" "$folder/before-$round.json" "$@" ;;
			after) measure_turn "$after" "$folder/after-$round.json" "$@" "${after_only[@]}" ;;
			esac
		done
		turns=("${turns[1]}" "${turns[0]}")
		[[ ! -t 2 ]] || printf '\r%d of %d rounds' "$round" "$rounds" >&2
	done
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# side FOLDER before|after: the runs of one side, as compare takes them, in the order of the rounds.
side() {
	printf '%s\n' "$1/$2"-*.json | sort -V | paste -sd,
}
