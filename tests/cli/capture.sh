# SPDX-License-Identifier: GPL-2.0-or-later
# A capture lists the pages of a process, and is a layout that can be read back.
. "$(dirname "$0")/../lib/harness/cli.sh"

# A process with a VMA of 64 pages at a known place: 3 written from the 5th on, 2 from the 20th, the 40th only read, the
# last written; a file's page, written and shared; and a VMA with nothing in it.
cat >pages.c <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define AT	((char *)0x70000000)

static char *map(char *at, int pages, int prot, int flags, int fd)
{
	return mmap(at, pages * 4096ul, prot, flags | MAP_FIXED, fd, 0);
}

int main(void)
{
	int fd = open("a file", O_RDWR | O_CREAT, 0600);
	char *p = map(AT, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), c;
	static const int written[] = { 5, 6, 7, 20, 21, 63 };

	madvise(p, 64 * 4096, MADV_NOHUGEPAGE);
	for (int i = 0; i < 6; i++)
		p[written[i] * 4096] = 1;
	c = *(volatile char *)(p + 40 * 4096);
	if (ftruncate(fd, 3 * 4096))
		return 1;
	map(AT + 0x100000, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd)[4096] = c + 1;
	map(AT + 0x200000, 8, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
END
"${CC:-cc}" -o pages pages.c || exit 1
./pages >ready &
child=$!
trap 'kill $child; rm -rf "$scratch"' EXIT
until [ -s ready ]; do sleep 0.05; done

ends 0 capture $child
cp out captured.layout
sed -n '/^7000*-7/,/^[0-9a-f]*-/p' out >vma
for line in '+ 70005 3 px' '+ 70014 2 px' '+ 70028 1 p' '+ 7003f 1 px'; do
	grep -qxF -- "$line" vma || surprise "no such run: $line"
done
shows '70000000-70040000 rw-p 00000000 '
shows '70100000-70103000 rw-s 00000000 a file'
grep -A 1 '^70100000' out | grep -qx '+ 70101 1 pfx' || surprise 'the page of the file'
grep -A 1 '^70200000-70208000 ---p' out | grep -q '^+' && surprise 'pages of untouched memory'
grep -q '^+ 7000[0-4] ' out && surprise 'more pages than touched'

ends 0 capture $child --out again.layout
[ ! -s out ] || surprise 'output beside the file'
cmp captured.layout again.layout || surprise 'two captures of a process that sleeps differ'

# Read back: the whole format is checked by the reader.
workload=$("$FAULTLINE" bench --list --layout captured.layout | sed -n 's,/.*layout:captured.*,,p' | head -n 1)
ends 0 bench --list --layout captured.layout
[ -z "$workload" ] || shows 'layout:captured/'

# Processes of another user, without memory, or gone.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$scratch"
	setpriv --reuid 65534 --clear-groups "$FAULTLINE" capture $child >out 2>err
	[ $? -eq 2 ] || surprise 'captured without permission'
	reports "not allowed to read process $child"
	[ "$(wc -l <err)" -eq 1 ] || surprise 'not one line'
fi
kill $child
wait $child 2>/dev/null
refuses "no process $child, or it is gone" capture $child
refuses 'nowhere/x: No such file' capture $$ --out nowhere/x
[ ! -e nowhere ] || surprise 'a file is left behind'
trap 'rm -rf "$scratch"' EXIT
