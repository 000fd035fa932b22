# SPDX-License-Identifier: GPL-2.0-or-later
# A failure is drawn as one well-formed page by itself, with each of its events, and as traces for other programs.
. "$(dirname "$0")/../lib/harness/cli.sh"

if ! "$FAULTLINE" list --syncpoints >out 2>err; then
	refuses 'this build has no sync points' show fl1-AA
	exit 0
fi
refuses 'give one token' show
refuses 'a damaged token' show fl1-AA
refuses "unknown trace 'svg': chrome or dot" show fl1-AA --trace svg

ends 1 stress jumble --serial --knockout pte-lock --rounds 16 --episodes 3000 --no-shrink
token=$(sed -n 's/^replay with: faultline replay //p' err | tail -n 1)
sed -n 's/^\(detected by: .*\)/\1/p' err | tail -n 1 >detected

ends 0 show "$token" -o page.html
shows 'page.html: '
shows ' of an episode that fails'
command -v xmllint >out 2>err || surprise 'xmllint is not there: install libxml2-utils'
xmllint --huge --noout --nonet page.html >out 2>err || surprise 'the page is not well-formed'
cp page.html out

# By itself; each event is a step; columns, switches and their reasons, locks, what orders the threads, the failure.
! sed 's,http://www.w3.org/2000/svg,,g' page.html | grep -qE 'https?://|src=|@import' || surprise 'it loads something'
events=$(sed -n 's/.* \([0-9]*\) events\.<.*/\1/p' page.html)
[ "$(grep -c '<li class="s ' page.html)" -eq "${events:-0}" ] || surprise "not each of $events events is a step"
for text in 'worker 0</span>' ' stops: ' '<b>takes</b> PTE-table PTL (' '<b>wants</b>' 'aria-live="polite"' \
	'takes the lock that was released at <a href="#e' "$(cat detected)" "faultline replay $token" 'prefers-color-scheme:dark' \
	'more steps of worker' '<kbd>Home</kbd>'; do
	grep -qF -- "$text" page.html || surprise "the page lacks: $text"
done
for link in $(sed -n 's/.*href="#\(e[0-9]*\)".*/\1/p' page.html | sort -u | head -n 40); do
	grep -qF "id=\"$link\"" page.html || surprise "a link to nowhere: $link"
done

# A track for each thread, a slice for each turn, flows; and a graph.
ends 0 show "$token" --trace chrome -o trace.json
for text in '"traceEvents":[' '"name":"thread_name","args":{"name":"worker 1"}' '"ph":"X"' '"ph":"i"' '"ph":"s"' '"ph":"f"'; do
	grep -qF -- "$text" trace.json || surprise "the trace lacks: $text"
done
ends 0 show "$token" --trace dot -o graph.dot
grep -q '^digraph interleaving {$' graph.dot && grep -q '^}$' graph.dot || surprise 'no graph'
grep -qE '^	e[0-9]+ -> e[0-9]+ \[tooltip="takes the lock' graph.dot || surprise 'no edge between threads'

# In an explore build: names of memory, decoded entries, source lines; and the edge that a race lacks.
if ! "$FAULTLINE" --version | grep -q ' explore build'; then
	refuses 'a token of faultline explore: use build/explore/faultline' replay \
		fl1-ARJjb3dfdnNfY293X3RocmVhZHMCCmxpbnV4LTYuMTUJAQIKAUALAoAQDAEBDQEBFAJ_ARUDwIQ9EQ1mYXVsdDpyZWNoZWNrQBdleHBsb3JlLjQuNWM5YTkxMS1kaXJ0eUEBAWHaC1c
	exit 0
fi
grep -qE '<b>(reads|writes|updates)</b> P[A-Z4]+ table [0-9]+ \[[0-9]+\] = <var>(pfn|table) [0-9]+' page.html || surprise 'no entry is decoded'
grep -qE ' page\[[0-9]+\]\._refcount = <var>' page.html || surprise 'no member of struct page'
grep -qE ' vma[0-9]+\.vm_refcnt = <var>' page.html || surprise 'no member of a VMA'
ends 1 stress jumble --serial --knockout spin-lock:A --no-shrink
ends 0 show "$(sed -n 's/^replay with: faultline replay //p' err)" -o race.html
grep -qF '<em class="miss">' race.html || surprise 'the missing edge is not marked'

# An execution that `explore` found: a page that two threads share, and the entry that both write.
ends 1 explore cow_vs_cow_threads --knockout fault:recheck
token=$(sed -n 's/^replay with: faultline replay //p' err)
ends 1 replay "$token" --twice
reports 'detected by: at rest'
ends 0 show "$token" -o explored.html
[ "$(grep -cE '<b>writes</b> PTE table [0-9]+ \[[0-9]+\] = <var>pfn [0-9]+ write' explored.html)" -ge 2 ] || surprise 'no two writes'
