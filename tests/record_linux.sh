#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/record_linux.sh BUILD: record and replay of Linux guests: one that prints what nobody can foresee, one that looks at
# its accessed bits, what the host's clock and seeds make of them, and traces of them. Ends in "N passed, N failed".
# seconds: 150
. "$(dirname "$0")/begin"
reprise() { timeout -s KILL 250 "$build/reprise" "$@" --timeout 240 >out 2>err; }
look() { timeout -s KILL 60 "$build/reprise" "$@" >out 2>err; }	# verbs that run nothing
"$top/tests/guests/linux/initramfs" with.cpio
with=(--kernel "$kernel" --initrd with.cpio)
chance=("${with[@]}" --append +reprise.run=sh,/chance.sh)

reprise record -o linux.rpl --kernel "$kernel" --initrd "$initrd" --report r.json </dev/null && mv out linux.txt &&
	reprise replay linux.rpl --report p.json && cmp -s out linux.txt && [ "$(end_of r.json)" = "$(end_of p.json)" ]
verdict "Linux boots, is recorded, and replays to the same state" $?
look info linux.rpl && grep -q 'Linux version' out && [ "$(tar --zstd -xOf linux.rpl journal/0 | wc -c)" -le 8192 ]
verdict "its journal is at most 8 KiB, and info names the kernel" $?

# /proc/interrupts, date +%N, bytes of /dev/urandom
interrupts() { grep XT-PIC "$1"; }
nanoseconds() { grep -oE '[0-9]{9}$' <(tr -d '\r' <"$1"); }
entropy() { grep -oE '( [0-9a-f]{2}){16}' "$1"; }
printed() { [ -n "$(interrupts "$1")" ] && [ -n "$(nanoseconds "$1")" ] && [ -n "$(entropy "$1")" ]; }
for i in 1 2; do
	rm -f out
	{ sleep 1.$((RANDOM % 10)); until grep -aq hello out || ! echo name 2>/dev/null; do sleep 0.$((RANDOM % 10)); done; } |
		reprise record -o "chance$i.rpl" "${chance[@]}" --clock host --report "r$i.json"
	mv out "chance$i.txt"
done
printed chance1.txt && printed chance2.txt
verdict "Linux prints its interrupts, the nanoseconds and random bytes" $?
for what in interrupts nanoseconds entropy; do
	[ "$($what chance1.txt)" != "$($what chance2.txt)" ]
	verdict "with the host's clock two recordings differ in their $what" $?
done
for i in 1 2; do
	reprise replay "chance$i.rpl" --report p.json && cmp -s out "chance$i.txt" && [ "$(end_of "r$i.json")" = "$(end_of p.json)" ]
	verdict "recording $i replays to its own output, exits and state" $?
done
yes name | head -n 300 >words
for n in 1 1b 2; do
	reprise run "${chance[@]}" --seed "${n%b}" --script words --digest --report s.json </dev/null
	{ cat out; jq -c '.records[] | select(.type == "end") | .position, .exits, .digest' s.json; } >"seed$n"
done
printed seed1 && cmp -s seed1 seed1b
verdict "two runs with the same seed print the same, and end in the same state" $?
printed seed2 && ! cmp -s seed1 seed2
verdict "another seed prints something else" $?

# accessed bits without INVLPG: what such a guest sees depends on where it is stopped
reprise record -o clear.rpl "${with[@]}" --append +reprise.run=sh,/clear_refs.sh --report r.json </dev/null && mv out clear.txt &&
	grep -q REFS clear.txt && reprise replay clear.rpl --report p.json && cmp -s out clear.txt && [ "$(end_of r.json)" = "$(end_of p.json)" ]
verdict "a guest that looks at its accessed bits without INVLPG replays identically" $?
reprise trace clear.rpl --json --report p.json && [ "$(end_of r.json)" = "$(end_of p.json)" ] &&
	[ "$(wc -l <out)" = "$(jq '[.records[] | select(.type == "end")][0].exits' r.json)" ]
verdict "and when every exit of it is traced" $?
length=$(jq '[.records[] | select(.type == "end")][0].position' r.json) state=$(jq -r '[.records[] | select(.type == "end")][0].state' r.json)
for level in blocks instructions memory; do
	timeout -s KILL 250 "$build/reprise" trace clear.rpl --level=$level --from $((length * 97 / 100)) --to $((length * 97 / 100 + 50000)) --check >out 2>err &&
		grep -q "ends as recorded: position $length, .* state $state" err && [ "$(wc -l <out)" -gt 1000 ]
	verdict "and when its $level are traced for a while" $?
done
finish
