#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/debug.sh BUILD: Debian's gdb on recordings, forwards and backwards; queries, cores, and what a debugger must bear.
# The long ones are in tests/soak/debug (make debug-soak). Ends in "N passed, N failed".
# seconds: 120
set -u
build=$(realpath "$1")
reprise=$build/reprise guests=$build/guests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
small=(--memory 8M --kernel "$guests/long/scheduler" --append "")
query() { timeout -s KILL 60 "$reprise" query "$@" >out 2>err; }
# gdb FILE.rpl [OPTION...], its commands on standard input
gdb() {
	cat >script
	timeout -s KILL 60 "$reprise" debug -x script "$@" >out 2>&1 </dev/null
}
record() { timeout -s KILL 60 "$reprise" record "$@" </dev/null >out 2>err; }

# ---- a recording that went wrong, as docs/debugging.md tells it
# run 1102 is the first that fails of those from 1 on; the test begins two before it
timeout -s KILL 100 "$reprise" record --until-fail 'a task is lost' --seed 1100 --runs 8 -o s.rpl "${small[@]}" </dev/null >out 2>err &&
	grep -q 'a task is lost' out && grep -q 'run 1102 failed' err && [ -s s.rpl ] && [ "$(echo s.rpl*)" = s.rpl ]
verdict "--until-fail records run after run and keeps the one that fails" $?
timeout -s KILL 60 "$reprise" record --until-fail 'never said' --runs 1 -o n.rpl "${small[@]}" </dev/null >out 2>err
[ $? = 1 ] && [ ! -e n.rpl ]
verdict "--until-fail says so when no run failed, and leaves nothing" $?

gdb s.rpl --symbols "$guests/long/scheduler" <<'END'
break guest_failure
continue
backtrace
print tasks
watch run_tail
reverse-continue
reverse-continue
reverse-continue
backtrace
monitor exits 1
END
grep -q 'guest_main ()' out && grep -q 'runs = 14' out && grep -q 'dequeue ()' out && grep -q 'in on_timer' out &&
	grep -qE 'PREEMPTION_TIMER .* dequeue\+' out
verdict "watch and reverse-continue lead from the failure to the interrupt inside dequeue" $?

# ---- there and back
gdb s.rpl --symbols "$guests/long/scheduler" <<'END'
monitor goto 50000
maintenance flush register-cache
monitor digest
stepi 25
monitor digest
reverse-stepi 25
monitor digest
info registers position
END
[ "$(grep -c '^registers ' out)" = 3 ] && [ "$(grep '^registers ' out | uniq | wc -l)" = 3 ] &&
	[ "$(grep '^registers ' out | sort -u | wc -l)" = 2 ] && grep -q 'position .*50000$' out
verdict "gdb: 25 steps forwards and 25 back end in the same registers" $?

for guest in long/exceptions long/rep_interrupt long/string_io long/hlt_timer real/modes protected/v86; do
	case $guest in
	long/*) kind=(--kernel "$guests/$guest" --append "") ;;
	protected/*) kind=(--multiboot "$guests/$guest") ;;
	*) kind=(--flat "$guests/$guest") ;;
	esac
	query --json "journeys 5 $RANDOM" -- --seed 3 --memory 8M "${kind[@]}" && jq -e '.journeys == 5 and .differ == 0' out >/dev/null
	verdict "$guest: ten steps from random places and back: the same registers and memory" $?
done

# ---- many breakpoints and watchpoints
{
	for i in $(seq 100); do echo "hbreak *$((0x300000 + i * 257))"; done
	for i in $(seq 20); do echo "watch *(char*)$((0x280000 + i * 4096))"; done
	echo "break dequeue thread 1"
	echo continue
} | gdb s.rpl --symbols "$guests/long/scheduler"
grep -q 'Breakpoint 121, dequeue' out
verdict "a hundred breakpoints and twenty watchpoints are there at once, and the one that is met stops the guest" $?
query s.rpl --json 'costs 600000' && jq -e '.breakpoints < 1.5 and .hot_breakpoints < 2 and .breakpoints > 0.5' out >/dev/null
verdict "a hundred breakpoints that are not hit hardly slow the guest down" $?

# ---- watchpoints: forwards and backwards the same writes; queries agree
{
	echo "watch run_head"
	for _ in $(seq 12); do echo continue; echo info registers position; done
	echo "print 12345"
	for _ in $(seq 12); do echo reverse-continue; echo info registers position; done
} | gdb s.rpl --symbols "$guests/long/scheduler"
grep -E '^(position|\$)' out | sed 's/.* //' >places
forward=$(sed '/^12345/,$d' places) back=$(sed '1,/^12345/d' places)
[ "$(wc -l <<<"$forward")" = 12 ] && [ "$(wc -l <<<"$back")" = 12 ] &&
	# going back one stops before each write: one position less than after it
	[ "$(awk '{ print $1 - 1 }' <<<"$forward" | tac)" = "$back" ]
verdict "reverse-continue finds the writes of the way forwards, in reverse order" $?

query s.rpl --symbols "$guests/long/scheduler" --from end --json 'last-write run_tail; last-write run_tail; first-write run_tail; who-called' &&
	[ "$(jq -r '.symbol // .function' out | sed 's/+.*//' | tr '\n' ' ')" = "enqueue dequeue enqueue enqueue " ]
