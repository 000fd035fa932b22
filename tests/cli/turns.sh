# SPDX-License-Identifier: GPL-2.0-or-later
# Rounds of two programs in turns: a signal ends them, the rounds before are kept and can be compared; a side that fails
# ends the other, and its complaint is shown.
. "$(dirname "$0")/../lib/harness/cli.sh"

# turns ROUNDS BEFORE: in a shell of its own, as ./run has it. Prints how many rounds are done, and the signal.
cat >turns <<'END'
. "$SOURCE/tests/lib/harness/in_turns.sh"
after_only=()
in_turns "$1" runs "$2" "$FAULTLINE" limit_lock fault_disjoint --axis pages:2048 --policy linux-6.15 --threads 1 \
	--payload 0 --repetitions 3 --min-time 0.002 || status=$?
echo "done $turns_done, status ${status:-0}, signal $turns_stopped"
END
export SOURCE FAULTLINE

whole() { # ROUNDS: there are files of that many rounds, each whole, and nothing else
	[ "$(ls runs/*.json | wc -l)" -eq $((2 * $1)) ] || surprise "not the files of $1 rounds: $(ls runs)"
	[ "$(ls runs | grep -cvE '\.(json|errors)$')" -eq 0 ] || surprise "files are left: $(ls runs)"
	for file in runs/*.json; do
		[ "$(grep -c '"run_type": "iteration"' "$file")" -eq 6 ] || surprise "$file is not whole"
	done
}

bash ./turns 2 "$FAULTLINE" >out 2>err
shows 'done 2, status 0, signal '
whole 2

for signal in INT TERM; do
	# What a script starts in the background ignores SIGINT.
	env --default-signal=INT bash ./turns 1000 "$FAULTLINE" >out 2>err &
	until [ -e runs/before-3.json ] && grep -q fault_disjoint runs/before-3.json; do sleep 0.02; done
	kill -$signal $!
	wait $!
	grep -Eq "^done [0-9]+, status 1, signal $signal$" out || surprise "SIG$signal is not reported"
	rounds=$(sed -n 's/^done \([0-9]*\),.*/\1/p' out)
	[ "$rounds" -ge 2 ] || surprise "$rounds rounds are done"
	[ ! -s err ] || surprise 'output on stderr about a signal'
	whole "$rounds"
	side() { ls runs/$1-*.json | sort -V | paste -sd,; }
	"$FAULTLINE" compare "$(side before)" "$(side after)" >out 2>err
	case $? in 0 | 1 | 3) ;; *) surprise 'the rounds cannot be compared' ;; esac
	rm -r runs
done

# The first side fails before it waits for the other one; the second one while the first one waits.
printf '#!/bin/sh\necho "it fell" >&2\nexit 1\n' >fails
chmod +x fails
sed 's/"\$2" "\$FAULTLINE"/"$FAULTLINE" "$2"/' turns >swapped
for script in turns swapped; do
	bash ./$script 2 ./fails >out 2>err
	shows 'done 0, status 1, signal '
	reports 'it fell'
	[ -z "$(ls runs)" ] || surprise "files are left: $(ls runs)"
done
