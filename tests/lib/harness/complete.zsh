# SPDX-License-Identifier: GPL-2.0-or-later
# zsh -f complete.zsh FOLDER TEXT...: what an interactive zsh, with completions from FOLDER, makes of each command line
# at a tab, one a line.
zmodload zsh/zpty
zpty shell TERM=dumb zsh -f -i
zpty -w shell "PS1= PROMPT_EOL_MARK=; fpath=($1 \$fpath); autoload -U compinit && compinit -u -d $PWD/zcompdump"
zpty -w shell 'tab() { zle complete-word; print -r -- "[[$BUFFER]]"; BUFFER= }; zle -N tab; bindkey "^T" tab'
zpty -w shell 'print -r -- "[[re""ady]]"'
zpty -r -m shell output '*\[\[ready\]\]*'
shift
for text; do
	zpty -n -w shell "$text"$'\x14'
	zpty -r -m shell output '*\[\[*\]\]*'
	output=${output##*\[\[}
	print -r -- "${output%%\]\]*}"
done
zpty -d shell
