/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An input of the exit harness as a guest: assembly of a flat image that carries out VM 0's steps with the instructions that
 * make a processor exit like that, as far as there are such instructions. An exception goes to the next step.
 *
 *   500H where an exception goes on   1000H-3FFFH tables of long mode   7000H stack   7C00H code
 */
#include "guest_image.h"
#include <stdarg.h>
#include "exit.h"
#include "spec/step.h"

enum mode { REAL = 0, PROTECTED = 3, LONG = 6 };	/* of enum player_mode */

static FILE *out;
static enum mode mode;
static u32 number;	/* of the step */

static const char *const names[16] = {
	"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputc('\t', out);
	vfprintf(out, format, args);
	fputc('\n', out);
	va_end(args);
}

/* "%rax" in 64-bit code, else "%eax". */
static void reg(u32 n, char text[8])
{
	snprintf(text, 8, n < 8 ? (mode == LONG ? "%%r%s" : "%%e%s") : "%%%s", names[n]);
}

static void load(u32 n, u64 value)
{
	char text[8];

	reg(n, text);
	if (mode == LONG)
		line("movabs $0x%llx, %s", (unsigned long long)value, text);
	else
		line("movl $0x%x, %s", (u32)value, text);
}

/* About so many instructions that do not exit; a LOOP is one an iteration. */
static void delay(u64 ticks)
{
	if (ticks < 8) {
		for (u64 i = 0; i < ticks; i++)
			line("nop");
		return;
	}
	line(mode == LONG ? "push %%rcx" : "pushl %%ecx");
	line("movl $%u, %%ecx", (u32)(ticks - 3));
	line(mode == REAL ? "1: addr32 loop 1b" : "1: loop 1b");
	line(mode == LONG ? "pop %%rcx" : "popl %%ecx");
}

/* A descriptor table for both modes, vectors that lead to `fault`, and what the mode needs; all from real mode. */
static void enter(enum mode to)
{
	line("cli");
	line("lgdtl gdtr");
	if (to == LONG) {
		line("xorl %%eax, %%eax\n\tmovw $0x1000, %%di\n\tmovw $0xc00, %%cx\n\trep stosl");
		line("movl $0x2007, 0x1000\n\tmovl $0x3007, 0x2000");
		line("movl $0x87, %%eax\n\tmovw $0x3000, %%di\n2: movl %%eax, (%%di)\n\taddl $0x200000, %%eax\n\taddw $8, %%di\n\tcmpw $0x4000, %%di\n\tjne 2b");
		line("movl $0x1000, %%eax\n\tmovl %%eax, %%cr3\n\tmovl %%cr4, %%eax\n\torl $0x20, %%eax\n\tmovl %%eax, %%cr4");
		line("movl $0xc0000080, %%ecx\n\trdmsr\n\torl $0x100, %%eax\n\twrmsr");
	}
	line("movl %%cr0, %%eax\n\torl $0x%x, %%eax\n\tmovl %%eax, %%cr0", to == LONG ? 0x80000001 : 1);
	line("ljmpl $0x%x, $3f\n\t.code%u\n3:", to == LONG ? 0x20 : 0x10, to == LONG ? 64 : 32);
	mode = to;
	line("movl $0x18, %%eax\n\tmovl %%eax, %%ds\n\tmovl %%eax, %%es\n\tmovl %%eax, %%ss\n\tmovl $0x7000, %%esp");
	/* 32 gates of 8 or 16 bytes at 4000H */
	line("movl $0x4000, %%edi\n\tmovl $fault%u, %%eax\n4: movw %%ax, (%%edi)\n\tmovw $0x%x, 2(%%edi)\n\tmovl $0x8e00, 4(%%edi)", to == LONG ? 64 : 32,
	     to == LONG ? 0x20 : 0x10);
	if (to == LONG)
		line("movl $0, 8(%%edi)\n\tmovl $0, 12(%%edi)");
	line("addl $%u, %%edi\n\tcmpl $0x%x, %%edi\n\tjne 4b\n\tlidt idtr", to == LONG ? 16 : 8, 0x4000 + 32 * (to == LONG ? 16 : 8));
}

static const char *io(const u64 *o)
{
	static const char sizes[4] = { 'b', 'w', 'l', 'b' };
	bool in = (o[0] & 4) != 0, string = (o[0] & 16) != 0;
	char size = sizes[o[0] & 3];

	delay(o[2]);
	if (string)
		line("movw $0x%x, %%dx\n\t%s%s%c", (u32)o[1], (o[0] & 32) != 0 ? "rep " : "", in ? "ins" : "outs", size);
	else
		line("movl $0x%x, %%eax\n\tmovw $0x%x, %%dx\n\t%s%c %s", (u32)o[3], (u32)o[1], in ? "in" : "out", size,
		     size == 'b' ? (in ? "%dx, %al" : "%al, %dx") : size == 'w' ? (in ? "%dx, %ax" : "%ax, %dx") : in ? "%dx, %eax" : "%eax, %dx");
	return NULL;
}

