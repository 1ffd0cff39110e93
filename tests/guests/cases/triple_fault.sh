# SPDX-License-Identifier: BSD-2-Clause
# One VM's crash leaves the others running, and gives the status of the whole.
. tests/guests/lib/case.inc
{ vm crash long/triple_fault; vm good long/compute; vm stop long/end_outside_write; } >"$work/three.conf"
run three --workload "$work/three.conf"
[ $status = 120 ] || fail "status $status"
shows good 'result 47e9a47920eabdbf'
shows good SUCCESS
grep -q 'crash: triple fault at position' "$work/three.stderr" || fail "no word of the crash: $(cat "$work/three.stderr")"
grep -q 'vm stop: stopped: EPT violation' "$work/three.stderr" || fail "no word of the stop: $(cat "$work/three.stderr")"
