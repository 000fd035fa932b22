# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of doc/ run as they stand, and files that the documentation links to exist.
. "$(dirname "$0")/../lib/harness/cli.sh"

mkdir bin
ln -s "$FAULTLINE" bin/faultline
PATH=$PWD/bin:$PATH

for page in "$SOURCE"/doc/*.md; do
	sed -n '/^```sh$/,/^```$/{/^```/!p}' "$page" >"$(basename "$page").sh"
done
examples=$(cat ./*.md.sh | wc -l)
[ "$examples" -ge 20 ] || surprise "only $examples examples in doc/"

for script in *.md.sh; do
	while read -r line; do
		sh -c "$line" >out 2>err || surprise "${script%.sh}: '$line' ends with status $?"
	done <"$script"
done

for page in "$SOURCE"/*.md "$SOURCE"/doc/*.md "$SOURCE"/results/*.md; do
	grep -oE '\]\([^)#]+\)' "$page" | sed 's/^](//; s/)$//' | while read -r link; do
		case $link in
		http*) ;;
		*) [ -e "$(dirname "$page")/$link" ] || echo "$page: $link" ;;
		esac
	done
done >out
[ ! -s out ] || surprise "links to files that do not exist"
