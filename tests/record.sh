#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/record.sh BUILD: record and replay. A guest whose output depends on every input, console input at random
# moments, seeds, one VM of several, a perturbed replayer, cut-off and full journals. Ends in "N passed, N failed".
# seconds: 90
. "$(dirname "$0")/begin"
reprise() { timeout -s KILL 200 "$build/reprise" "$@" --timeout 180 >out 2>err; }
look() { timeout -s KILL 60 "$build/reprise" "$@" >out 2>err; }	# verbs that run nothing
guest() { printf '%s\n' --kernel "$chance" --memory 16M; }
# types words at random moments for about $1 tenths of a second
type_at_random() { for _ in $(seq "$1"); do sleep "0.0$((RANDOM % 9))$((RANDOM % 9))"; printf '%c' "$((RANDOM % 10))"; done; }

# record and replay are the same run, and two recordings are not
mapfile -t chance_args < <(guest)
same=0
for i in 1 2; do
	reprise record -o "host$i.rpl" "${chance_args[@]}" --clock host --report r.json </dev/null && mv out "host$i.txt" &&
		reprise replay "host$i.rpl" --report p.json && cmp -s out "host$i.txt" && [ "$(end_of r.json)" = "$(end_of p.json)" ] ||
		same=1
done
verdict "a guest that sees everything replays to its own output with the host's clock" $same
! cmp -s host1.txt host2.txt
verdict "two recordings with the host's clock differ" $?

type_at_random 30 | reprise record -o typed.rpl "${chance_args[@]}" --append 300 --report r.json && mv out typed.txt
reprise replay typed.rpl --report p.json && cmp -s out typed.txt && [ "$(end_of r.json)" = "$(end_of p.json)" ] &&
	[ "$(grep -c SUCCESS out)" = 1 ]
verdict "console input at random moments replays to the same position, time, exits, state and console" $?
look info -e typed.rpl && [ "$(grep -c 'console byte' out)" -gt 5 ] && grep -q 'ended with status 0' out
verdict "info tells the inputs and how it ended" $?
look verify typed.rpl && grep -q whole out
verdict "verify finds it whole" $?
tar --zstd -tf typed.rpl >out 2>err && grep -qx recording.json out && grep -qx journal/0 out &&
	mkdir x && tar --zstd -C x -xf typed.rpl && (cd x && sha256sum --quiet -c SHA256SUMS)
verdict "tar lists and unpacks a recording, and its digests hold" $?


cp x/journal/0 journal.whole
: >x/journal/0
pack x empty.rpl
reprise replay empty.rpl
status=$?
[ $status = 125 ] && grep -q 'the recording ends here, at position 5000000' err && grep -q 'journal lacks what came in' err
verdict "with the journal emptied the replay fails where it first asks for input" $?

# a broken replayer: one input is another byte; the next digest tells
"$build/tests-perturb" journal.whole x/journal/0 && pack x perturbed.rpl
reprise replay perturbed.rpl
[ $? = 125 ] && grep -q 'differs from the recording at position' err && grep -qE '(UART fifo|the page at).*: found .*[0-9A-F]H, recorded .*[0-9A-F]H' err &&
	grep -q 'console byte' err
verdict "one changed input is caught at the next digest, with position, registers and the last events" $?
look info -e typed.rpl
between=$(awk '/console byte/ { n++; if ($1 % 10000000 != 0) { print n; exit } }' out)
"$build/tests-perturb" "--input=$between" journal.whole x/journal/0 && pack x perturbed.rpl
reprise replay perturbed.rpl --symbols "$chance"
[ $? = 125 ] && grep -qE 'at position [0-9]+, RIP [0-9A-F]+H [a-z_]+[+0-9a-fx]* .*[.][cS]:[0-9]+.*agreed up to [0-9]' err &&
	grep -qE 'memory, the page at GPA [0-9A-F]+000H: found a hash of [0-9A-F]{8}H, recorded a hash of [0-9A-F]{8}H' err &&
	[ "$(grep -c 'console byte' err)" -ge 2 ]
verdict "a byte changed between two digests is told by the pages that it changed, with RIP and symbol" $?
cp journal.whole x/journal/0
"$build/tests-perturb" journal.whole x/journal/0 && rm x/states/0 && pack x perturbed.rpl
reprise replay perturbed.rpl
[ $? = 125 ] && grep -qE '(the UART|memory .*): found a hash of' err
verdict "a recording without states still tells what differs, by hashes" $?
tar --zstd -C x -xf typed.rpl

# every prefix of whole blocks replays
blocks=$(($(stat -c %s journal.whole) / 512)) bad=0
for n in $(seq 1 $((blocks - 1))); do
	head -c $((n * 512)) journal.whole >x/journal/0
	pack x prefix.rpl
	reprise replay prefix.rpl || bad=1
	grep -q 'the recording ends here' err || bad=1
	cmp -s -n "$(stat -c %s out)" out typed.txt || bad=1
done
verdict "every prefix of whole blocks replays as far as it goes" $bad

# seeds
words=$work/words
printf 'these are words to type\n' >"$words"
for n in 1 1 2; do
	reprise run "${chance_args[@]}" --append 300 --seed $n --script "$words" --digest --report s.json </dev/null
	{ cat out; jq -c '.records[] | select(.type == "end") | .position, .exits, .digest' s.json; } >>"seed$n"
done
[ "$(sort -u seed1 | wc -l)" = "$(sort -u seed2 | wc -l)" ] && [ "$(head -n $(($(wc -l <seed1) / 2)) seed1)" = "$(tail -n $(($(wc -l <seed1) / 2)) seed1)" ]
verdict "the same seed is the same run" $?
! cmp -s seed2 <(head -n "$(wc -l <seed2)" seed1)
verdict "another seed is another run" $?

# several VMs: each journal stands alone
cat >two.conf <<EOF2
vm "left" { kernel = "$chance" memory = "16M" console = "file:left.txt" append = "120" }
vm "right" { kernel = "$chance" memory = "16M" console = "file:right.txt" append = "200" }
EOF2
reprise record -o two.rpl --workload two.conf --clock host --report r.json </dev/null
bad=$?
cat left.txt right.txt >both.txt
for vm in left right; do
	reprise replay two.rpl --vm $vm --report p.json && cmp -s out $vm.txt || bad=1
	end_of r.json >all && grep -qF "$(end_of p.json | tr -d "[]")" all || bad=1
done
verdict "one VM of two replays without the other" $bad

reprise replay two.rpl --from 60000000 --report p.json
bad=$?
for vm in 0 1; do
	[ "$(jq -c "[.records[] | select(.type == \"end\" and .vm == $vm) | .position, .vtime, .exits, .state]" r.json)" = \
		"$(jq -c "[.records[] | select(.type == \"end\" and .vm == $vm) | .position, .vtime, .exits, .state]" p.json)" ] || bad=1
done
[ "$(jq '[.records[] | select(.type == "started")] | map(.position >= 50000000) | all' p.json)" = true ] || bad=1
verdict "both replay from checkpoints of theirs to their ends" $bad

# a full journal
reprise record -o full.rpl "${chance_args[@]}" --append 2000 --clock host --journal-size 16K --quantum 10000 </dev/null
[ $? = 123 ] && grep -q 'the journal is full' err
verdict "a full journal stops the VM with that message" $?
mv out full.txt
reprise replay full.rpl && cmp -s out full.txt && grep -q 'the recording ends here' err
verdict "and what was recorded replays" $?
finish
