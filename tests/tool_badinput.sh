#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Bad input to `reprise run`: each case gives one clear line on stderr and a documented exit status, leaves nothing
# behind, and never gets as far as Bochs (which is replaced by a command that does not exist).
# tests/tool_badinput.sh BUILD
# seconds: 5
set -u
reprise=$(realpath "$1/reprise")
work=$(mktemp -d)
export TMPDIR=$work/tmp REPRISE_BOCHS=$work/no-such-bochs
mkdir "$TMPDIR"
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0
failed=0

# check NAME STATUS TEXT ARGUMENT...: `reprise run ARGUMENT...` ends with STATUS, and TEXT is in its one line of error.
check()
{
	local name=$1 want=$2 text=$3 got lines problem=
	shift 3
	timeout -s KILL 30 "$reprise" run "$@" </dev/null >out 2>err
	got=$?
	# What the tool is doing is no error; a usage error has argp's hint as a second line.
	lines=$(grep -cv -e 'reprise: starting Bochs' -e '^Try ' err)
	[ "$got" = "$want" ] || problem="exit status $got, not $want"
	grep -qF -- "$text" err || problem="$problem; no '$text'"
	[ "$lines" = 1 ] || problem="$problem; $lines lines, not 1"
	[ ! -s out ] || problem="$problem; something on stdout"
	[ -z "$(ls -A "$TMPDIR" 2>/dev/null)" ] || problem="$problem; left behind: $(ls -A "$TMPDIR")"
	rm -rf "${TMPDIR:?}"/*
	if [ -z "$problem" ]; then
		echo "ok: $name"
		passed=$((passed + 1))
	else
		echo "FAILED: $name: ${problem#; }"
		sed 's/^/    /' err
		failed=$((failed + 1))
	fi
}

# bytes FILE OFFSET HEX...: writes bytes into a file.
bytes()
{
	local file=$1 offset=$2
	shift 2
	printf "$(printf '\\x%s' "$@")" | dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}

le32()
{
	printf '%02x %02x %02x %02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# elf32 FILE ENTRY (PADDR FILESZ MEMSZ)...: a small i386 executable whose segments are all cut from offset 1000H.
elf32()
{
	local file=$1 entry=$2 count=0 at=52
	shift 2
	truncate -s 8192 "$file"
	bytes "$file" 0 7f 45 4c 46 01 01 01
	bytes "$file" 16 02 00 03 00 01 00 00 00 $(le32 "$entry") 34 00 00 00
	while [ $# -ge 3 ]; do
		bytes "$file" $at 01 00 00 00 00 10 00 00 $(le32 "$1") $(le32 "$1") $(le32 "$2") $(le32 "$3")
		at=$((at + 32))
		count=$((count + 1))
		shift 3
	done
	bytes "$file" 40 34 00 20 00 $(printf %02x $count) 00
}

# bzimage FILE PAYLOAD: a bzImage header with the given payload behind one setup sector.
bzimage()
{
	local size
	size=$(stat -c %s "$2")
	rm -f "$1"
	truncate -s 1024 "$1"
	bytes "$1" $((0x1f1)) 01
	bytes "$1" $((0x1fe)) 55 aa eb 66 48 64 72 53 0f 02
	bytes "$1" $((0x22c)) ff ff ff 7f 00 00 00 00 00 00 00 00 ff 07 00 00
	bytes "$1" $((0x248)) 00 00 00 00 $(le32 "$size")
	cat "$2" >>"$1"
}

elf32 good.elf 0x100000 0x100000 4096 4096
printf '\xeb\xfe' >good.flat
head -c 5000 /dev/zero | tr '\0' 'x' >text
: >empty
head -c 200 good.elf >cut.elf
cp good.elf cut2.elf
truncate -s 5000 cut2.elf
cp good.elf arm.elf
bytes arm.elf 18 28 00
elf32 overlap.elf 0x100000 0x100000 4096 8192 0x101000 4096 4096
elf32 hole.elf 0x100000 0x9f000 4096 8192
elf32 huge.elf 0x100000 0x100000 4096 0x10000000
elf32 nothing.elf 0x100000
cp good.elf magic.elf
bytes magic.elf 4096 02 b0 ad 1b 08 00 00 00 f6 4f 52 e4
cp good.elf mb.elf
bytes mb.elf 4096 02 b0 ad 1b 00 00 00 00 fe 4f 52 e4
gzip -nc good.elf >payload.gz
bzimage good.bz payload.gz
head -c 1100 good.bz >cut.bz
{ head -c 40 payload.gz; head -c 60 /dev/urandom; printf '\x00\x20\x00\x00'; } >payload.bad
bzimage bad.bz payload.bad
printf '\x28\xb5\x2f\xfd%0100d' 0 >payload.zstd
bzimage zstd.bz payload.zstd
gzip -nc text >payload.text
bzimage text.bz payload.text
cp good.bz old.bz
bytes old.bz $((0x206)) 06 02
{ head -c 100 payload.gz; printf '\xff\xff\xff\xff'; } >payload.size
bzimage size.bz payload.size
head -c 3000000 /dev/zero >initrd
head -c 700000 /dev/zero >long.flat

check "no option at all" 64 "nothing to run"
check "an unknown option" 64 "unrecognized option" --kernal x
check "a word too much" 64 "unexpected argument 'x'" --kernel good.elf x
check "two kernels" 64 "only one of" --kernel good.elf --flat good.flat
check "an initrd without a kernel" 64 "--initrd goes with --kernel" --flat good.flat --initrd initrd
check "a module without multiboot" 64 "--module goes with --multiboot" --kernel good.elf --module initrd
check "memory that is no size" 64 "'12Q' is not possible" --kernel good.elf --memory 12Q
check "no memory" 64 "from 1M to 2G" --kernel good.elf --memory 0
check "negative memory" 64 "'-5M' is not possible" --kernel good.elf --memory=-5M
check "odd memory" 64 "multiple of 4K" --kernel good.elf --memory 2097153
check "memory beyond all numbers" 64 "is not possible" --kernel good.elf --memory 99999999999999999999
check "an unknown cpu" 64 "--cpu" --kernel good.elf --cpu 486
check "an unknown intercept" 64 "--intercept" --kernel good.elf --intercept rdtsc,foo
check "a console that is none" 64 "--console" --kernel good.elf --console pipe:x
check "a port that is none" 64 "--console" --kernel good.elf --console tcp:70000
check "a time-out that is none" 64 "--timeout" --kernel good.elf --timeout soon
check "a quantum that is too small" 64 "--quantum" --kernel good.elf --quantum 5
check "a name with spaces" 64 "--name" --kernel good.elf --name "a b"

check "a missing kernel" 121 "gone: No such file" --kernel gone
check "a directory as kernel" 121 "Is a directory" --kernel .
check "an empty kernel" 121 "empty" --kernel empty
check "a kernel that is text" 121 "neither a bzImage nor an ELF" --kernel text
check "an ELF cut in its headers" 121 "truncated" --kernel cut.elf
check "an ELF cut in a segment" 121 "a segment ends at byte 8192 of 5000" --kernel cut2.elf
check "an ELF for another machine" 121 "another machine" --kernel arm.elf
check "an ELF whose segments overlap" 121 "overlaps" --kernel overlap.elf
check "an ELF in the hole below 1 MiB" 121 "hole" --kernel hole.elf
check "an ELF larger than the guest" 121 "larger --memory" --kernel huge.elf
check "an ELF without segments" 121 "nothing to load" --kernel nothing.elf
check "a bzImage cut in its payload" 121 "bzImage is truncated" --kernel cut.bz
head -c 1024 good.bz >bare.bz
bytes bare.bz $((0x24c)) 00 00 00 00
check "a bzImage with nothing behind its setup" 121 "bzImage is truncated" --kernel bare.bz
check "a bzImage whose payload is damaged" 121 "does not unpack" --kernel bad.bz
check "a bzImage packed with zstd" 121 "packed with zstd" --kernel zstd.bz
check "a bzImage that holds text" 121 "payload is no ELF" --kernel text.bz
check "a bzImage of an old protocol" 121 "boot protocol is 2.06" --kernel old.bz
check "a bzImage that claims 4 GiB" 121 "it claims" --kernel size.bz
check "a missing initrd" 121 "gone: No such file" --kernel good.elf --initrd gone
check "an initrd that does not fit" 121 "does not fit" --kernel good.elf --initrd initrd --memory 3M
check "an initrd larger than the guest" 121 "larger than" --kernel good.elf --initrd initrd --memory 1536K
check "a command line that is too long" 121 "characters" --kernel good.elf --append "$(printf '%03000d' 0)"
check "memory beyond the platform's" 121 "the platform has at most 2048 MiB" --kernel good.elf --memory 2040M
check "a multiboot kernel without a header" 121 "no multiboot header" --multiboot good.elf
check "a multiboot kernel with unknown wishes" 121 "unknown features" --multiboot magic.elf
check "a flat image beyond 640 KiB" 121 "larger than" --flat long.flat
check "a missing module" 121 "gone: No such file" --multiboot mb.elf --module gone

workload()
{
	printf '%s\n' "$@" >workload
}

check "a missing workload" 121 "gone: No such file" --workload gone
workload ''
check "a workload without VMs" 121 "describes no VM" --workload workload
workload '# one' 'vm "a" {' '  kernel = "good.elf"' '  colour = "blue"' '}'
check "an unknown key" 121 "workload:4: no such option 'colour'" --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '  weight = heavy' '}'
check "a word where a number belongs" 121 "workload:3: " --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '  map-4k = 17' '}'
check "a number where yes or no belongs" 121 "workload:3: " --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '  memory = "lots"' '}'
check "a size that is none, in a workload" 121 "workload:3: 'lots' is no possible value" --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '  weight = 0' '}'
check "a weight of 0" 121 "workload:3: 0 is no possible value" --workload workload
workload '# one' '/* two' 'three */' 'vm "a" { // four' '  kernel = "gone.elf"' '}'
check "a missing file in a workload" 121 "workload:5: ./gone.elf: No such file" --workload workload
workload 'vm "a" {' '  multiboot = "good.elf"' '  modules = {"good.flat", "gone:x"}' '}'
check "a missing module in a workload" 121 "workload:3: ./gone: No such file" --workload workload
workload 'vm "a" {' '  memory = "64M"' '}'
check "a VM with nothing to run" 121 "give one of kernel" --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '}' 'vm "a" {' '  kernel = "good.elf"' '}'
check "two VMs of one name" 121 "workload:4: " --workload workload
workload 'vm "a" {' '  kernel = "good.elf"'
check "a brace that is missing" 121 "workload:2: the file ends inside" --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' "  kernel-sha256 = \"$(printf '%064d' 0)\"" '}'
check "a file of another digest" 121 "its SHA-256 is $(sha256sum good.elf | cut -d ' ' -f 1)" --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '  kernel-sha256 = "12"' '}'
check "a digest that is none" 121 "workload:3: " --workload workload
workload 'clock = sundial' 'vm "a" {' '  kernel = "good.elf"' '}'
check "an unknown clock" 121 "workload:1: " --workload workload
for i in 1 2 3 4 5 6 7 8 9; do printf 'vm "v%s" {\n kernel = "good.elf"\n}\n' $i; done >workload
check "nine VMs" 121 "more than 8 VMs" --workload workload
for i in 1 2 3; do printf 'vm "v%s" {\n kernel = "good.elf"\n memory = "800M"\n}\n' $i; done >workload
check "VMs that need too much together" 121 "the guests need" --workload workload
workload 'vm "a" {' '  kernel = "good.elf"' '}'
check "a workload and a kernel" 64 "--workload does that already" --workload workload --kernel good.elf

check "no Bochs" 122 "Bochs is missing" --kernel good.bz
check "a console file in no directory" 121 "No such file" --kernel good.elf --console file:gone/x
check "a console host that is none" 121 "--console" --kernel good.elf --console tcp:256.1.1.1:99
# A port in use, by busybox's nc.
port=$(for p in $(seq 20000 20100); do (exec 6<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; break; }; done)
busybox nc -l -p "$port" >/dev/null 2>&1 </dev/null &
listener=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	grep -q "$(printf ":%04X .* 0A " "$port")" /proc/net/tcp /proc/net/tcp6 && break
	sleep 0.1
done
check "a port in use" 121 "Address already in use" --kernel good.elf --console "tcp:$port"
kill "$listener" 2>/dev/null
wait "$listener" 2>/dev/null
TMPDIR=$work/none check "a temporary directory that is none" 123 "set TMPDIR" --kernel good.elf
REPRISE_LIBDIR=$work check "a build without a hypervisor" 123 "hv.bin: No such file" --kernel good.elf

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
