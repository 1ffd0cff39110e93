#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/linux.sh BUILD: Debian's kernel as a guest, the main job: one VM, two VMs, a shell on a terminal, a status from
# inside, the CD image, and machines that lack something. Ends in "N passed, N failed".
# seconds: 140
set -u
build=$(realpath "$1")
kernel=$build/kernel/vmlinuz initrd=$build/initramfs.cpio
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$PWD
cd "$work" || exit 1
passed=0 failed=0
verdict() { # SENTENCE STATUS-OF-TEST
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
		tail -n 8 out err 2>/dev/null
	fi
}
reprise() { timeout -s KILL 280 "$build/reprise" run --timeout 240 "$@" </dev/null >out 2>err; }

reprise --kernel "$kernel" --initrd "$initrd"
[ $? = 0 ] && grep -aq '^GUEST-READY' out && grep -aqE '^Linux .* x86_64 GNU/Linux' out
verdict "the kernel reaches userspace, says so, resets, and the status is 0" $?

reprise --kernel "$kernel" --initrd "$initrd" --append +reprise.run=false
[ $? = 1 ]
verdict "the status of a command in the guest is the status of the run" $?

cat >two.conf <<EOF
vm "left" { kernel = "$kernel" initrd = "$initrd" console = "file:left.txt" }
vm "right" { kernel = "$kernel" initrd = "$initrd" console = "file:right.txt" append = "+reprise.run=report,exit,3" }
EOF
reprise --workload two.conf
[ $? = 3 ] && grep -aq '^GUEST-READY' left.txt && grep -aq '^GUEST-READY' right.txt
verdict "two Linux VMs run at once, each on its console, and the failing status is kept" $?

# the guest that sees where it is stopped (DESIGN: where the guest is stopped matters)
"$root/boot/initramfs.sh" refs.cpio "$root/tests/guests/linux/clear_refs.sh"
for k in a b; do
	reprise --kernel "$kernel" --initrd refs.cpio --append +reprise.run=sh,/clear_refs.sh --seed 1 --digest --report $k.json
	grep -a "^REFS" out >$k.refs
done
a=$(jq -c '[.records[] | select(.type == "end") | .position, .exits, .digest]' a.json)
b=$(jq -c '[.records[] | select(.type == "end") | .position, .exits, .digest]' b.json)
[ -n "$a" ] && [ "$a" = "$b" ] && [ "$(wc -l <a.refs)" = 30 ] && cmp a.refs b.refs
verdict "the same seed gives the same end, clear_refs and all: position, exits, a digest of RAM, output" $?

# a person at a terminal: the shell answers, and exit ends it
( for _ in $(seq 400); do grep -aq 'guest# ' typescript 2>/dev/null && break; sleep 0.25; done
  # shellcheck disable=SC2016
  printf 'echo answer-$((6*7))\r'; sleep 4; printf 'exit\r'; sleep 30 ) |
	timeout -s KILL 200 script -qfec "$build/reprise run --timeout 180 --kernel $kernel --initrd $initrd --append +reprise.shell" typescript >out 2>err
[ "${PIPESTATUS[1]}" = 0 ] && grep -aq 'answer-42' typescript
verdict "on a terminal the guest's shell answers, and exit leaves with 0" $?

# the same plan from a CD, in Bochs as a machine of its own; and machines that cannot run guests
"$build/reprise" run --kernel "$kernel" --initrd "$initrd" --iso guest.iso >out 2>err
verdict "a CD image is made" $?
bochs_cd() { # MODEL SECONDS
	mkdir -p "$1"
	sed "s/MODEL/$1/" >"$1/rc" <<'EOF'
cpu: model=MODEL, count=1, ips=4000000, reset_on_triple_fault=0
memory: guest=256, host=256
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
display_library: term
clock: sync=none, time0=1000000000
log: MODEL/log
panic: action=fatal
error: action=ignore
info: action=ignore
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=guest.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=MODEL/com1
EOF
	printf 'c\nq\n' >"$1/go"
	TERM=linux timeout -s KILL "$2" bochs -q -unlock -f "$1/rc" -rc "$1/go" </dev/null >/dev/null 2>&1
	cp "$1/com1" out
}
bochs_cd tigerlake 120
grep -aq '^GUEST-READY' tigerlake/com1
verdict "the CD boots the same guest through GRUB" $?
bochs_cd p4_prescott_celeron_336 60
[ "$(grep -ac 'it lacks VT-x' out)" = 1 ]
verdict "a machine without VT-x is told so in one line" $?
bochs_cd core2_penryn_t9600 60
[ "$(grep -ac 'it lacks' out)" = 1 ]
verdict "a machine without EPT is told so in one line" $?
bochs_cd corei5_lynnfield_750 60
[ "$(grep -ac 'it lacks' out)" = 1 ]
verdict "a machine without unrestricted guest is told so in one line" $?
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
