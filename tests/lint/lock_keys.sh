# SPDX-License-Identifier: GPL-2.0-or-later
# Below a "Lock key:" comment every field of the struct carries a letter of the key, unless it is a lock, or a struct said to
# have its "own lock key". The structs of frames, folios and mms have a key, or say "No lock key" and why.
. "$(dirname "$0")/../lib/harness/lint.sh"

check() {
	sources core | grep '\.h$' | xargs -r awk '
	function letters(text) {
		if (!match(text, /\([A-Z]([,|+ ]*[A-Z])*\)/))
			return ""
		return substr(text, RSTART + 1, RLENGTH - 2)
	}
	function declare(text, key) {
		while ((key = letters(text)) != "") {
			known = known key
			text = substr(text, RSTART + RLENGTH)
		}
	}
	function check_field(text, key, i) {
		key = letters(text)
		if (key == "" && text !~ /own lock key/)
			print FILENAME ":" FNR ": a field without its lock key: struct " name
		gsub(/[^A-Z]/, "", key)
		for (i = 1; i <= length(key); i++)
			if (index(known, substr(key, i, 1)) == 0)
				print FILENAME ":" FNR ": a letter that no lock key declares: " substr(key, i, 1)
	}
	FNR == 1 { known = ""; comment = ""; inside = 0; name = "" }
	{
		# code: this line without its comments; comment: the comments since the last line of code
		code = $0
		starts_inside = inside
		if (inside) {
			inside = !sub(/^.*\*\//, "", code)
			if (inside)
				code = ""
		}
		gsub(/\/\*[^*]*(\*[^*\/][^*]*)*\*\//, "", code)
		if (sub(/\/\*.*/, "", code))
			inside = 1
		bare = code
		gsub(/[ \t]/, "", bare)
		if (bare == "") {
			comment = ($0 ~ /\/\*/ && !starts_inside ? "" : comment) " " $0
			next
		}
	}
	code ~ /^struct [a-z_0-9]+ \{/ {
		name = $2
		keyed = comment ~ /Lock key:/
		if (keyed)
			declare(comment)
		else if (comment !~ /No lock key/ && FILENAME ~ /^core\/(mm\/mm_types|phys\/[a-z_]*)\.h$/)
			print FILENAME ":" FNR ": no lock key above struct " name
	}
	code ~ /^\}/ { name = "" }
	name != "" && keyed && code ~ /;/ && code !~ /[{}]/ && $1 !~ /^(spinlock_t|seqcount_t)$/ && $2 != "rwsem" {
		check_field($0 ~ /\/\*/ ? $0 : comment)
	}
	{ comment = "" }'
}

planted='/* Lock key: (A) atomic */\nstruct planted {\n\tint one; /* (A) count */\n\t/* (A) two\n\t * lines */\n\tint two;\n'

tree_passes
catches 'a field without' "printf '$planted\tint three;\n};\n' > core/base/planted.h"
catches 'a field without' "printf '$planted\tint three; /* a count */\n};\n' > core/base/planted.h"
catches 'no lock key declares: X' "printf '$planted\tint three; /* (A,X) */\n};\n' > core/base/planted.h"
catches 'no lock key above struct planted' 'mkdir -p core/phys; printf "struct planted {\n\tint x;\n};\n" > core/phys/planted.h'