static const char *control_register(const u64 *o)
{
	static const u8 crs[4] = { 0, 3, 4, 8 };
	u32 access = (u32)o[0] >> 4 & 3, n = (u32)o[0] & 15, cr = crs[o[1] & 3];
	char text[8];

	if (n == 4 || (mode != LONG && (n > 7 || cr == 8)))
		return "it uses a register that the mode does not have, or the stack pointer";
	if (access == 0)
		load(n, o[2]);
	delay(o[3]);
	reg(n, text);
	if (access == 0)
		line("mov %s, %%cr%u", text, cr);
	else if (access == 1)
		line("mov %%cr%u, %s", cr == 8 ? 8 : 3, text);
	else if (access == 2)
		line("clts");
	else
		line("movw $0x%x, %%ax\n\tlmsw %%ax", (u32)o[2] & 0xffff);
	return NULL;
}

static const char *debug_register(const u64 *o)
{
	u32 n = (u32)o[0] & 15;
	char text[8];

	if (n == 4 || (mode != LONG && n > 7))
		return "it uses a register that the mode does not have, or the stack pointer";
	if ((o[0] & 16) == 0)
		load(n, o[2]);
	delay(o[3]);
	reg(n, text);
	if ((o[0] & 16) == 0)
		line("mov %s, %%db%u", text, (u32)o[1] & 7);
	else
		line("mov %%db%u, %s", (u32)o[1] & 7, text);
	return NULL;
}

static const char *any(const u64 *o)
{
	const u64 as_io[4] = { o[3], o[3] >> 16 & 0xffff, o[2], o[4] };
	static const struct { u32 reason; const char *instruction; } table[] = {
		{ EXIT_CPUID, "cpuid" }, { EXIT_HLT, "hlt" }, { EXIT_INVD, "invd" }, { EXIT_INVLPG, "invlpg 0x500" }, { EXIT_RDPMC, "rdpmc" },
		{ EXIT_RDTSC, "rdtsc" }, { EXIT_VMCALL, "vmcall" }, { EXIT_VMCLEAR, "vmclear 0x508" }, { EXIT_VMLAUNCH, "vmlaunch" },
		{ EXIT_VMPTRLD, "vmptrld 0x508" }, { EXIT_VMPTRST, "vmptrst 0x508" }, { EXIT_VMRESUME, "vmresume" }, { EXIT_VMXOFF, "vmxoff" },
		{ EXIT_VMXON, "vmxon 0x508" }, { EXIT_RDMSR, "rdmsr" }, { EXIT_WRMSR, "wrmsr" }, { EXIT_MWAIT, "mwait" }, { EXIT_MONITOR, "monitor" },
		{ EXIT_PAUSE, "pause" }, { EXIT_RDTSCP, "rdtscp" }, { EXIT_WBINVD, "wbinvd" }, { EXIT_XSETBV, "xsetbv" },
		{ EXIT_RDRAND, "rdrand %eax" }, { EXIT_RDSEED, "rdseed %eax" },
	};

	if (o[0] == EXIT_IO_INSTRUCTION)
		return io(as_io);
	for (u32 i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (table[i].reason != o[0])
			continue;
		delay(o[2]);
		line("%s", table[i].instruction);
		return NULL;
	}
	return "no instruction of the generator makes this exit";
}

static const char *memory(const u64 *o)
{
	if (o[0] >= (mode == REAL ? 0xfff8 : 0x40000000) || (o[0] >= 0x400 && o[0] < 0x10000))
		return "the image itself lies there, or the mode does not reach it";
	line("movl $0x%x, 0x%llx\n\tmovl $0x%x, 0x%llx", (u32)o[1], (unsigned long long)o[0], (u32)(o[1] >> 32), (unsigned long long)o[0] + 4);
	return NULL;
}

