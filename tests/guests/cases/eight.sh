# SPDX-License-Identifier: BSD-2-Clause
# Eight VMs of three kinds at once.
. tests/guests/lib/case.inc
{
	for i in 1 2 3 4 5; do vm "long$i" long/compute; done
	vm small long/smoke
	for kind in protected real; do vm $kind $kind/smoke | sed "s/kernel/$([ $kind = real ] && echo flat || echo multiboot)/; /append/d"; done
} >"$work/eight.conf"
run eight --workload "$work/eight.conf"
[ $status = 0 ] || fail "status $status: $(cat "$work/eight.stderr")"
for i in 1 2 3 4 5; do shows "long$i" 'result 47e9a47920eabdbf'; done
for name in small protected real; do shows $name SUCCESS; done
