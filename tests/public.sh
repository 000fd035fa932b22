# SPDX-License-Identifier: GPL-2.0-or-later
# Prints core/public.txt: `sh tests/public.sh > core/public.txt`.
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
. "$(dirname "$0")/lib/harness/lint.sh"
. "$(dirname "$0")/lib/harness/public.sh"

cd "$SOURCE" || exit
cat <<'END'
# Public names of the core, as HEADER NAME: what bench/, workloads/ and examples/ may use, and do use. NAME_* stands for
# constants that are made from a list. Printed by tests/public.sh, so that a review shows each name that becomes public.
END
used_names
