#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints ORDERING.md: every pair of accesses or fences of core/ whose order counts. Usage: sh tests/ordering.sh > ORDERING.md
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
. "$SOURCE/tests/lib/harness/lint.sh"
. "$SOURCE/tests/lib/harness/order.sh"

cat <<'END'
# Memory order

Printed by `tests/ordering.sh` from the `ORDER` marks beside the code, the one copy of each argument.

Each acquire, release, fully ordered access and fence of `core/` outside `base`, `host`, `probe` and `lock` has a mark. A tag has two
sides: what side B reads or finds, side A wrote. *If weaker* is what goes wrong without either. *Removed by* names the knock-out
that removes a side in a check build, and the litmus pattern that explores both under the C11 memory model and races them
(`faultline litmus NAME`). `message` is the pattern of all pairs of one release and one acquire.

| tag | side A | side B | if weaker | removed by |
|---|---|---|---|---|
END
order_table
cat <<'END'

Where an access pairs with all accesses of its kind, the mark is a class:

| class | meaning |
|---|---|
END
order_classes
