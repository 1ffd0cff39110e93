/* SPDX-License-Identifier: BSD-2-Clause */
/* ATA PIO: READ and WRITE MULTIPLE, 16 sectors a block, 256 a command. */
#include "ata.h"
#include "io.h"

#define BLOCK 16u
#define COMMAND_MAX 256u
#define WAIT 10000000u
#define STATUS_BSY 0x80u
#define STATUS_DF 0x20u
#define STATUS_DRQ 0x08u
#define STATUS_ERR 0x01u
#define READ_MULTIPLE 0xc4u
#define WRITE_MULTIPLE 0xc5u
#define SET_MULTIPLE 0xc6u
#define SECTOR_BYTES 512u

static u16 base(enum ata_disk disk)
{
	return disk == ATA_BOOT ? 0x1f0 : 0x170;
}

/* Waits for BSY to go; `want` is DRQ or 0. */
static bool ready(u16 port, u32 want)
{
	for (u32 i = 0; i < WAIT; i++) {
		u32 status = io_inb((u16)(port + 7));

		if (status == 0xff)
			return false;	/* nothing there */
		if ((status & STATUS_BSY) != 0)
			continue;
		if ((status & (STATUS_ERR | STATUS_DF)) != 0)
			return false;
		if ((status & STATUS_DRQ) == want)
			return true;
	}
	return false;
}

static void command(enum ata_disk disk, u64 sector, u32 count, u8 code)
{
	u32 slave = disk == ATA_OUTPUT ? 0x10u : 0;
	u16 port = base(disk);

	io_outb((u16)(port + 2), (u8)count);
	io_outb((u16)(port + 3), (u8)sector);
	io_outb((u16)(port + 4), (u8)(sector >> 8));
	io_outb((u16)(port + 5), (u8)(sector >> 16));
	io_outb((u16)(port + 6), (u8)(0xe0u | slave | (sector >> 24 & 0xf)));
	io_outb((u16)(port + 7), code);
}

static bool set_multiple(enum ata_disk disk)
{
	static bool done[3];
	u16 port = base(disk);

	if (done[disk])
		return true;
	io_outb((u16)(port + 0x206), 0x02);	/* device control: no interrupts */
	command(disk, 0, BLOCK, SET_MULTIPLE);
	done[disk] = ready(port, 0);
	return done[disk];
}

static bool transfer(enum ata_disk disk, u64 sector, u64 count, u64 hpa, bool write)
{
	u16 port = base(disk);

	if (!set_multiple(disk) || sector + count > (1ull << 28))
		return false;
	while (count > 0) {
		u32 left = count < COMMAND_MAX ? (u32)count : COMMAND_MAX;

		command(disk, sector, left, write ? WRITE_MULTIPLE : READ_MULTIPLE);
		sector += left;
		count -= left;
		while (left > 0) {
			u32 block = left < BLOCK ? left : BLOCK;

			if (!ready(port, STATUS_DRQ))
				return false;
			if (write)
				io_outsl(port, hpa, block * SECTOR_BYTES / 4);
			else
				io_insl(port, hpa, block * SECTOR_BYTES / 4);
			hpa += block * SECTOR_BYTES;
			left -= block;
		}
		if (!ready(port, 0))
			return false;
	}
	return true;
}

bool ata_read(enum ata_disk disk, u64 sector, u64 count, u64 hpa)
{
	return transfer(disk, sector, count, hpa, false);
}

bool ata_write(enum ata_disk disk, u64 sector, u64 count, u64 hpa)
{
	return transfer(disk, sector, count, hpa, true);
}
