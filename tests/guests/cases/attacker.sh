# SPDX-License-Identifier: BSD-2-Clause
# A VM that attacks its boundaries changes nothing in its neighbour: the same result and the same digest of RAM as alone.
. tests/guests/lib/case.inc
vm good long/compute 'digest = true' >"$work/alone.conf"
{ vm bad long/attacker; vm good long/compute 'digest = true'; } >"$work/beside.conf"
{ vm bad long/attacker 'append = "write"' | sed '/append = ""/d'; vm good long/compute 'digest = true'; } >"$work/write.conf"
run alone --workload "$work/alone.conf"
[ $status = 0 ] || fail "alone: status $status"
run beside --workload "$work/beside.conf"
[ $status = 0 ] || fail "beside: status $status"
shows bad SUCCESS
run write --workload "$work/write.conf"
[ $status = 120 ] || fail "write: status $status"
grep -q 'vm bad: stopped: EPT violation' "$work/write.stderr" || fail "the attacker was not stopped by name"
end() { records 'select(.type == "end" and .vm == '"$2"') | [.position, .digest]' "$1"; }
[ "$(end alone 0)" != "" ] && [ "$(end alone 0)" = "$(end beside 1)" ] || fail "the neighbour changed: $(end alone 0) $(end beside 1)"
[ "$(end alone 0)" = "$(end write 1)" ] || fail "the neighbour changed: $(end alone 0) $(end write 1)"
shows good 'result 47e9a47920eabdbf'
