#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `reprise run` with small real-mode guests in real Bochs: exit statuses, consoles, several VMs, reports, seeds.
# tests/tool_run.sh BUILD
# seconds: 20
set -u
reprise=$(realpath "$1/reprise")
work=$(mktemp -d)
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0
failed=0

# guest FILE HEX...: a flat image, entered at 7C00H in real mode.
guest()
{
	local file=$1 byte
	shift
	for byte; do
		# shellcheck disable=SC2059
		printf "\\x$byte"
	done >"$file"
}

run()
{
	timeout -s KILL 60 "$reprise" run --timeout 30 "$@" >out 2>err
	status=$?
}

# verdict NAME WANTED_STATUS [CONDITION...]: of the last run; CONDITION is a command that must be true.
verdict()
{
	local name=$1 want=$2 problem=
	shift 2
	[ "$status" = "$want" ] || problem="exit status $status, not $want"
	[ $# = 0 ] || "$@" || problem="$problem; not so: $*"
	[ -z "$(ls -A "$TMPDIR")" ] || problem="$problem; left behind: $(ls -A "$TMPDIR")"
	if [ -z "$problem" ]; then
		echo "ok: $name"
		passed=$((passed + 1))
	else
		echo "FAILED: $name: ${problem#; }"
		sed 's/^/    /' err
		failed=$((failed + 1))
	fi
}

# bytes FILE OFFSET HEX...
bytes()
{
	local file=$1 at=$2
	shift 2
	guest part "$@"
	dd if=part of="$file" bs=1 seek="$at" conv=notrunc status=none
}

holds()
{
	[ "$(cat "$1")" = "$2" ]
}

json()
{
	jq -e "$1" report.json >/dev/null
}

guest exit7 b0 07 e6 f4 eb fe
guest exit0 b0 00 e6 f4 eb fe
guest halt fa f4
guest reset b0 fe e6 64 eb fe
guest triple 0f 01 1e 06 7c cc 00 00 00 00 00 00
# "hi\n" on COM1, then mark 5, then cli; hlt
guest hello ba f8 03 b0 68 ee b0 69 ee b0 0a ee b0 05 e6 f5 fa f4
# (input comes at quantum boundaries only) echoes COM1 until 'q', then status 3
guest echo ba fd 03 ec a8 01 74 fb ba f8 03 ec 3c 71 74 03 ee eb ed b0 03 e6 f4 eb fe
# FFH on COM1 (the link's escape), then 'x'
guest escape ba f8 03 b0 ff ee b0 78 ee fa f4

run --flat exit7 </dev/null
verdict "the guest's status is ours" 7
run --flat exit0 </dev/null
verdict "a status of 0" 0
run --flat halt </dev/null
verdict "HLT with interrupts off is an orderly end" 0
run --flat reset </dev/null
verdict "a keyboard controller reset is an orderly end" 0
run --flat triple </dev/null
verdict "a triple fault is a failure of the guest" 120 grep -q "vm0: triple fault at position" err
run --flat hello --report report.json </dev/null
verdict "COM1 goes to stdout" 0 holds out hi
verdict "a mark and the end are in the report" 0 \
	json '[.records[] | select(.type == "mark").value] == [5] and (.records[] | select(.type == "end").end) == "halt"'
run --flat hello --console file:console </dev/null
verdict "COM1 goes to a file" 0 holds console hi
run --flat escape </dev/null
verdict "the byte FFH passes" 0 holds out $'\xffx'
run --flat echo --quantum 10000 < <(printf 'abc\xffq')
verdict "stdin goes to COM1" 3 holds out $'abc\xff'

port=$(for p in $(seq 21000 21100); do (exec 6<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; break; }; done)
timeout -s KILL 60 "$reprise" run --timeout 30 --quantum 10000 --flat echo --console "tcp:$port" </dev/null >out 2>err &
pid=$!
for _ in $(seq 100); do
	if (exec 6<>"/dev/tcp/127.0.0.1/$port" && printf 'xyzq' >&6 && cat <&6 >answer) 2>/dev/null; then
		break
	fi
	sleep 0.1
done
wait $pid
status=$?
verdict "a TCP port is a console" 3 holds answer xyz

cat >two <<EOF
vm "first" { flat = "hello" }
vm "second" { flat = "exit7" }
vm "third" { flat = "triple" }
vm "fourth" { flat = "hello"
	console = "file:fourth" }
EOF
run --workload two --report report.json </dev/null
verdict "the first VM with a status gives it" 7 grep -q "third: triple fault" err
verdict "each VM has its own console" 7 holds fourth hi
verdict "shared stdout names its VMs" 7 grep -qx 'first| hi' out
verdict "all ends are reported" 7 json '[.records[] | select(.type == "end").vm] | sort == [0, 1, 2, 3]'

# RDRAND BX, BX to status: the seed decides.
guest rdrand 0f c7 f0 e6 f4 eb fe
run --flat rdrand --seed 1 --report a.json </dev/null
first=$status
run --flat rdrand --seed 1 --report report.json </dev/null
verdict "the same seed, the same run" "$first" cmp -s <(jq -c '.records | map(del(.host_seconds))' a.json) \
	<(jq -c '.records | map(del(.host_seconds))' report.json)
run --flat rdrand --seed 2 --report report.json </dev/null
other=$status
status=0
verdict "another seed, another run" 0 [ "$first" != "$other" ]

# a kernel that is no packed Linux: MOV AL, 9; OUT F4H, AL in 32-bit mode at 1 MiB
truncate -s 1024 unpacked.bz
bytes unpacked.bz $((0x1f1)) 01
bytes unpacked.bz $((0x1fe)) 55 aa eb 66 48 64 72 53 0f 02
bytes unpacked.bz $((0x214)) 00 00 10 00
bytes unpacked.bz $((0x22c)) ff ff ff 7f 00 00 00 00 00 00 00 00 ff 07 00 00
bytes unpacked.bz 1024 b0 09 e6 f4
run --kernel unpacked.bz
verdict "a bzImage without a payload is entered by the 32-bit boot protocol" 9


# Somebody changes the boot medium after the tool wrote it: a Bochs that does that first.
# meddle EXPRESSION: the byte's offset; in it, $plan is the plan's offset. The images follow after 17 sectors, 7 each.
meddle()
{
	cat >meddler <<EOF
#!/bin/sh
plan=\$(grep -abo RPSEPLAN boot.img | tail -n 1 | cut -d : -f 1)	# the hypervisor knows the word, too
printf Z | dd of=boot.img bs=1 seek=\$(($1)) conv=notrunc status=none
exec bochs "\$@"
EOF
	chmod +x meddler
}
cat >measured <<EOF
vm "good" { flat = "hello"
	console = "file:good" }
vm "bad" { flat = "exit7" }
EOF
# shellcheck disable=SC2016
meddle '$plan + 24 * 512'
REPRISE_BOCHS=$work/meddler run --workload measured </dev/null
verdict "an image that is not what was measured is refused by name" 121 grep -q 'vm bad: refused: image 0 does not match its SHA-256' err
verdict "and the other VM runs" 121 holds good hi
# shellcheck disable=SC2016
meddle '$plan + 500'
REPRISE_BOCHS=$work/meddler run --workload measured </dev/null
verdict "a plan that was changed is refused" 121 grep -q "plan refused: the plan's checksum does not match" err

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
