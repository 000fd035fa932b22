# SPDX-License-Identifier: GPL-2.0-or-later
# A misspelt name is answered with the closest one of its kind; what is close to nothing gets no advice.
. "$(dirname "$0")/../lib/harness/cli.sh"

refuses "unknown command 'bnech'; did you mean 'bench'?" bnech
refuses "unknown command 'knock'; did you mean 'knockouts'?" knock
refuses "unknown command 'bnech'; did you mean 'bench'?" help bnech
refuses "unknown option '--versoin'; did you mean '--version'?" --versoin
refuses "unknown option '--thraeds'; did you mean '--threads'?" bench --thraeds 2
refuses "unknown option '--secnods=3'; did you mean '--seconds'?" stress --secnods=3
refuses "unknown workload 'wlak_dense'; did you mean 'walk_dense'?" stress wlak_dense
refuses "unknown policy 'linux-6.51'; did you mean 'linux-6.15'?" bench --list --policy linux-6.51
refuses "unknown policy choice 'spn'; did you mean 'spin'?" bench --list --policy linux-6.4,spn=ttas
refuses "give ttas, ticket, queued, futex; did you mean 'ticket'?" bench --list --policy linux-6.4,spin=tickt
refuses "has an axis 'pags'; did you mean 'pages'?" bench --list walk_dense --axis pags:65536
refuses "axis 'pages' has no value 7: give 65536, 1048576" bench --list walk_dense --axis pages:7
refuses "unknown pattern 'gup-shar'; did you mean 'gup-share'?" litmus gup-shar
refuses "did you mean 'java'?" bench --list --layout jaav
refuses "unknown placement 'compct': give compact, scatter, node or node:N; did you mean 'compact'?" bench --placement compct

case $("$FAULTLINE" --version) in
*' release build,'*) ;;
*)
	refuses "unknown knock-out 'gup:rechek'; did you mean 'gup:recheck'?" stress walk_dense --knockout gup:rechek
	refuses "unknown knock-out 'gup:rechek'; did you mean 'gup:recheck'?" knockouts gup:rechek
	refuses "unknown sync point 'spin.wat'; did you mean 'spin.wait'?" stress walk_dense --stall spin.wat
	refuses "unknown detector 'agse'; did you mean 'ages'?" stress walk_dense --full agse
	;;
esac

for word in fly x --q; do
	ends 2 "$word"
	! grep -q 'did you mean' err || surprise "a suggestion for $word"
done
