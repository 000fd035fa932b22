# SPDX-License-Identifier: GPL-2.0-or-later
# For the scripts of tests/install: what the build installs, below a scratch folder.
. "$(dirname "$0")/../lib/harness/cli.sh"

# install_at PREFIX [VARIABLE=VALUE...]: installs into PREFIX, with these in the environment.
install_at() {
	prefix=$PWD/$1
	shift
	env "$@" cmake --install "$BUILD" --prefix "$prefix" >out 2>err || surprise 'cmake --install fails'
}
