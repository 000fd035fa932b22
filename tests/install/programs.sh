# SPDX-License-Identifier: GPL-2.0-or-later
# An installed program runs from any prefix, says how it was built, and finds its layouts and its siblings there.
. "$(dirname "$0")/../lib/harness/install.sh"

install_at prefix
program=$(ls prefix/bin/faultline-*)
FAULTLINE=$PWD/$program

ends 0 --version
shows 'faultline 0'
for fact in ' commit ' ' build,' 'checks on' ' page-table levels' ' RCU '; do
	shows "$fact"
done
mkdir empty && mv prefix/share/faultline/layouts moved && cp -r empty prefix/share/faultline/layouts
ends 2 list --layouts	# the installed folder, and not the source tree's
reports 'prefix/bin/../share/faultline/layouts/'
rmdir prefix/share/faultline/layouts && mv moved prefix/share/faultline/layouts
ends 0 list --layouts
shows 'populated pages'

# A knock-out's runs are runs of the same program, under whatever name: planted, another one called faultline.
printf '#!/bin/sh\necho the wrong program\nexit 0\n' >prefix/bin/faultline
chmod +x prefix/bin/faultline
ends 0 knockouts pte-lock --kills 1
! grep -q 'wrong program' out err || surprise 'another program was run'