verdict "last-write and first-write name the instructions that wrote, who-called the call" $?

query s.rpl 'goto 99999999999; when; goto e5; when; goto 25%; when; goto start; when' &&
	grep -q 'the run ends before that' out && grep -q '^event 5 ' out && grep -q 'at position 0,' out
verdict "goto takes positions, events and percentages, and says when the run ends before" $?
query s.rpl 'goto nowhere'
[ $? = 121 ] && grep -q "no position, event or percentage" err
verdict "a place that is none is refused" $?

# ---- looking changes nothing
query s.rpl --from end --json digest && cp out plain &&
	query s.rpl --symbols "$guests/long/scheduler" --json 'journeys 5 7; goto end; last-write run_head; goto end; digest' &&
	[ "$(tail -n 1 out)" = "$(cat plain)" ] && [ -s plain ]
verdict "the end of a replay that was debugged is the end of one that was not" $?

# ---- what is refused
gdb s.rpl <<'END'
set $rax = 1
END
grep -q "monitor fork" out
verdict "writing to a replay is refused, with the way out" $?
gdb s.rpl <<'END'
x/4x 0x700000000000
continue
END
grep -q "Cannot access memory" out
verdict "addresses that are not mapped are errors of gdb's, not of the session" $?

# ---- a run of its own
gdb s.rpl --symbols "$guests/long/scheduler" <<'END'
break guest_failure
continue
reverse-stepi 400
info registers position
monitor fork
set $rbx = 0x1234
set $xmm3.v2_int64[1] = 77
set var tasks[0].runs = 4000
stepi 5
reverse-stepi 5
print tasks[0].runs
print $xmm3.v2_int64
monitor set tasks+8 5 4
monitor record f.rpl
END
cp out forked
grep -q '= 4000$' forked && grep -q '= {0, 77}' forked && grep -q 'f.rpl has the recording, and 6 changes' forked &&
	query f.rpl --symbols "$guests/long/scheduler" --from end --json 'digest; last-write tasks+12 4; digest' && cp out one &&
	query f.rpl --from end --json 'digest' && cmp -s <(head -n 1 one) out &&
	query s.rpl --from end --json 'digest' && ! cmp -s <(head -n 1 one) out
verdict "after monitor fork registers and memory can be written, the run goes on by itself, and its recording repeats it" $?
"$reprise" replay f.rpl >out 2>err </dev/null
[ $? != 0 ] && grep -q 'is a fork' err
verdict "a fork is not taken for the recording that it came from" $?

# ---- a core
timeout -s KILL 60 "$reprise" core s.rpl --at 50000 -o guest.core >out 2>err &&
	command gdb -q -batch -ex "core-file guest.core" -ex 'info registers rip rsp' -ex 'x/2gx $rsp' "$guests/long/scheduler" >core.txt 2>err
