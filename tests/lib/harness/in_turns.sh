# SPDX-License-Identifier: GPL-2.0-or-later
# Two programs that measure in turns, for `faultline compare`: what the machine does meanwhile, it does to both.

turns_done=0 turns_stopped= # rounds; the signal that ended them
turns_sides=()              # processes of this round

# Becomes the program of one side, which Ctrl-C ends by stop_turns() alone.
measure_side() { # FOLDER SIDE ROUND PROGRAM [ARGUMENT...]
	trap '' INT
	trap - TERM
	exec "$4" bench "${@:5}" --alternate "$1/socket" --out "$1/$2-$3.json" >/dev/null 2>"$1/$2-$3.errors"
}

# Both sides end; a second signal ends this shell too.
stop_turns() { # SIGNAL
	((!${#turns_sides[@]})) || kill "${turns_sides[@]}" 2>/dev/null || :
	[[ ! $turns_stopped ]] || { trap - "$1"; kill -"$1" $BASHPID; }
	turns_stopped=$1
}

# The second side may come once the first one waits for it.
await_socket() { # FOLDER
	until [[ -S $1/socket ]]; do
		[[ ! $turns_stopped ]] && kill -0 "${turns_sides[0]}" 2>/dev/null || return 1
		sleep 0.02
	done
}

# Both at once, a repetition of the one, a repetition of the other; the first one begins. A side that fails ends the
# other.
measure_round() { # FOLDER ROUND FIRST SECOND, the words of either side in arrays
	local folder=$1 round=$2 pid failed=0
	local -n first=$3 second=$4
	measure_side "$folder" "$3" "$round" "${first[@]}" &
	turns_sides=($!)
	if await_socket "$folder"; then
		measure_side "$folder" "$4" "$round" "${second[@]}" &
		turns_sides=($! "${turns_sides[@]}")
	else
		kill "${turns_sides[@]}" 2>/dev/null
		failed=1
	fi
	for pid in "${turns_sides[@]}"; do
		wait "$pid" || { failed=1; kill "${turns_sides[@]}" 2>/dev/null; }
	done
	wait # a signal ends the wait above, and not the sides
	turns_sides=()
	return $failed
}

# What a round leaves that was not measured to its end; its complaints, unless a signal ended it.
drop_round() { # FOLDER ROUND
	[[ $turns_stopped ]] || cat "$1"/{before,after}-"$2".errors >&2 2>/dev/null
	rm -f "$1/socket" "$1"/{before,after}-"$2".*
}

# AFTER's compare cannot decide from the rounds so far: its intervals hold for any number of looks.
undecided() { # FOLDER AFTER
	local status=0 before='' after='' round
	# No $(...): bash 5.2 stumbles over a signal that is trapped while it reads one.
	for ((round = 1; round <= turns_done; round++)); do
		before+=${before:+,}$1/before-$round.json
		after+=${after:+,}$1/after-$round.json
	done
	"$2" compare "$before" "$after" >/dev/null 2>&1 || status=$?
	((status == 3))
}

# in_turns ROUNDS FOLDER BEFORE AFTER [ARGUMENT...]: results go to FOLDER. Every other round begins with AFTER. Words in
# the array after_only are arguments of AFTER's alone. It ends after ROUNDS, after $most_seconds, or as soon as compare
# is decided; a signal ends it with status 1, and the turns_done rounds before are kept.
in_turns() {
	local rounds=$1 folder=$2 round order failed=0 begun=$SECONDS
	local before=("$3" "${@:5}") after=("$4" "${@:5}" "${after_only[@]}")
	rm -rf "$folder"
	mkdir -p "$folder"
	turns_done=0 turns_stopped=
	trap 'stop_turns INT' INT
	trap 'stop_turns TERM' TERM
	for ((round = 1; round <= rounds; round++)); do
		order=(before after)
		((round % 2)) || order=(after before)
		measure_round "$folder" "$round" "${order[@]}" || { drop_round "$folder" "$round"; failed=1; break; }
		turns_done=$round
		[[ ! $turns_stopped ]] || { failed=1; break; }
		((round < 3)) || undecided "$folder" "$4" || break
		((SECONDS - begun < ${most_seconds:-3600})) || break
		[[ ! -t 2 ]] || printf '\r%d of %d rounds' "$round" "$rounds" >&2
	done
	trap - INT TERM
	[[ ! $turns_stopped ]] || failed=1
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
	return $failed
}

# side FOLDER before|after: the runs of one side, as compare takes them, in the order of the rounds.
side() {
	printf '%s\n' "$1/$2"-*.json | sort -V | paste -sd,
}
