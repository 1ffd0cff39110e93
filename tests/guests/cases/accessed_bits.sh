# SPDX-License-Identifier: BSD-2-Clause
# A guest that sees where it is stopped (A and D bits without INVLPG) sees the same in every run, and alone as in company.
. tests/guests/lib/case.inc
for name in first second; do
	run $name --kernel "$guests/long/accessed_bits" --memory 16M --append "" --quantum 50000 --console "file:$work/$name.console"
	[ $status = 0 ] || fail "$name: status $status"
done
cmp "$work/first.console" "$work/second.console" || fail "two runs differ"
{ vm company long/accessed_bits; vm other long/compute; } >"$work/two.conf"
run two --workload "$work/two.conf" --quantum 50000
[ $status = 0 ] || fail "two: status $status"
cmp "$work/first.console" "$work/company.console" || fail "it differs in company"
