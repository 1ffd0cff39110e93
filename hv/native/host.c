/* SPDX-License-Identifier: BSD-2-Clause */
/* The host as the machine gives it: COM1 as the link to the tool (hv/link.h), the PIT as its clock, ATA disks. */
#include "host.h"
#include "ata.h"
#include "console.h"
#include "input.h"
#include "io.h"
#include "native.h"
#include "plan.h"
#include "serial.h"

#define PIT_HZ 1193182ull
#define NEXT_BYTE_POLLS 200u	/* a byte on the wire takes about 350 ticks at Bochs's 4 MHz */

static u32 link_mode = PLAN_LINK_FRAMED;
static vm_id out_vm;

void native_link(u32 link)
{
	link_mode = link;
}

/* Takes what the wire has. After a byte the next one is a character time away: wait for it, pasted text comes whole. */
static void pump(void)
{
	u32 polls = 0;

	while (console_has_room() && polls < NEXT_BYTE_POLLS) {
		int byte = serial_try_get();

		if (byte >= 0)
			console_feed((u8)byte, link_mode == PLAN_LINK_FRAMED);
		else if (polls == 0 && console_is_idle())
			return;
		polls = byte >= 0 ? 1 : polls + 1;
	}
}

bool host_console_waits(vm_id vm)
{
	if (console.queue[vm].count == 0)
		pump();
	return console.queue[vm].count > 0;
}

u32 host_console(vm_id vm)
{
	return host_console_waits(vm) ? console_take(vm) : INPUT_NONE;
}

/* PIT channel 0 in mode 2 with the longest period: 65536 counts, 54.9 ms. Called at least that often. */
u64 host_clock(void)
{
	static u64 counts;
	static u32 last;
	static bool running;
	u32 now;

	if (!running) {
		io_outb(0x43, 0x34);
		io_outb(0x40, 0);
		io_outb(0x40, 0);
	}
	io_outb(0x43, 0x00);
	now = io_inb(0x40);
	now |= (u32)io_inb(0x40) << 8;
	if (running)
		counts += (last - now) & 0xffffu;
	running = true;
	last = now;
	return counts / PIT_HZ * TICKS_PER_SECOND + counts % PIT_HZ * TICKS_PER_SECOND / PIT_HZ;
}

static enum ata_disk ata_of(enum host_disk disk)
{
	return disk == HOST_DISK_JOURNAL ? ATA_JOURNAL : ATA_OUTPUT;
}

bool host_disk_read(enum host_disk disk, u64 sector, u64 count, u64 hpa)
{
	return ata_read(ata_of(disk), sector, count, hpa);
}

bool host_disk_write(enum host_disk disk, u64 sector, u64 count, u64 hpa)
{
	return ata_write(ata_of(disk), sector, count, hpa);
}

static void frame(u8 kind, const u8 *bytes, u32 count)
{
	serial_put(LINK_ESCAPE);
	serial_put(kind);
	serial_put((u8)count);
	serial_put((u8)(count >> 8));
	for (u32 i = 0; i < count; i++)
		serial_put(bytes[i]);
	if (kind == LINK_REPORT)
		serial_flush();	/* rare, and the tool waits for them */
	else
		serial_drain();
}

void output_console(vm_id vm, u8 byte)
{
	if (link_mode == PLAN_LINK_TEXT) {
		if (vm == 0)
			serial_put(byte);
		serial_drain();
		return;
	}
	if (vm != out_vm) {
		serial_put(LINK_ESCAPE);
		serial_put(LINK_SELECT);
		serial_put((u8)vm);
		out_vm = vm;
	}
	if (byte == LINK_ESCAPE)
		serial_put(byte);
	serial_put(byte);
	serial_drain();
}

void output_message(const char *text)
{
	u32 length = 0;

	while (text[length] != '\0' && length < LINK_MESSAGE_MAX)
		length++;
	if (link_mode == PLAN_LINK_FRAMED) {
		frame(LINK_MESSAGE, (const u8 *)text, length);
		return;
	}
	for (const char *s = "reprise: "; *s != '\0'; s++)
		serial_put((u8)*s);
	for (u32 i = 0; i < length; i++)
		serial_put((u8)text[i]);
	serial_put('\r');
	serial_put('\n');
	serial_drain();
}

void output_report(const struct link_report *report)
{
	if (link_mode == PLAN_LINK_FRAMED)
		frame(LINK_REPORT, (const u8 *)report, sizeof(*report));
}

void output_drain(void)
{
	serial_drain();
}

void native_flush(void)
{
	serial_flush();
}
