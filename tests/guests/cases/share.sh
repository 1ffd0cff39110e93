# SPDX-License-Identifier: BSD-2-Clause
# Two VMs that compute at once are never more than a quantum of virtual time apart; weights divide the CPU.
. tests/guests/lib/case.inc
quantum=1000000
{ vm a long/beat; vm b long/beat; } >"$work/equal.conf"
{ vm a long/beat 'weight = 300'; vm b long/beat 'weight = 100'; } >"$work/weights.conf"
run equal --workload "$work/equal.conf" --quantum $quantum
[ $status = 0 ] || fail "equal: status $status"
# beats are about 40,000 ticks apart: what is known of the other VM is at most so old
apart=$(records 'select(.type == "mark") | [.vm, .vtime]' equal | jq -s '
	reduce .[] as [$vm, $t] ({ last: [0, 0], apart: 0 };
		.last[$vm] = $t | .apart = ([.apart, (.last[0] - .last[1] | fabs)] | max)) | .apart')
[ "$apart" -gt 0 ] && [ "$apart" -le $((quantum + 100000)) ] || fail "they were $apart ticks apart"
run weights --workload "$work/weights.conf" --quantum $quantum
[ $status = 0 ] || fail "weights: status $status"
other=$(records 'select(.type == "mark" or .type == "end") | [.type, .vm, .position]' weights | jq -s '
	. as $all | ([range(length)] | map(select($all[.][0] == "end" and $all[.][1] == 0)))[0] as $at |
	[$all[:$at][] | select(.[1] == 1)][-1][2] / $all[$at][2] * 100 | round')
[ "$other" -ge 20 ] && [ "$other" -le 50 ] || fail "with weights 3:1 the other VM had come to $other % (33 expected)"
