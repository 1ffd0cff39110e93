#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/explain.sh BUILD: `reprise explain` on what people paste. Ends in "N passed, N failed".
# seconds: 6
set -u
reprise=$1/reprise
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
verdict() { # SENTENCE STATUS-OF-TEST
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
		head -n 12 "$work/out" "$work/err"
	fi
}
explain() { "$reprise" explain "$@" >"$work/out" 2>"$work/err"; }
checks() { explain --json "$@"; jq -r '[.failed[].check] | sort | join(" ")' "$work/out"; }
data=tests/explain

[ "$(checks $data/kvm-new.txt)" = "GUEST_LONG_PAE TR_TYPE_LONG" ]
verdict "a dump of a recent KVM from dmesg: the two checks that fail" $?
[ "$(checks $data/kvm-old-wrapped.txt)" = "EVENT_ERROR_CODE_REAL GUEST_CR0_PG_PE VPID_NONZERO" ]
verdict "an older KVM's dump from a syslog, with wrapped lines" $?
explain --json $data/kvm-old-wrapped.txt
jq -e '.undecided | index("IO_BITMAP_A_ALIGNED") != null and index("GUEST_CR3_WIDTH") == null' "$work/out" >/dev/null
verdict "checks that need what the dump does not contain are listed as not decidable" $?
[ "$(checks $data/xen.txt)" = "CS_DPL_NONCONFORMING STI_AND_MOV_SS" ]
verdict "Xen's dump from xl dmesg" $?
explain --cpu tigerlake $data/bochs-region.txt
[ $? = 2 ] && grep -q '^No check of VM entry fails' "$work/out"
verdict "a hex dump of a valid VMCS region of Bochs: nothing fails, memory is not known: status 2" $?
explain <$data/kvm-new.txt
[ $? = 1 ] && grep -q 'nearest legal value: GUEST_CR4 = 0x2070' "$work/out" && grep -q '26.3.1.1' "$work/out" &&
	grep -q 'exit reason 33' "$work/out" && grep -q 'GUEST_CR4 = 0x2050 (PSE MCE VMXE)' "$work/out"
verdict "from a pipe: outcome, section, decoded value and the nearest legal value; status 1" $?
# shellcheck disable=SC2016
sed -E 's/^\[[^]]*\] /<4>[Tue Mar  3 11:20:07 2026] /' $data/kvm-new.txt | fold -s -w 60 >"$work/folded"
[ "$(checks "$work/folded")" = "GUEST_LONG_PAE TR_TYPE_LONG" ]
verdict "other log prefixes, folded at 60 columns" $?
echo '{ "GUEST_RFLAGS": "0x0", "guest": { "0x681e": 4096, "VM_ENTRY_CONTROLS": "0x11fb" }, "MAXPHYADDR": 40, "GUEST_CR3": "0x10000000000" }' >"$work/json"
[ "$(checks "$work/json")" = "GUEST_CR3_WIDTH GUEST_RFLAGS_FIXED" ]
verdict "JSON: names and encodings, nested objects, capabilities" $?
printf 'GUEST_RFLAGS = 0x0 # reserved bit 1\nHOST_TR_SELECTOR: 0\n0x6c00 0x80010033\n' >"$work/fields"
[ "$(checks "$work/fields")" = "GUEST_RFLAGS_FIXED HOST_TR_NULL" ]
verdict "a list of fields with =, : and blanks" $?
"$reprise" record --kernel "$(dirname "$reprise")/guests/long/marks" --memory 16M --append "" -o "$work/marks.rpl" </dev/null >"$work/out" 2>&1 &&
	explain --at 50% "$work/marks.rpl" && grep -q "^No check of VM entry fails" "$work/out" &&
	explain --at e3 --json "$work/marks.rpl" && [ "$(jq ".undecided | length" "$work/out")" = 0 ]
verdict "a recording at a position: its VMCS, with nothing undecided" $?
echo "hello" | explain
[ $? = 121 ] && grep -q 'no VMCS field in it' "$work/err"
verdict "something else is refused with a message" $?
explain --cpu 486
[ $? = 64 ]
verdict "a wrong option ends with 64" $?
explain "$work/nowhere"
[ $? = 121 ]
verdict "a file that does not exist ends with 121" $?
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
