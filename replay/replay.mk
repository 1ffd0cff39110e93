# SPDX-License-Identifier: BSD-2-Clause
# What the tests of recordings need besides the tool.
$B/tests-perturb: tests/tools/perturb.c $B/libhv.a
	$(CC) $(COMMON) -o $@ $< $B/libhv.a

check: $B/tests-perturb