/* Null, or why no guest does it. */
static const char *translate(const struct step *step)
{
	const u64 *o = step->operand;

	switch (step->code) {
	case STEP_CPUID:
		line("movl $0x%x, %%eax\n\tmovl $0x%x, %%ecx", (u32)o[0], (u32)o[1]);
		delay(o[2]);
		line("cpuid");
		return NULL;
	case STEP_IO:
		return io(o);
	case STEP_MSR:
		line("movl $0x%x, %%ecx\n\tmovl $0x%x, %%eax\n\tmovl $0x%x, %%edx", (u32)o[1], (u32)o[2], (u32)(o[2] >> 32));
		delay(o[3]);
		line((o[0] & 1) != 0 ? "wrmsr" : "rdmsr");
		return NULL;
	case STEP_CR:
		return control_register(o);
	case STEP_DR:
		return debug_register(o);
	case STEP_EXIT:
		return any(o);
	case STEP_HLT:
		delay(o[0]);
		line("hlt");
		return NULL;
	case STEP_RUN:
		delay(o[0] < 100000000 ? o[0] : 100000000);
		return NULL;
	case STEP_REG:
		if (o[0] % 27 > 15 || o[0] % 27 == 4 || (mode != LONG && o[0] % 27 > 7))
			return "it is no general register that the mode has, or the stack pointer";
		load((u32)o[0] % 27, o[1]);
		return NULL;
	case STEP_FLAGS:
		if ((o[1] & 0xb) > 1 || (o[0] & 0x100) != 0)
			return "blocking by MOV SS or NMI, and single steps, are not made";
		line(mode == LONG ? "push $0x%x\n\tpopf" : mode == REAL ? "pushw $0x%x\n\tpopfw" : "pushl $0x%x\n\tpopfl",
		     (u32)o[0] & ((o[1] & 1) != 0 ? 0x0cd5 : 0x0ed5));
		if ((o[1] & 1) != 0)
			line("sti");
		return NULL;
	case STEP_MEM:
		return memory(o);
	case STEP_MODE:
		if (o[0] % 10 == (u64)mode)
			return NULL;
		if (mode != REAL || (o[0] % 10 != PROTECTED && o[0] % 10 != LONG))
			return "the image goes from real mode to 32-bit protected or to long mode only";
		enter((enum mode)(o[0] % 10));
		return NULL;
	case STEP_EPT:
		if (mode == REAL || (o[2] & 7) != 1 || (o[3] & 0x80000000) != 0 || o[0] << 8 > 0x3fffff00)
			return "only a read outside RAM is made, in protected or long mode";
		delay(o[4]);
		line("movb 0x%llx, %%al", (unsigned long long)(o[0] << 8 | (o[1] & 0xff)));
		return NULL;
	case STEP_CONSOLE: case STEP_CLOCK:
		return "it happens on the host";
	default:
		return "a guest cannot make it happen at will";
	}
}

static void tail(void)
{
	fputs("\t.code16\nfault16:\n\tmovw $0x7000, %sp\n\tjmp *0x500\n"
	      "\t.code32\nfault32:\n\tmovl $0x7000, %esp\n\tjmp *0x500\n"
	      "\t.code64\nfault64:\n\tmovl $0x7000, %esp\n\tjmp *0x500\n"
	      "\t.balign 8\ngdt:\t.quad 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff\n"
	      "gdtr:\t.word 39\n\t.long gdt\nidtr:\t.word 511\n\t.quad 0x4000\n", out);
}

u32 guest_image(const u8 *data, size_t size, FILE *assembly, FILE *notes)
{
	static struct step steps[STEPS_MAX];
	u32 n = steps_decode(data, size, steps, STEPS_MAX), left_out = 0;
	u32 start = n > 0 ? (u32)steps[0].operand[2] % 3 : 0;

	out = assembly;
	mode = REAL;
	fputs("\t.code16\n\t.globl _start\n_start:\n\tcli\n\txorw %ax, %ax\n\tmovw %ax, %ds\n\tmovw %ax, %es\n\tmovw %ax, %ss\n\tmovw $0x7000, %sp\n"
	      "\tmovw $0, %di\n1: movw $fault16, (%di)\n\tmovw $0, 2(%di)\n\taddw $4, %di\n\tcmpw $128, %di\n\tjne 1b\n", out);
	if (start != 0)
		enter(start == 2 ? LONG : PROTECTED);
	for (number = 1; number < n; number++) {
		const char *why;

		/* where an exception of this step goes on; a pointer of the mode's size */
		fprintf(out, "step%u:\n", number);
		line(mode == REAL ? "movw $step%u, 0x500" : mode == LONG ? "movq $step%u, 0x500" : "movl $step%u, 0x500", number + 1);
		why = translate(&steps[number]);
		if (why == NULL)
			continue;
		left_out++;
		fprintf(notes, "step %u (%s) is left out: %s\n", number, step_kind(steps[number].code)->name, why);
	}
	fprintf(out, "step%u:\n", number);
	line("xorl %%eax, %%eax\n\toutb %%al, $0xf4\n5: hlt\n\tjmp 5b");
	tail();
	return left_out;
}
