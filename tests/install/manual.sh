# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages and completions are installed, have every option of every command, and are well formed.
. "$(dirname "$0")/../lib/harness/install.sh"

# formatted PAGE: without warnings; true where there is no groff.
formatted() {
	command -v groff >/dev/null || { echo 'no groff: pages are not formatted'; return 0; }
	[ -z "$(groff -man -ww -z -Tutf8 "$1" 2>&1)" ]
}

# complete WORD...: what bash completes the last word to, in the file out.
complete() {
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _faultline; printf "%s\n" "${COMPREPLY[@]}"' \
		"$completion" "$@" >out 2>err
}

install_at prefix
pages=prefix/share/man/man1
completion=prefix/share/bash-completion/completions/faultline
[ -s prefix/share/zsh/vendor-completions/_faultline ] || surprise 'no completion for zsh'
[ -s "$completion-check" ] || surprise 'no completion for the check build'

"$FAULTLINE" help | sed -n 's/^  \([a-z]*\)  *.*/\1/p' >commands
[ "$(wc -l <commands)" -ge 12 ] || surprise 'fewer commands than there are'
while read -r command; do
	page=$pages/faultline-$command.1
	formatted "$page" || surprise "$page: warnings"
	"$FAULTLINE" "$command" --help | grep -oE '^  (  |-[a-zA-Z],) --[a-z-]+' | sed 's/.*--//' >options
	complete faultline "$command" --
	while read -r option; do
		sed 's/\\-/-/g' "$page" | grep -q "^.*--$option\\\\fR" || surprise "$page: no --$option"
		grep -qx -- "--$option" out || surprise "faultline $command: --$option is not completed"
	done <options
	grep -q "^\\.BR faultline.-$command (1)" "$pages/faultline.1" || surprise "faultline.1: no $command"
done <commands
formatted "$pages/faultline.1" || surprise 'faultline.1: warnings'
grep -q 'man1/faultline.1' "$pages/faultline-check.1" || surprise 'no page for the check build'

for line in 'be:bench' 'bench --policy = linux-3:linux-3.13' 'bench walk_den:walk_dense' \
	'stress x --knockout pte-l:pte-lock' 'litmus gup-sh:gup-share'; do
	complete faultline ${line%%:*}
	shows "${line#*:}"
done

# A chroot may have no pseudo terminals, and zsh completes in one only.
can_complete() {
	command -v zsh >/dev/null && zsh -fc 'zmodload zsh/zpty && zpty shell true' 2>/dev/null
}

# zsh_completes TEXT WANTED...: pairs of a command line, and what a tab makes of it.
zsh_completes() {
	can_complete || { echo 'skipped: no zsh or no pseudo terminal: its completion is not run'; return 0; }
	texts='' wanted=''
	while [ $# -gt 0 ]; do
		texts="$texts '$1'"
		wanted="$wanted$2|"
		shift 2
	done
	printf '%s' "$wanted" | tr '|' '\n' >wanted
	eval "timeout 60 zsh -f '$SOURCE/tests/lib/harness/complete.zsh' prefix/share/zsh/vendor-completions $texts" 2>err |
		sed 's/ $//' >out
	cmp -s out wanted
}
zsh_completes 'faultline be' 'faultline bench' 'faultline-check lit' 'faultline-check litmus' \
	'faultline bench --policy=linux-3' 'faultline bench --policy=linux-3.13' \
	'faultline bench walk_den' 'faultline bench walk_dense' \
	'faultline stress --knockout pte-lo' 'faultline stress --knockout pte-lock' \
	'faultline knockouts gup:rech' 'faultline knockouts gup:recheck' \
	'faultline litmus gup-sh' 'faultline litmus gup-share' || surprise 'zsh completes otherwise'
! can_complete || ! zsh_completes 'faultline be' 'faultline be' || surprise 'no completion is not reported'

# Planted: a page with a macro that there is none of.
echo '.NOSUCH' >>"$pages/faultline.1"
! command -v groff >/dev/null || ! formatted "$pages/faultline.1" || surprise 'an unknown macro is not reported'
# No help names the command that writes them, and what cannot be written is reported.
"$FAULTLINE" help >out
! grep -q manual out || surprise 'help names manual'
ends 2 manual
"$FAULTLINE" manual nowhere >out 2>err && surprise 'written into a folder that is not there'
reports nowhere
