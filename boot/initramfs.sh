#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# boot/initramfs.sh OUT [FILE...]: builds the initramfs of the Linux guest: Debian's static busybox, the helper of
# boot/guest/report.c (which is also /init), /init.sh, and the FILEs in its root. The same input gives the same bytes.
set -eu
[ $# -ge 1 ] || { echo "usage: boot/initramfs.sh OUT [FILE...]" >&2; exit 64; }
here=$(dirname "$0")
out=$1
shift
busybox=$(command -v busybox) || { echo "initramfs.sh: busybox is missing; install busybox-static" >&2; exit 1; }
if readelf -l "$busybox" | grep -q INTERP; then
	echo "initramfs.sh: $busybox is not static; install busybox-static" >&2
	exit 1
fi
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$root"
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp"
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
"${CC:-gcc}" -std=gnu11 -Os -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -Wl,--build-id=none -s -o "$root/init" "$here/guest/report.c"
ln "$root/init" "$root/bin/report"
cp "$here/guest/init.sh" "$root/init.sh"
for file; do
	cp "$file" "$root/"
done
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible --quiet) >"$out.part"
mv "$out.part" "$out"