gdb s.rpl <<'END'
monitor goto 50000
maintenance flush register-cache
info registers rip rsp
x/2gx $rsp
END
strip='s/<[^>]*>//g; s/[[:space:]]+/ /g'
[ "$(grep -E '^(rsp|0x)' core.txt | tail -n 2 | sed -E "$strip")" = "$(grep -E '^(rsp|0x)' out | tail -n 2 | sed -E "$strip")" ] &&
	[ "$(grep -c '^rip' core.txt)" = 1 ] &&
	[ "$(awk '/^rip/ { print $2 }' core.txt)" = "$(awk '/^rip/ { print $2 }' out)" ]
verdict "gdb opens a core, and sees the registers and memory that the debugger showed" $?

# ---- the finer traces
trace() { timeout -s KILL 60 "$reprise" trace "$@" >out 2>err; }
trace s.rpl --level=instructions --json --from 50000 --to 51000 &&
	[ "$(jq -r .position out | sort -n | uniq | wc -l)" = 1000 ] && [ "$(wc -l <out)" = 1000 ] &&
	[ "$(jq -r .position out | head -n 1)" = 50000 ]
verdict "the trace of instructions has each position once" $?
trace s.rpl --symbols "$guests/long/scheduler" --level=blocks --json --from 1264400 --to 1265400 &&
	[ "$(jq -s 'map(.instructions) | add' out)" = 1000 ] && jq -e -s 'any(.symbol == "dequeue")' out >/dev/null
verdict "the trace of blocks has the same number of instructions, and names functions" $?
trace s.rpl --level=blocks --format=drcov -o c.drcov --from 1260000
n=$(sed -n 's/^BB Table: \([0-9]*\) bbs$/\1/p' c.drcov)
at=$(grep -abo 'bbs$' c.drcov | head -n 1)
[ "${n:-0}" -gt 20 ] && [ $(($(stat -c %s c.drcov) - ${at%%:*} - 4)) = $((n * 8)) ]
verdict "drcov has eight bytes for each block that ran" $?

# last writes of data, as the trace of all accesses has them; the stack is left out, where VM entry writes, too
trace s.rpl --level=memory --json --from 1260000 &&
	jq -r 'select(.access == "write" and .bytes >= 4 and (.linear | length) == 8 and .linear < "0x21") | "\(.linear) \(.bytes) \(.position)"' out |
	awk '{ last[$1 " " $2] = $3 } END { for (a in last) print a, last[a] }' | sort | shuf -n 100 --random-source=<(yes) >wanted
line=
while read -r a b _; do line="$line;goto end;last-write $a $b"; done <wanted
query s.rpl --json "${line#;}" && [ -s wanted ] &&
	[ "$(jq -r 'select(.before != null) | .position' out)" = "$(awk '{ print $3 }' wanted)" ]
verdict "last-write agrees with the trace of all memory accesses" $?

# ---- several VMs; segments; before paging; a replay that differs
cat >two.conf <<END
vm "left" { kernel = "$guests/long/smoke" memory = "8M" append = "" console = "file:left.txt" }
vm "right" { kernel = "$guests/long/scheduler" memory = "8M" append = "" console = "file:right.txt" }
END
record -o two.rpl --seed 3 --workload two.conf
gdb two.rpl --symbols "$guests/long/scheduler" <<'END'
break dequeue thread 2
continue
info threads
print tasks[1].id
thread 1
print tasks[1].id
END
grep -q 'Thread 2 hit Breakpoint 1, dequeue' out && grep -q 'Thread 1 (VM left)' out && grep -q '2 (VM right, running)' out &&
	[ "$(grep -E '^\$1 = ' out)" = '$1 = 1' ] && ! grep -qE '^\$2 = 1$' out
verdict "each VM is a thread with registers and memory of its own, and a breakpoint can be of one" $?
gdb -- --seed 1 --memory 8M --flat "$guests/real/segments" <<'END'
hbreak *0x20010
continue
info registers rip ip cs cs_base cr0
x/2xb $pc
reverse-stepi
stepi
info registers rip
END
grep -qE '^rip +0x20010 ' out && grep -qE '^ip +0x10 ' out && grep -qE '^cs_base +0x20000 ' out &&
	grep -qE '^0x20010:.0x90.0x90' out && [ "$(grep -cE '^rip +0x20010 ' out)" = 2 ]
