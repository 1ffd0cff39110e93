#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/hygiene.sh BUILD: rules about the sources themselves: who includes whom, headers that stand alone, no #ifdef in the
# core, the size of the hypervisor. Ends in "N passed, N failed".
# seconds: 15
set -u
shopt -s lastpipe	# check counts in this shell, not in a pipeline's
build=$1
passed=0 failed=0
check() { # SENTENCE, then offending lines on standard input
	local bad
	bad=$(cat)
	if [ -z "$bad" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
		printf '%s\n' "$bad" | head -n 10
	fi
}
strict="-std=gnu11 -Wall -Wextra -Werror -Wconversion -ffreestanding -I. -Ihv"
core=$(ls hv/*.c hv/*.h hv/dev/*.c hv/dev/*.h)

# shellcheck disable=SC2086
grep -nE '^#[[:space:]]*(if|ifdef|elif|else)\b' $core | check "the core has no conditional compilation"
# shellcheck disable=SC2086
grep -nE '\basm\b|__asm__' $core | check "the core has no assembly"
# shellcheck disable=SC2086
grep -nE '\bunion\b|^[[:space:]]+(u8|u16|u32|u64|s64|unsigned|int|bool)[[:space:]]+[a-z0-9_]+ ?: ?[0-9]+;' $core | check "the core has no unions and no bit-fields"
# shellcheck disable=SC2086
grep -nE '#include' $core | grep -vE '"([a-z0-9_]+\.(h|def)|dev/[a-z0-9_]+\.h|spec/[a-z0-9_]+\.acsl)"|<(std(bool|def|int))\.h>' |
	check "the core includes only the core and ACSL"
grep -nE '#include.*(replay|fuzz|model|proofs|tests)/' -r hv spec boot 2>/dev/null | check "hv, spec and boot include no tool"
grep -nE '#include.*(fuzz|model|proofs|tests)/' -r replay 2>/dev/null | check "the tool includes no other tool"
grep -nE "#include.*(/|\")[a-z0-9_]+\.c\"" -r spec 2>/dev/null | check "the executable spec includes no source of the core"
grep -nE "#include.*(fuzz|replay|proofs|tests)/" -r model 2>/dev/null | check "the model includes no other tool"
grep -nE '#include.*(replay|model|proofs|tests)/' -r fuzz 2>/dev/null | grep -vE '^fuzz/(said|harness/(explain|gdb|recording|workload))\.c:[0-9]+:#include "replay/' |
	check "the fuzzer includes no other tool, but the readers that it fuzzes"
for h in hv/*.h hv/dev/*.h hv/input/*.h hv/native/*.h hv/hosted/*.h boot/*.h spec/*.h spec/effects/*.h model/*.h model/runner/*.h model/host/*.h model/monitor/*.h model/emulate/*.h; do
	# shellcheck disable=SC2086
	echo "#include \"$h\"" | gcc $strict -Ihv/hosted -fsyntax-only -x c - 2>&1 | head -n 3
done | check "every header compiles alone"
for f in hv/*.c hv/dev/*.c hv/input/*.c hv/native/*.c; do
	extra=-mgeneral-regs-only
	[ "$f" != hv/native/sha256.c ] || extra="-mavx -msha"
	# shellcheck disable=SC2086
	clang $strict -O2 -fno-pic -mno-red-zone $extra -fsyntax-only "$f" 2>&1 | head -n 3
done | check "clang compiles the hypervisor without a warning"
for f in hv/hosted/*.c replay/*.c tests/*.c spec/*.c spec/effects/*.c model/*.c model/host/*.c model/runner/*.c model/monitor/*.c model/emulate/case.c model/emulate/compare.c; do
	[ "$f" != tests/main.c ] || continue
	clang -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -I. -Ihv -Ihv/hosted -Itests -fsyntax-only "$f" 2>&1 | head -n 3
done | check "clang compiles the tool and the tests without a warning"
git ls-files '*.c' '*.h' '*.S' '*.sh' '*.ld' '*.def' 'boot/*' 'tests/*' | grep -vE '\.(flat|bin|ini|conf|json|md|rpl|txt)$' | while read -r f; do
	[ -f "$f" ] && ! head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' && echo "$f"
done | check "every source names its licence"
for f in hv/*.c hv/dev/*.c replay/*.c model/*.c fuzz/*.c spec/*.c spec/effects/*.c; do
	[ -f "$f" ] || continue
	awk -v f="$f" '/\/\*@/ { acsl = 1 } !acsl { n++ } /\*\// { acsl = 0 } END { if (n > 500) print f, n }' "$f"
done | check "no source is longer than 500 lines, contracts aside"
nm -u "$build/libhv.a" 2>/dev/null | grep -E ' U spec_' | check "no object of the core refers to the executable spec"
size -A "$build/hv.elf" | awk '$1 == ".text" && $2 > 98304' | check "the hypervisor's text is at most 96 KiB"
{ bytes=$((16#$(nm "$build/hv.elf" | awk '/ hv_bss_end$/ { print $1 }') - 16#$(nm "$build/hv.elf" | awk '/ hv_text_start$/ { print $1 }')))
  [ $bytes -gt 0 ] && [ $bytes -le 8388608 ] || echo "$bytes bytes"; } |
	check "its memory besides guest RAM and EPT is at most 8 MiB"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
