#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/trace.sh BUILD: traces, their formats read back by other tools, stat, diff, checkpoints and seeking.
# Ends in "N passed, N failed".
# seconds: 60
. "$(dirname "$0")/begin"
reprise() { timeout -s KILL 200 "$build/reprise" "$@" >out 2>err; }
record() { # FILE OPTION...
	local file=$1
	shift
	{ sleep 0.7; printf 'typed'; } | reprise record -o "$file" --kernel "$chance" --memory 16M --append 120 --report "$file.json" "$@"
}
record a.rpl && record b.rpl
exits=$(jq '[.records[] | select(.type == "end")][0].exits' a.rpl.json)

reprise trace a.rpl --json && mv out a.json && [ "$(wc -l <a.json)" = "$exits" ] &&
	[ "$(jq -s '[.[].position] | . == sort' a.json)" = true ]
verdict "the trace has every exit, in order, as JSON lines" $?
[ "$(jq -s 'map(select(.port == 233 and .direction == "out") | .value) | implode' a.json | jq -r . | grep -cx SUCCESS)" = 1 ]
verdict "the values of OUT to the debug console are what the guest wrote" $?
[ "$(jq -s 'map(select(.reason == "RDRAND")) | length' a.json)" -ge 120 ]
verdict "every RDRAND is there" $?
reprise trace a.rpl --port 0x20 --from 40000000 --to 80000000 --json &&
	[ "$(wc -l <out)" = "$(jq -s 'map(select(.port == 32 and .position >= 40000000 and .position < 80000000)) | length' a.json)" ] && [ -s out ]
verdict "filters by port and position give that part of the trace" $?
reprise trace a.rpl --reason HLT && [ "$(wc -l <out)" = "$(grep -c '"HLT"' a.json)" ] && [ -s out ]
verdict "a filter by reason gives that reason" $?
reprise trace a.rpl --format perfetto && [ "$(jq '[.traceEvents[] | select(.cat == "exit")] | length' out)" = "$exits" ]
verdict "trace events are JSON with a slice for each exit" $?
reprise trace a.rpl --format ctf -o ctf && [ "$(babeltrace2 ctf | tee out | wc -l)" = "$exits" ]
verdict "babeltrace2 reads every exit of the CTF trace" $?
reprise trace a.rpl --format folded && mv out folded && reprise stat --json a.rpl && mv out stat.json &&
	[ "$(awk '{ n += $NF } END { print n }' folded)" = "$(jq .handling_ticks stat.json)" ]
verdict "folded stacks sum up to the ticks that stat counts" $?
[ "$(jq .exits stat.json)" = "$exits" ] && [ "$(jq '[.reasons[].exits] | add' stat.json)" = "$exits" ] &&
	[ "$(jq '.ports[0].exits' stat.json)" -gt 120 ] && [ "$(jq '[.journal_bytes[]] | add' stat.json)" = "$(tar --zstd -xOf a.rpl journal/0 | wc -c)" ]
verdict "stat counts exits by reason and port, and the journal's bytes" $?

reprise report a.rpl -o page.html --symbols "$chance" && [ "$(grep -c '<rect' page.html)" -gt 10 ] && grep -q 'SUCCESS' page.html &&
	grep -q on_timer page.html && ! grep -qiE '<script|src=|href=' page.html && [ "$(grep -o '<svg' page.html | wc -l)" = "$(grep -o '</svg>' page.html | wc -l)" ]
verdict "report is one page by itself: timeline, places by name, the console" $?
reprise trace a.rpl --symbols "$chance" --reason RDRAND && grep -q 'on_timer' out
verdict "symbols name the places of a trace" $?

reprise diff a.rpl b.rpl
[ $? = 1 ] && grep -q 'the runs part at exit' out && grep -q '^-' out && grep -q '^+' out && grep -q 'the consoles part in line' out
verdict "diff shows where two runs part" $?
reprise diff a.rpl a.rpl && grep -q 'the same run' out
verdict "and that a run is the same as itself" $?

reprise checkpoint --every 25000000 a.rpl && [ -s a.rpl.checkpoints ]
verdict "checkpoints are written beside the recording" $?
bad=0
for at in 49999999 50000000 77654321 111111111; do
	reprise replay a.rpl --until $at && grep -v '^[0-9]' out >whole
	reprise replay a.rpl --from $at --until $at && grep -v '^[0-9]' out >part
	cmp -s whole part && [ "$(wc -l <part)" -gt 20 ] || bad=1
done
verdict "a position is the same from a checkpoint as from the start" $bad
reprise replay a.rpl --from 100000000 && grep -q SUCCESS out && ! grep -q "^50 " out
verdict "from a checkpoint the replay goes on to the recorded end and agrees with it" $?
rm a.rpl.checkpoints
reprise replay a.rpl --from 100000000 && grep -q SUCCESS out && [ -s a.rpl.checkpoints ]
verdict "missing checkpoints are made again" $?
bad=0
for _ in $(seq 6); do
	cp a.rpl.checkpoints keep
	"$build/tests-flip" a.rpl.checkpoints $(((RANDOM << 15 | RANDOM) * 7))
	reprise replay a.rpl --from 105000000
	status=$?
	# told by the tool, told by the hypervisor, or a bit of another checkpoint's pages that this one replaced
	[ $status = 121 ] || { [ $status = 0 ] && grep -q SUCCESS out; } || bad=1
	mv keep a.rpl.checkpoints
done
verdict "a flipped bit of the checkpoints is told, or does not matter" $bad
finish
