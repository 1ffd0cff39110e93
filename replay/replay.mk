# SPDX-License-Identifier: BSD-2-Clause
# What the tests of recordings need besides the tool.
RECORD_TOOLS := $B/tests-perturb $B/tests-flip

$B/tests-perturb: tests/tools/perturb.c $B/libhv.a
	$(CC) $(COMMON) -o $@ $< $B/libhv.a

$B/tests-flip: tests/tools/flip.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -o $@ $<

check-needs: $(RECORD_TOOLS)

.PHONY: record-soak
record-soak: all $(RECORD_TOOLS) $B/initramfs.cpio $B/kernel/vmlinuz guests ## 100 recordings replayed, 50 kills: build/soak.json
	tests/soak/record $B