verdict "in real mode gdb's program counter is linear, and breakpoints hold where CS.base is not 0" $?

# one changed byte of input: the next digest does not match
for k in 1 2 3 4 5 6; do sleep 0.1; printf %s $k; done |
	timeout -s KILL 60 "$reprise" record -o typed.rpl --seed 2 --memory 16M --kernel "$guests/long/chance" --append 300 >out 2>err
mkdir x && tar --zstd -C x -xf typed.rpl && cp x/journal/0 whole && "$build/tests-perturb" whole x/journal/0 >out 2>err &&
	(cd x && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort >../list && xargs sha256sum <../list >SHA256SUMS &&
		tar --zstd -cf ../perturbed.rpl -T ../list SHA256SUMS)
gdb perturbed.rpl <<'END'
continue
info registers position
reverse-stepi
info registers position
x/2i $pc
END
grep -q 'the replay differs from its recording at position' out && [ "$(grep -c '^position' out)" = 2 ] && grep -q '^=> 0x' out
verdict "gdb is told that a replay differs, and the place can be looked at" $?

# ---- clients that misbehave
record -o h.rpl --seed 1 --memory 8M --kernel "$guests/long/hang" --append "" --timeout 3
port=$((20000 + RANDOM % 20000))
timeout -s KILL 60 "$reprise" debug --listen "$port" h.rpl >out 2>err </dev/null &
server=$!
for _ in $(seq 100); do grep -q 'can connect' err && break; sleep 0.1; done
{ exec 5<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && printf '%s' 'nonsense $zz#00 $m#6d $Z9,9#ff +++ $qRcmd,zz#99 $vCont;q#00' >&5
exec 5>&-
ask() { # PACKET: the answer's data
	local sum=0 i answer
	for ((i = 0; i < ${#1}; i++)); do sum=$(((sum + $(printf '%d' "'${1:i:1}")) % 256)); done
	printf '$%s#%02x' "$1" "$sum" >&5
	IFS= read -r -t 20 -d '#' answer <&5
	printf '%s' "${answer#*\$}"
}
{ exec 5<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && [ "$(ask '?')" = 'T05thread:1;' ] && [ "$(ask 'm0,0')" != "" ] &&
	[ "$(ask 'Z2,ffffffffffffffff,ffffffffffffffff' | cut -c 1)" = E ] && [ "$(ask 'p999999')" = E16 ]
verdict "after a client that sent garbage the next one is served, and bad packets have error answers" $?
printf '$c#63' >&5
sleep 1
printf '\003' >&5
IFS= read -r -t 30 -d '#' answer <&5
grep -q 'T02thread:1;' <<<"$answer" || grep -q 'replaylog:end' <<<"$answer"
verdict "Ctrl-C stops a guest that runs" $?
ask k >/dev/null
exec 5>&-
for _ in $(seq 50); do kill -0 $server 2>/dev/null || break; sleep 0.1; done
! kill -0 $server 2>/dev/null
verdict "kill ends the session" $?
kill -9 $server 2>/dev/null

# ---- vector registers
record -o avx.rpl --seed 1 --cpu avx --memory 8M --kernel "$guests/long/avx" --append a
gdb avx.rpl --symbols "$guests/long/avx" <<'END'
break guest_success
continue
output/x $ymm0.v32_int8
output/x $xmm15.v16_int8
END
# byte i of all registers in round 59 of the guest: seed * 7 + i * 11 + round * 3, the seed is its command line
vector() { printf " 0x%x" $(for i in $(seq "$1" "$2"); do echo $(((97 * 7 + i * 11 + 59 * 3) % 256)); done); }
found=$(tr -d "{,\n" <out)
grep -qF "$(vector 0 31 | cut -c 2-)}$(vector 480 495 | cut -c 2-)}" <<<"$found"
verdict "XMM and YMM read what the guest loaded" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
