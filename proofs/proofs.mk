# SPDX-License-Identifier: BSD-2-Clause
# Proofs of the core. proofs/prove says what the gate is.

.PHONY: prove prove-cold
prove: packages ## prove the core with Frama-C; files that have not changed are skipped
	@proofs/prove -o $B/proofs

prove-cold: packages ## the same without cache and without skipping
	@proofs/prove -c -o $B/proofs
