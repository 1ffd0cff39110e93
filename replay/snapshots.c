/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshots.h"

#include "hv/x86.h"
#include "say.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct item {
	const char *name;	/* a format for the index, if there are several */
	u16 offset, step, count, width;
};

#define AT(member) offsetof(struct snapshot, member)
#define WIDTH(member) sizeof(((struct snapshot *)NULL)->member)
#define ONE(text, member) { text, AT(member), 0, 1, WIDTH(member) }
#define EACH(text, member) { text, AT(member), WIDTH(member[0]), WIDTH(member) / WIDTH(member[0]), WIDTH(member[0]) }
#define OF(text, array, member) { text, AT(array[0].member), WIDTH(array[0]), WIDTH(array) / WIDTH(array[0]), WIDTH(array[0].member) }
#define COUNTER(member) OF("PIT counter %u " #member, board.pit.counter, member)
#define CHIP(member) OF("PIC %u " #member, board.pic.chip, member)
#define RTC(member) ONE("RTC " #member, board.rtc.member)
#define UART(member) ONE("UART " #member, board.uart.member)
#define AREA(text, offset, step, count, width) { text, AT(xsave) + (offset), step, count, width }

static const struct item items[] = {
	ONE("CR2", vcpu.cr2), EACH("DR%u", vcpu.dr), ONE("DR6", vcpu.dr6), ONE("XCR0", vcpu.xcr0), ONE("CR8", vcpu.cr8),
	ONE("IA32_STAR", vcpu.msr[SWAP_STAR]), ONE("IA32_LSTAR", vcpu.msr[SWAP_LSTAR]), ONE("IA32_CSTAR", vcpu.msr[SWAP_CSTAR]),
	ONE("IA32_FMASK", vcpu.msr[SWAP_FMASK]), ONE("IA32_KERNEL_GS_BASE", vcpu.msr[SWAP_KERNEL_GS_BASE]),
	ONE("IA32_TSC_AUX", vcpu.msr[SWAP_TSC_AUX]), ONE("IA32_XSS", vcpu.msr[SWAP_XSS]),
	ONE("event to inject", vcpu.event_info),
	ONE("its error code", vcpu.event_error), ONE("its instruction length", vcpu.event_length),
	ONE("NMI pending", vcpu.nmi_pending), EACH("entropy generator, word %u", vcpu.entropy),

	COUNTER(start), COUNTER(load), COUNTER(elapsed), COUNTER(count), COUNTER(next), COUNTER(held), COUNTER(latch), COUNTER(mode),
	COUNTER(access), COUNTER(bcd), COUNTER(gate), COUNTER(active), COUNTER(paused), COUNTER(pending), COUNTER(written),
	COUNTER(null_count), COUNTER(low_first), COUNTER(next_low), COUNTER(write_high), COUNTER(low_byte), COUNTER(read_high),
	COUNTER(latched), COUNTER(status_latched), COUNTER(status),
	ONE("PIT edge", board.pit.edge), ONE("PIT due", board.pit.due), ONE("port 61H", board.pit.control61),

	RTC(base), RTC(shift), RTC(since), RTC(event), EACH("RTC cmos[%u]", board.rtc.cmos), RTC(index), RTC(nmi_masked),
	RTC(flags), RTC(line), RTC(weekday_shift),

	EACH("UART fifo[%u]", board.uart.fifo), UART(head), UART(count), UART(ier), UART(fcr), UART(lcr), UART(mcr),
	UART(overrun), UART(msr), UART(scr), UART(dll), UART(dlm), UART(thre),

	CHIP(irr), CHIP(isr), CHIP(imr), CHIP(line), CHIP(elcr), CHIP(lowest), CHIP(base), CHIP(step), CHIP(icw3),
	CHIP(needs_icw4), CHIP(single), CHIP(read_isr), CHIP(poll), CHIP(special_mask), CHIP(auto_eoi), CHIP(rotate_auto), CHIP(nested),
	ONE("PIC INT", board.pic.intr),

	ONE("PCI address", board.pci.address), ONE("PCI reset control (CF9H)", board.pci.reset_control),
	ONE("i8042 command", board.i8042.command), ONE("next device event", board.event),

	/* SDM 1 10.5.1, 13.4.3 */
	AREA("x87 FCW", 0, 0, 1, 2), AREA("x87 FSW", 2, 0, 1, 2), AREA("x87 FTW", 4, 0, 1, 1), AREA("x87 FOP", 6, 0, 1, 2),
	AREA("x87 FIP", 8, 0, 1, 8), AREA("x87 FDP", 16, 0, 1, 8), AREA("MXCSR", 24, 0, 1, 4), AREA("ST%u", 32, 16, 8, 10),
	AREA("XMM%u", 160, 16, 16, 16), AREA("XSTATE_BV", 512, 0, 1, 8), AREA("YMM%u, high half", 576, 16, 16, 16),
};

static const char *const fields[SNAPSHOT_FIELDS] = {
#define SNAPSHOT_FIELD(name) #name,
#include "hv/input/snapshot.def"
#undef SNAPSHOT_FIELD
};

/* Little-endian bytes as one hexadecimal number. */
static void hex(const u8 *at, u32 width, char *text)
{
	while (width > 1 && at[width - 1] == 0)
		width--;
	for (u32 i = width; i-- > 0; text += 2)
		sprintf(text, "%02X", at[i]);
	strcpy(text, "H");
}

static void say_pair(const char *name, const u8 *found, const u8 *recorded, u32 width)
{
	char a[40], b[40];

	hex(found, width, a);
	hex(recorded, width, b);
	say("  %s: found %s, recorded %s", name, a, b);
}

static void say_item(const struct item *item, u8 *found, u8 *recorded)
{
	char name[64];

	for (u32 i = 0; i < item->count; i++) {
		u32 at = item->offset + i * item->step;

		if (memcmp(found + at, recorded + at, item->width) != 0) {
			snprintf(name, sizeof(name), item->name, i);
			say_pair(name, found + at, recorded + at, item->width);
		}
		memset(found + at, 0, item->width);	/* told */
		memset(recorded + at, 0, item->width);
	}
}

void snapshots_say(const struct snapshot *found, const struct snapshot *recorded)
{
	static struct snapshot a, b;
	char name[64];

	a = *found;
	b = *recorded;
	for (u32 i = 0; i < SNAPSHOT_FIELDS; i++)
		if (a.field[i] != b.field[i] && i != SNAPSHOT_GUEST_RIP && i != SNAPSHOT_GUEST_RSP && i != SNAPSHOT_GUEST_RFLAGS &&
		    i != SNAPSHOT_GUEST_CR3)
			say_pair(fields[i], (const u8 *)&a.field[i], (const u8 *)&b.field[i], 8);
	for (u32 i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		say_item(&items[i], (u8 *)&a, (u8 *)&b);
	for (u32 i = 0; i < sizeof(a.board); i++) {	/* what has no name above: nothing, if that list is complete */
		if (((u8 *)&a.board)[i] == ((u8 *)&b.board)[i])
			continue;
		snprintf(name, sizeof(name), "devices, byte %u of their state", i);
		say_pair(name, (u8 *)&a.board + i, (u8 *)&b.board + i, 1);
	}
}
