# SPDX-License-Identifier: BSD-2-Clause
# FPU, SSE and AVX registers, XCR0 and debug registers are each VM's own while the VMs take turns.
. tests/guests/lib/case.inc
{
	vm a long/avx 'cpu = avx' 'append = "a"' | sed '/append = ""/d'
	vm b long/avx 'cpu = avx' 'append = "b"' | sed '/append = ""/d'
	vm fpu long/fpu
	vm breaks long/breakpoints
	vm more long/breakpoints 'intercept = {exceptions}'
} >"$work/five.conf"
run five --workload "$work/five.conf" --quantum 20000
[ $status = 0 ] || fail "status $status: $(cat "$work"/*.console)"
for name in a b fpu breaks more; do shows $name SUCCESS; done
