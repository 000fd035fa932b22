# SPDX-License-Identifier: GPL-2.0-or-later
# examples/ builds and runs against what is installed, shared and static, by what pkg-config prints alone.
. "$(dirname "$0")/../lib/harness/install.sh"

# example PROGRAM POINTS: it runs, prints one line, and finds what registers itself in sections of the linker.
example() {
	LD_LIBRARY_PATH=$lib timeout 120 "./$1" >out 2>err || surprise "$1 fails"
	[ "$(wc -l <out)" -eq 1 ] || surprise "$1 prints more than a line"
	shows " 0 frames leaked; $2 sync points, $detectors detectors"
}

"$FAULTLINE" list --detectors >out 2>err
detectors=$(wc -l <out)
install_at prefix
lib=$(dirname "$(find prefix -name 'libfaultline-check.so')")
export PKG_CONFIG_PATH="$PWD/$lib/pkgconfig"
cp "$SOURCE"/examples/* .
make CC="$CC" LIBRARY=faultline-check >out 2>err || surprise 'examples do not build'
[ ! -s err ] || surprise 'examples build with warnings'

# entries FILE SECTION: pointers in it, without the NULL that makes the section exist.
entries() {
	echo $((0x$(readelf -SW "$1" | awk -v name="$2" '{ for (i = 1; i <= NF; i++) if ($i == name) print $(i + 4) }') / 8 - 1))
}

# The shared library has all of them; of the archive a program takes the objects that it needs.
example fork_race "$(nm "$lib/libfaultline-check.a" 2>/dev/null | grep -c ' entry_\.')"
points=$(entries fork_race_static faultline_syncpoints)
[ "$points" -gt 100 ] || surprise "$points sync points in fork_race_static"
example fork_race_static "$points"
readelf -d fork_race | grep -q 'libfaultline-check\.so\.' || surprise 'fork_race is not linked to the shared library'
! readelf -d fork_race_static | grep -q libfaultline || surprise 'fork_race_static is linked to the shared library'

# Without the macros that shape structures the header is refused, with the reason.
! "$CC" -I prefix/include -c fork_race.c >out 2>err || surprise 'compiled without the flags of pkg-config'
reports 'structures depend on macros'

# The same below DESTDIR, where a package is made.
install_at usr DESTDIR="$PWD/staged"
for file in bin/faultline-check include/faultline/core/oracle/at_rest.h share/faultline/layouts; do
	[ -e "staged$PWD/usr/$file" ] || surprise "not installed below DESTDIR: $file"
done
