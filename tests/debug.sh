#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/debug.sh BUILD: Debian's gdb on recordings, forwards and backwards; queries, cores, and what a debugger must bear.
# The long ones are in tests/soak/debug (make debug-soak). Ends in "N passed, N failed".
# seconds: 90
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
	timeout -s KILL 60 "$reprise" debug "$@" -x script >out 2>&1 </dev/null
}
record() { timeout -s KILL 60 "$reprise" record "$@" </dev/null >out 2>err; }

# ---- a recording that went wrong, as docs/debugging.md tells it
timeout -s KILL 100 "$reprise" record --until-fail 'a task is lost' --runs 8 -o s.rpl "${small[@]}" </dev/null >out 2>err &&
	grep -q 'a task is lost' out && grep -q 'run 4 failed' err && [ -s s.rpl ]
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
grep -q 'guest_main ()' out && grep -q 'runs = 286' out && grep -q 'dequeue ()' out && grep -q 'in on_timer' out &&
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

# ---- watchpoints: forwards and backwards the same writes; queries agree
{
	echo "watch *(int*)&tasks[0].runs"
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
trace s.rpl --symbols "$guests/long/scheduler" --level=blocks --json --from 50000 --to 51000 &&
	[ "$(jq -s 'map(.instructions) | add' out)" = 1000 ] && jq -e -s 'any(.symbol == "dequeue")' out >/dev/null
verdict "the trace of blocks has the same number of instructions, and names functions" $?
trace s.rpl --level=blocks --format=drcov -o c.drcov
n=$(sed -n 's/^BB Table: \([0-9]*\) bbs$/\1/p' c.drcov)
at=$(grep -abo 'bbs$' c.drcov | head -n 1)
[ "${n:-0}" -gt 20 ] && [ $(($(stat -c %s c.drcov) - ${at%%:*} - 4)) = $((n * 8)) ]
verdict "drcov has eight bytes for each block that ran" $?

# last writes of data, as the trace of all accesses has them; the stack is left out, where VM entry writes, too
trace s.rpl --level=memory --json &&
	jq -r 'select(.access == "write" and .bytes >= 4 and (.linear | length) == 8 and .linear < "0x21") | "\(.linear) \(.bytes) \(.position)"' out |
	awk '{ last[$1 " " $2] = $3 } END { for (a in last) print a, last[a] }' | sort | shuf -n 8 --random-source=<(yes) >wanted
line=
while read -r a b _; do line="$line;goto end;last-write $a $b"; done <wanted
query s.rpl --json "${line#;}" && [ -s wanted ] &&
	[ "$(jq -r 'select(.before != null) | .position' out)" = "$(awk '{ print $3 }' wanted)" ]
verdict "last-write agrees with the trace of all memory accesses" $?

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

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
