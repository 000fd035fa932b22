# SPDX-License-Identifier: GPL-2.0-or-later
# refused.sh REASON PROGRAM: the program must end with status 1, and say so with REASON.
reason=$1
shift
said=$("$@")
status=$?
echo "$said"
[ $status -eq 1 ] || { echo "status $status, and not 1"; exit 1; }
echo "$said" | grep -qF -- "$reason" || { echo "not refused because it $reason"; exit 1; }
