# SPDX-License-Identifier: GPL-2.0-or-later
# For scripts that break copies of the tree: sets $source and $tree, and goes there. copy_tree makes it like the source.
source=$(cd "$(dirname "$0")/.." && pwd)
tree=$source/build/$(basename "$0" .sh)
mkdir -p "$tree/build"
cd "$tree" || exit 1

# What differs gets a new date, so that what was built from a broken file is built again.
copy_tree() {
	files=$(cd "$source" && find CMakeLists.txt CMakePresets.json cmake core bench workloads tests -type f)
	for file in $files; do
		cmp -s "$source/$file" "$file" || (cd "$source" && cp --parents "$file" "$tree")
	done
	for file in $(find cmake core bench workloads tests -type f); do
		[ -f "$source/$file" ] || rm "$file"
	done
}
