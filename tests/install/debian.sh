# SPDX-License-Identifier: GPL-2.0-or-later
# debian/rules runs each packaged program as its test, and none with DEB_BUILD_OPTIONS=nocheck.
. "$(dirname "$0")/../lib/harness/cli.sh"

# tests_run RULES OPTIONS: the programs that a package's build would run, in the file out.
tests_run() {
	DEB_BUILD_OPTIONS=$2 make -n -f "$1" override_dh_auto_test 2>err | grep '/faultline ' >out
}

rules=$SOURCE/debian/rules
tests_run "$rules" '' || surprise 'no program is run'
[ "$(wc -l <out)" -eq 2 ] || surprise 'not both programs are run'
! tests_run "$rules" 'parallel=2 nocheck' || surprise 'nocheck is ignored'

# Planted: rules without the condition.
sed '/^ifeq/d; /^endif/d' "$rules" >rules
tests_run rules nocheck || surprise 'planted rules that ignore nocheck pass'
