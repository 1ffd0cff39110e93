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
[ "$(jq '[.traceEvents[] | select(.cat == "interrupt" and .ph == "X" and .name == "IRQ 0" and .dur > 0)] | length' out)" -ge 110 ] && [ "$(jq '[.traceEvents[] | select(.ph == "C")] | length' out)" -gt 5 ] && [ "$(jq '[.traceEvents[] | select(.name == "process_name")] | length' out)" = 1 ]
verdict "and one for each timer interrupt, counters, and VMs as processes" $?
reprise trace a.rpl --format ctf -o ctf && [ "$(babeltrace2 ctf | tee out | wc -l)" = "$exits" ]
verdict "babeltrace2 reads every exit of the CTF trace" $?
reprise trace a.rpl --format folded && mv out folded && reprise stat --json a.rpl && mv out stat.json &&
	[ "$(awk '{ n += $NF } END { print n }' folded)" = "$(jq .handling_ticks stat.json)" ]
verdict "folded stacks sum up to the ticks that stat counts" $?
[ "$(jq .exits stat.json)" = "$exits" ] && [ "$(jq '[.reasons[].exits] | add' stat.json)" = "$exits" ] &&
	[ "$(jq '.ports[0].exits' stat.json)" -gt 120 ] && [ "$(jq '[.journal_bytes[]] | add' stat.json)" = "$(tar --zstd -xOf a.rpl journal/0 | wc -c)" ]
verdict "stat counts exits by reason and port, and the journal's bytes" $?

# what a browser makes of the page, opened at a moment: its scripts have run, and said nothing on the console
browse() { # URL OPTION...
	timeout -s KILL 100 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --window-size=1400,1000 --user-data-dir="$work/profile" --enable-logging=stderr "$@" 2>err
}
reprise report a.rpl -o page.html --symbols "$chance" && ! grep -qiE 'src=|href=|https?:' page.html
verdict "report is one page by itself" $?
browse --dump-dom "file://$work/page.html#t=0.05" >out && grep -q 'data-ready="1"' out && ! grep -q ':CONSOLE' err
verdict "a browser runs its script to the end without an error" $?
count() { grep -oE "$1" out | wc -l; }
[ "$(count '<svg class="time"')" = 1 ] && [ "$(count '<svg class="histogram"')" = "$(jq -s 'map(.reason) | unique | length' a.json)" ] &&
	[ "$(count '<rect class="bar"')" -gt 100 ] && [ "$(count '<rect class="in"')" -gt 0 ]
verdict "its charts are drawn: the timeline with the inputs, a histogram for each reason" $?
[ "$(count '<div class="ln')" = "$(tar --zstd -xOf a.rpl console/0 | grep -c .)" ] && grep -q '</i> SUCCESS<' out &&
	[ "$(count '<div class="ln on"')" = 1 ] && grep -oE '<div class="ln on" data-t="[0-9]+"' out | grep -qE '"(4[0-9]|50)[0-9]{6}"' &&
	grep -qE 'class="cur"[^>]*visibility="visible"' out && grep -q '>0.050000 s of virtual time<' out
verdict "the console stands beside it, and the moment is marked in both" $?
grep -qE '<td class="l"> ?on_timer' out && grep -q 'id="places"' out
verdict "and the busiest places have names" $?
browse --screenshot="$work/page.png" "file://$work/page.html" >/dev/null && [ "$(stat -c %s page.png)" -gt 20000 ]
verdict "a picture of it is not empty" $?
reprise trace a.rpl --symbols "$chance" --reason RDRAND && grep -q 'on_timer' out
verdict "symbols name the places of a trace" $?

reprise diff a.rpl b.rpl
[ $? = 1 ] && grep -q 'the runs part at exit' out && grep -q '^-' out && grep -q '^+' out && grep -q 'the consoles part in line' out
verdict "diff shows where two runs part" $?
reprise diff a.rpl a.rpl && grep -q 'the same run' out
verdict "and that a run is the same as itself" $?
reprise corpus a.rpl -o seeds && grep -q "^$exits exits in " out && awk '{ exit !($8 > 0 && $8 + 0 <= 100) }' FS='[ ,]+' out &&
	"$build/fuzz/plain/exit" seeds >ran && [ "$("$build/fuzz/tool" count seeds/* | cut -d ' ' -f 3)" -gt 20 ]
verdict "a recording becomes seeds of at most 100 bytes an exit, which the oracle accepts" $?

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
