#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/model.sh BUILD: a sample of `make model`: the executable spec against stock Bochs. Ends in "N passed, N failed".
# seconds: 170
set -u
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
passed=0 failed=0
verdict() { # SENTENCE STATUS-OF-TEST
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
		tail -n 20 "$work/out"
	fi
}
number() { jq -r ".$1" "$work/report.json"; }

make -s "$build/model/model" "$build/model/runner.bin" "$build/oprom.bin" >"$work/out" 2>&1
verdict "the model builds" $?
"$build/model/model" "$build" --seed "${SEED:-1}" --entry 150000 --ept 40000 --report "$work/report.json" >"$work/out" 2>&1
verdict "spec and Bochs agree in every sampled case" $?
[ "$(number vmentry_cases)" = 150000 ] && [ "$(number ept_cases)" = 40000 ] && [ "$(number disagreements_unexplained)" = 0 ]
verdict "every case of the sample was run and judged" $?
[ "$(number checks)" -ge 150 ] && [ "$(number checks_seen_both_ways)" -ge 200 ]
verdict "checks are seen failing and passing" $?
[ "$(number bochs_messages_provoked)" -ge 145 ]
verdict "at least 145 of Bochs's texts are provoked" $?
"$build/model/model" "$build" --entry 3000 --ept 0 --shard 1/3 --jobs 1 >"$work/out" 2>&1 && grep -q '^VM entry: 1000 cases' "$work/out"
verdict "a shard runs its share" $?
[ "$(number exit_reasons_checked)" -ge 45 ]
verdict "exit information agrees for at least 45 basic exit reasons" $?
[ "$(number instruction_texts)" -ge 25 ] && [ "$(number counter_facts)" -ge 15 ]
verdict "VMX instructions fail as the SDM says, with at least 25 texts; counter and timer are exact" $?
"$build/model/model" "$build" --entry 3000 --ept 0 --jobs 1 --kill 2000 >"$work/out" 2>&1
[ $? = 1 ] && grep -q "^difference: case 2000 of suite 0 ends the runner" "$work/out" && grep -q "^VM entry: 2999 cases.* 0 differ" "$work/out"
verdict "a case that hangs Bochs is reported and the run goes on behind it" $?
# a fault in the spec is found, and told as a C literal with the section
src=$work/src
mkdir -p "$src"
cp -r spec "$src/spec"
ln -s "$PWD/hv" "$src/hv"
sed -i 's/V(GUEST_GDTR_LIMIT) <= 0xffff/V(GUEST_GDTR_LIMIT) <= 0x1ffff/' "$src/spec/entry_guest.def"
gcc -std=gnu11 -O1 -w -I"$src" -I"$src/hv" -c -o "$work/entry.o" "$src/spec/entry.c" &&
	gcc -o "$work/model" "$build"/modelhost/model/*.o "$build"/modelhost/model/host/*.o "$work/entry.o" "$build/libspec.a" -ljson-c
"$work/model" "$build" --entry 20000 --ept 0 >"$work/out" 2>&1
[ $? = 1 ] && grep -q 'SET(GUEST_GDTR_LIMIT, 0x1[0-9a-f]*) } }' "$work/out" && grep -q 'Bochs: exit 33 (guest state), "VMENTER FAIL: VMCS guest GDTR/IDTR limit' "$work/out"
verdict "a seeded fault is found, minimized to one field and printed as a C literal" $?
# emulation equality
make -s emulate >"$work/out" 2>&1 && cp "$work/report.json" "$work/emulated.json" &&
	model/emulate/run "$build" --cases 300 --report "$work/emulated.json" >"$work/out" 2>&1
verdict "generated snippets end natively as under the hypervisor, in ten modes" $?
[ "$(jq .emulation_reasons_checked "$work/emulated.json")" -ge 25 ] && [ "$(jq .emulation_cases "$work/emulated.json")" = 600 ]
verdict "emulation agrees for at least 25 basic exit reasons" $?
mkdir -p "$work/faulty" && cp "$build/oprom.bin" "$work/faulty/" &&
	sed "s/ | RFLAGS_CF);/);/" hv/exit_misc.c >"$work/exit.c" &&
	gcc -std=gnu11 -O2 -w -I. -Ihv -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-strict-aliasing \
		-ffunction-sections -fdata-sections -c -o "$work/exit.o" "$work/exit.c" &&
	WRAP="cpu_enter output_report" model/monitor/link "$work/faulty/hv.elf" $(sed "s|[^ ]*/hv/exit_misc\\.o|$work/exit.o|" "$build/monitor/objects") && objcopy -O binary "$work/faulty/hv.elf" "$work/faulty/hv.bin" &&
	EMULATE_LIBDIR=$work/faulty model/emulate/run "$build" --cases 300 >"$work/out" 2>&1
[ $? = 1 ] && grep -q "^difference in full.*: f" "$work/out"
verdict "a fault seeded into the emulation (RDRAND without CF) is found and shown in full" $?
model/monitor/link "$work/faulty/hv.elf" $(sed "s|[^ ]*/hv/exit_misc\\.o|$work/exit.o|" "$build/monitor/objects") && objcopy -O binary "$work/faulty/hv.elf" "$work/faulty/hv.bin" &&
	EMULATE_LIBDIR=$work/faulty model/emulate/run "$build" --cases 300 >"$work/out" 2>&1
[ $? = 2 ] && grep -q "monitor: exit reason \(57\|61\): GUEST_RFLAGS .* the spec says" "$work/out"
verdict "the same fault is found by the spec of each exit, in the running hypervisor" $?
# translations of a whole guest
make -s "$build/model/walks" >"$work/out" 2>&1 && model/walks/run "$build" 1 2 50 >"$work/out" 2>&1
verdict "a Linux under the hypervisor: the spec translates as the Bochs debugger does" $?
sed "s/u64 offset = (1ull << shift) - 1;/u64 offset = (1ull << shift >> 1) - 1;/" spec/walk.c >"$src/walk.c" &&
	gcc -std=gnu11 -O1 -w -D_GNU_SOURCE -I. -Ihv -o "$work/walks" model/walks/walks.c "$src/walk.c" "$build/libspec.a" &&
	WALKS=$work/walks model/walks/run "$build" 1 2 50 >"$work/out" 2>&1
[ $? = 1 ] && grep -q "^differs: linear" "$work/out"
verdict "a fault in the spec of the walk is found there" $?
# the hypervisor with every VM entry checked by the spec, between the core and the CPU door
make -s monitor guests >"$work/out" 2>&1
REPRISE_LIBDIR=$(realpath "$build/monitor") "$build/reprise" run --kernel "$build/kernel/vmlinuz" --initrd "$build/initramfs.cpio" --timeout 200 </dev/null >"$work/out" 2>&1
[ $? = 0 ] && grep -aq "^GUEST-READY" "$work/out" && grep -aqE "monitor: [0-9]+ VM entries checked, 0 violations" "$work/out" &&
	grep -aqE "monitor: [0-9]+ exits with the effects that the spec predicts, 0 outside its model" "$work/out"
verdict "a Linux boot: every VM entry passes every check, every exit does what the spec says" $?
REPRISE_LIBDIR=$(realpath "$build/monitor-fault") "$build/reprise" run --kernel "$build/kernel/vmlinuz" --initrd "$build/initramfs.cpio" --timeout 100 </dev/null >"$work/out" 2>&1
[ $? = 123 ] && grep -aq "GUEST_RFLAGS_FIXED" "$work/out"
verdict "a seeded fault in an entry stops the machine and names the check" $?
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
