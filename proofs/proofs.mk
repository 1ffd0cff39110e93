# SPDX-License-Identifier: BSD-2-Clause
# Proofs of the core. proofs/prove says what the gate is.

.PHONY: prove prove-cold
prove: packages ## prove the core with Frama-C; files that have not changed are skipped
	@proofs/prove -o $B/proofs

prove-cold: packages ## the same without cache and without skipping
	@proofs/prove -c -o $B/proofs

$B/mutate: proofs/mutate.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -D_GNU_SOURCE -MF $@.d -o $@ $<

# The sample is the first MUTANTS of the list of all; those already judged are not judged again while their function stays.
MUTANTS := 240
MUTANT_SECONDS := 1100

.PHONY: mutants mutants-native
mutants: packages $B/mutate $B/unit fuzz-plain guests all $B/bench/bench.bin $B/initramfs.cpio $B/kernel/vmlinuz ## seed faults into hv/ and say who notices (MUTANTS=n MUTANT_SECONDS=n, 0: until all are judged)
	@proofs/mutants -n $(MUTANTS) -s $(MUTANT_SECONDS) $B

mutants-native: packages $B/mutate $B/unit fuzz-plain guests all $B/bench/bench.bin $B/initramfs.cpio $B/kernel/vmlinuz ## seed 15 faults into hv/native and ask the booted guests
	@proofs/mutants -n 15 -d native $B

.PHONY: eva
eva: packages ## Frama-C's Eva over the core as a second opinion; fails on an alarm that proofs/EVA.md does not explain
	@proofs/eva -o $B/proofs
