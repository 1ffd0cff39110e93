/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that runs generated snippets (case.c), each with its registers, segments, pages and mode, up to the first trap, and
 * prints one line a case: a hash of all that is to be seen afterwards, or all of it. The same binary runs on bare Bochs and
 * under the hypervisor. The linker gives seed, first case, count and whether to print all (emulate_*).
 */
#include "guest.h"
#include "model/emulate/case.h"

struct run { u64 gpr[16], ip, cs, flags, ss, ds, es, fs, gs, start, end, vector, error, harness, kind; };
#define run ((volatile struct run *)AT_RUN)
void run_enter(void);
void run_enter_real(void);
extern u8 run_vector[256][16], real_begin[], real_end[], real_common[];
extern u8 emulate_seed[], emulate_first[], emulate_count[], emulate_all[];

#define SEL_DATA 0x68
#define SEL_DOWN 0x70
#define SEL_READ_ONLY 0x78
#define SEL_TASK_HOME 0x80	/* 32-bit: the harness's own; 64-bit: the only one */
#define SEL_TASK 0x90
#define CS3_32 (sizeof(reg) == 8 ? CS3 : CS3)

static struct emulate_case c;
static u32 idt_stack[1024] __attribute__((aligned(16)));
static u64 idt[512] __attribute__((aligned(16)));
static u64 tables[8][512] __attribute__((aligned(PAGE)));
static u32 tss[26 + 2049] __attribute__((aligned(16)));
static bool native;
struct table { u16 limit; reg base; } __attribute__((packed));

static void put(const char *s)
{
	while (*s != '\0')
		outb(0xe9, (u8)*s++);
}

static void put_hex(u64 v)
{
	int shift = 60;

	while (shift > 0 && v >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		outb(0xe9, (u8)"0123456789abcdef"[v >> shift & 15]);
}

/* ---- paging: an identity map whose first 2 or 4 MiB are in 4 KiB pages */
static u64 *pte64 = tables[3];
static u32 *pte32 = (u32 *)tables[5];

static void tables_build(void)
{
	u32 *directory = (u32 *)tables[4];

	tables[0][0] = (reg)tables[1] | 7;		/* PML4, page-directory-pointer table, page directory */
	tables[1][0] = (reg)tables[2] | 7;
	tables[6][0] = (reg)tables[2] | 1;		/* PAE */
	tables[2][0] = (reg)tables[3] | 7;
	for (u64 i = 1; i < 512; i++)
		tables[2][i] = i << 21 | 0x83;
	for (u32 i = 0; i < 512; i++)
		tables[3][i] = (u64)i * PAGE | 3;
	directory[0] = (u32)(reg)pte32 | 7;
	for (u32 i = 1; i < 1024; i++)
		directory[i] = i << 22 | 0x83;
	for (u32 i = 0; i < 1024; i++)
		pte32[i] = i * PAGE | 3;
}

static void page(u32 address, u32 bits)
{
	if (c.paging == PAGING_32)
		pte32[address / PAGE] = address | bits;
	else
		pte64[address / PAGE] = address | bits;
	if (c.paging != PAGING_OFF)
		invlpg((void *)(reg)address);
}

static u32 page_flags(u32 address)
{
	return (u32)(c.paging == PAGING_32 ? pte32[address / PAGE] : pte64[address / PAGE]) & 0xfff;
}

static void paging(void)
{
	static const u32 bits[PAGE_STATES] = { 3, 2, 1, 7 };
	bool user = c.mode == MODE_LONG_USER || c.mode == MODE_COMPAT_USER || c.mode == MODE_PROTECTED_USER || c.mode == MODE_V86;

	if (sizeof(reg) == 4) {
		write_cr0(CR0_PE | CR0_ET | CR0_NE);
		write_cr4(CR4_OSXSAVE | (c.paging == PAGING_PAE ? CR4_PAE : c.paging == PAGING_32 ? CR4_PSE : 0));
		write_cr3(c.paging == PAGING_PAE ? (reg)tables[6] : c.paging == PAGING_32 ? (reg)tables[4] : 0);
		if (c.paging != PAGING_OFF)
			write_cr0(CR0_PG | CR0_PE | CR0_ET | CR0_NE | CR0_WP);
	}
	for (u32 i = 0; i < DATA_PAGES; i++)
		page(AT_DATA + i * PAGE, bits[c.page[i]] | (user && c.page[i] != PAGE_USER ? 4 : 0));
	for (u32 i = 0; i < 2; i++)
		page(AT_CODE + i * PAGE, (i == 1 && c.code_absent ? 2 : 3) | (user ? 4 : 0));
	page(AT_STACK & ~(PAGE - 1), user ? 7 : 3);
}

/* ---- before and after */
static u32 selector(u32 segment)
{
	bool user = c.mode == MODE_LONG_USER || c.mode == MODE_COMPAT_USER || c.mode == MODE_PROTECTED_USER;

	switch (segment) {
	case SEGMENT_NULL: return 0;
	case SEGMENT_DATA: return SEL_DATA | (user ? 3 : 0);
	case SEGMENT_DOWN: return SEL_DOWN | (user ? 3 : 0);
	case SEGMENT_READ_ONLY: return SEL_READ_ONLY | (user ? 3 : 0);
	default: return user ? DS3 : c.mode == MODE_PROTECTED_16 || c.mode == MODE_COMPAT_16 ? DS0 : DS0;
	}
}

static void task_build(void)
{
	volatile u32 *old = (u32 *)AT_TASKS, *new = (u32 *)(AT_TASKS + AT_NEW_TASK);

	for (u32 i = 0; i < 26; i++)
		old[i] = new[i] = 0;
	old[1] = (u32)(reg)(idt_stack + 1024);
	old[2] = DS0;
	old[25] = new[25] = 104u << 16;
	new[1] = (u32)(reg)(idt_stack + 1024);
	new[2] = DS0;
	new[7] = sizeof(reg) == 4 ? (u32)read_cr3() : 0;
	new[8] = AT_TASK_CODE;
	new[9] = 2 | (u32)(c.gpr[1] & 0x8d5);
	for (u32 i = 0; i < 8; i++)
		new[10 + i] = (u32)c.gpr[8 + i];
	new[14] = AT_STACK;
	new[18] = new[20] = new[21] = new[22] = new[23] = DS0;
	new[19] = CS0;
	gdt_tss(SEL_TASK, (void *)(reg)(AT_TASKS + AT_NEW_TASK), c.task_fault == 3 ? 40 : 103);
	if (c.task_fault == 1)
		gdt[SEL_TASK / 8] |= 2ull << 40;
	if (c.task_fault == 2)
		gdt[SEL_TASK / 8] &= ~(1ull << 47);
}

static void home(bool tasks)
{
	gdt_tss(SEL_TASK_HOME, tasks ? (void *)(reg)AT_TASKS : (void *)tss, tasks ? 103 : sizeof(tss) - 1);
	asm volatile("ltr %w0" : : "r"(SEL_TASK_HOME) : "memory");
}

static void prepare(void)
{
	static const u32 code[MODES] = { CS0, CS3_64, CS32, CS3, CS16, CS0, CS3, CS16, 0, 0 };
	u64 *data = (u64 *)AT_DATA;
	bool user = c.mode == MODE_LONG_USER || c.mode == MODE_COMPAT_USER || c.mode == MODE_PROTECTED_USER;
	bool real = c.mode == MODE_REAL || c.mode == MODE_V86;

	paging();
	if (c.paging != PAGING_OFF)	/* the harness writes everywhere */
		write_cr0(read_cr0() & ~CR0_WP);
	for (u32 i = 0; i < DATA_PAGES; i++)
		if (c.page[i] == PAGE_ABSENT)
			page(AT_DATA + i * PAGE, 3);
	if (c.code_absent)
		page(AT_CODE + PAGE, 3);
	for (u32 i = 0; i < DATA_PAGES * PAGE / 8; i++)
		data[i] = i * 0x9e3779b97f4a7c15ull;
	memset((void *)AT_CODE, 0xcc, 2 * PAGE);
	memcpy((void *)(reg)(AT_CODE + c.ip), c.code, c.bytes);
	if (c.task)
		task_build();
	for (u32 i = 0; i < 16; i++)
		run->gpr[i] = c.gpr[i];
	run->gpr[4] = AT_STACK;
	run->ip = AT_CODE + c.ip;
	run->cs = code[c.mode];
	run->flags = c.flags | 2 | (c.mode == MODE_V86 ? 1u << 17 | 3u << 12 : 0);
	run->ss = real ? 0 : user ? DS3 : DS0;
	run->ds = real ? AT_DATA >> 4 : selector(c.ds);
	run->es = real ? AT_DATA >> 4 : selector(c.es);
	run->fs = real ? AT_DATA >> 4 : selector(c.fs);
	run->gs = real ? AT_DATA >> 4 : selector(c.gs);
	run->kind = user ? 1 : c.mode == MODE_V86 ? 2 : 0;
	for (u32 i = 0; i < 4; i++)
		asm volatile("" : : : "memory");
	if (c.debug) {
		write_dr7(0x400);
		write_dr6(0xffff0ff0);
		write_dr0(0x1000);
		write_dr1(0x2000);
		write_dr2(0x3000);
		write_dr3(0x4000);
	}
	if (c.task)
		home(true);
	if (c.timer)
		pit_start(0, 0, 50);
	outb(0x21, c.timer ? 0xfe : 0xff);
	if (c.io) {	/* what a snippet may read */
		outl(0xcf8, 0x80123454);
		outb(0x3ff, 0x5a);
	}
	paging();
	if (c.paging != PAGING_OFF)
		write_cr0(read_cr0() | CR0_WP);
	if (c.cr4 != 0)
		write_cr4(read_cr4() | (reg)c.cr4);
	if (c.cr0 != 0)
		write_cr0(read_cr0() | (reg)c.cr0);
}

#define SEEN 64
static u64 seen[SEEN];
static const char *seen_name[SEEN];
static u32 seen_count;

static void see(const char *name, u64 value)
{
	seen_name[seen_count] = name;
	seen[seen_count++] = value;
}

static void look(void)
{
	static const char *const names[16] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
	u64 hash = 0xcbf29ce484222325ull, *data = (u64 *)AT_DATA;
	reg cr0 = read_cr0(), cr2 = read_cr2(), cr3 = read_cr3(), cr4 = read_cr4();
	u32 flags[DATA_PAGES];

	seen_count = 0;
	for (u32 i = 0; i < DATA_PAGES; i++)
		flags[i] = page_flags(AT_DATA + i * PAGE);
	write_cr4((cr4 & ~(CR4_SMAP | CR4_SMEP)));
	if (c.paging != PAGING_OFF)
		write_cr0((cr0 | CR0_PG) & ~CR0_WP);
	if (c.policy == SAME_TSC && run->ip >= AT_CODE + c.ip + c.bytes) {
		u64 now = (u32)run->gpr[0] | run->gpr[2] << 32;

		see("tsc", now - run->start);
		run->gpr[0] = run->gpr[2] = 0;
	}
	see("v", run->vector);
	see("e", run->error);
	if (c.policy != SAME_UNTIMED)
		see("t", run->end - run->start);
	see("ip", run->ip - AT_CODE);
	see("cs", run->cs);
	see("f", run->flags);
	for (u32 i = 0; i < 16; i++)
		if (run->gpr[i] != (i == 4 ? AT_STACK : c.gpr[i]))
			see(names[i], run->gpr[i]);
	see("ss", run->ss);
	see("ds", run->ds);
	see("es", run->es);
	see("fs", run->fs);
	see("gs", run->gs);
	see("cr0", cr0);
	if (run->vector == PF)
		see("cr2", cr2);
	see("cr3", c.paging == PAGING_OFF ? 0 : cr3);
	see("cr4", cr4);
#ifdef __x86_64__
	see("cr8", read_cr8());
	see("aux", c.policy == SAME_TSC ? run->gpr[1] : 0);
#endif
	if (c.debug) {
		see("dr0", read_dr0());
		see("dr1", read_dr1());
		see("dr2", read_dr2());
		see("dr3", read_dr3());
		see("dr7", read_dr7());
	}
	if (c.debug || run->vector == DB)
		see("dr6", read_dr6());
	if (c.xcr0) {
		u32 low, high;

		asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
		see("xcr0", low | (u64)high << 32);
	}
	if (c.msr != 0 && c.policy == SAME)
		see("msr", rdmsr(c.msr));
	for (u32 i = 0; i < DATA_PAGES; i++) {
		if (c.paging != PAGING_OFF)
			see("pte", flags[i]);
		if (c.page[i] == PAGE_ABSENT)
			page(AT_DATA + i * PAGE, 3);
	}
	for (u32 i = 0; i < DATA_PAGES * PAGE / 8; i++)
		hash = (hash ^ data[i]) * 0x100000001b3ull;
	see("mem", hash);
	if (c.task) {
		u32 tr;

		asm volatile("str %0" : "=r"(tr));
		see("tr", tr);
		see("tss", gdt[SEL_TASK / 8]);
		see("home", gdt[SEL_TASK_HOME / 8]);
		hash = 0;
		for (u32 i = 0; i < PAGE / 4; i++)
			hash = (hash ^ ((u32 *)AT_TASKS)[i]) * 0x100000001b3ull;
		see("tasks", hash);
	}
}

/* Back to what the next case begins with. */
static void clean(void)
{
	write_cr4(sizeof(reg) == 8 ? CR4_PAE | CR4_OSXSAVE | CR4_PGE : CR4_OSXSAVE | (read_cr4() & (CR4_PAE | CR4_PSE)));
	write_cr0(CR0_PE | CR0_ET | CR0_NE | (c.paging != PAGING_OFF ? CR0_PG | CR0_WP : 0));
#ifdef __x86_64__
	write_cr3((reg)tables[0]);
	write_cr8(0);
#endif
	if (c.debug) {
		write_dr7(0x400);
		write_dr6(0xffff0ff0);
	}
	if (c.msr == MSR_EFER)
		wrmsr(MSR_EFER, sizeof(reg) == 8 ? 0x501 : 0);
	if (c.msr == 0x277)
		wrmsr(0x277, 0x0007040600070406ull);
	if (c.msr >= 0x174 && c.msr <= 0x176)
		wrmsr(c.msr, 0);
	if (c.msr == 0x1d9)
		wrmsr(0x1d9, 0);
	if (c.task)
		home(false);
	if (c.timer)
		pic_eoi(0);
	asm volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
}

static void print(u64 number)
{
	u64 hash = 0xcbf29ce484222325ull;
	bool all = (reg)emulate_all != 0 || c.shown || c.policy >= POLICY_SHOWN;

	put("#");
	if (!all) {
		for (u32 i = 0; i < seen_count; i++)
			hash = ((hash ^ seen[i]) * 0x100000001b3ull) ^ (hash >> 29);
		put_hex((u32)(hash ^ hash >> 32));
	} else {
		put_hex(number);
		for (u32 i = 0; i < seen_count; i++) {
			put(" ");
			put(seen_name[i]);
			put("=");
			put_hex(seen[i]);
		}
	}
	put("\n");
}

/* What the native run has in place of an instruction that the hypervisor means to treat otherwise. */
static void stand_in(void)
{
	if (c.policy == POLICY_UD) {
		c.code[c.at] = 0x0f, c.code[c.at + 1] = 0x0b;
		c.bytes = c.at + 2;
	} else if (c.policy == POLICY_GP) {
		memset(c.code + c.at, 0x66, 16);
		c.bytes = c.at + 16;
	} else if (c.policy == POLICY_VMCALL) {
		c.code[c.at] = 0x0f, c.code[c.at + 1] = 0x1f, c.code[c.at + 2] = 0;
	}
}

static void begin(void)
{
	struct table idtr = { sizeof(reg) == 8 ? sizeof(idt) - 1 : sizeof(idt) / 2 - 1, (reg)idt };
	u16 *ivt = NULL;

	tables_build();
	gdt[SEL_DATA / 8] = gdt_segment(AT_DATA, 0x1fff, 0xf3, 4);
	gdt[SEL_DOWN / 8] = gdt_segment(0, 0x10, 0xf7, 0xc);
	gdt[SEL_READ_ONLY / 8] = gdt_segment(0, 0xfffff, 0xf1, 0xc);
	*(u64 *)&tss[1] = (reg)(idt_stack + 1024);
#ifdef __x86_64__
	*(u64 *)&tss[9] = (reg)(idt_stack + 1024);
#else
	tss[2] = DS0;
#endif
	tss[25] = 104u << 16;
	memset(&tss[26], 0xff, sizeof(tss) - 104);
	((u8 *)&tss[26])[0x3f8 / 8] = 0x7f;	/* 3FFH and 500H to 507H are open */
	((u8 *)&tss[26])[0x500 / 8] = 0;
	for (u32 i = 0; i < 256; i++) {
		reg at = (reg)run_vector[i];
		u64 low = (at & 0xffff) | (u64)CS0 << 16 | (u64)(sizeof(reg) == 8) << 32 |
			  (u64)(0x8e | (i == BP || i == OF || i == 0x80 ? 0x60 : 0)) << 40 | (u64)(at >> 16 & 0xffff) << 48;

		idt[sizeof(reg) == 8 ? 2 * i : i] = low;
	}
	asm volatile("lidt %0" : : "m"(idtr));
	home(false);
	for (u32 i = 0; i < 256; i++) {	/* PUSH i; JMP real_common */
		u8 *v = (u8 *)(reg)(AT_REAL_VECTORS + 8 * i);
		u16 to = (u16)(AT_REAL_CODE + (real_common - real_begin) - (AT_REAL_VECTORS + 8 * i + 6));

		v[0] = 0x68, v[1] = (u8)i, v[2] = 0, v[3] = 0xe9, v[4] = (u8)to, v[5] = (u8)(to >> 8);
		asm volatile("" : "+r"(ivt));
		ivt[2 * i] = (u16)(AT_REAL_VECTORS + 8 * i);
		ivt[2 * i + 1] = 0;
	}
	memcpy((void *)AT_REAL_CODE, real_begin, (reg)(real_end - real_begin));
	pic_start(0xfffe);
#ifdef __x86_64__
	write_cr3((reg)tables[0]);
	write_cr4(CR4_PAE | CR4_OSXSAVE | CR4_PGE);
	wrmsr(MSR_EFER, 0x501);
	write_cr0(CR0_PG | CR0_PE | CR0_ET | CR0_NE | CR0_WP);
#else
	write_cr4(CR4_OSXSAVE);
	write_cr0(CR0_PE | CR0_ET | CR0_NE);
#endif
	wrmsr(0xc0000103, 0x1234);
	asm volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
	native = !on_reprise();
}

void guest_main(void)
{
	struct table idtr = { sizeof(reg) == 8 ? sizeof(idt) - 1 : sizeof(idt) / 2 - 1, (reg)idt };

	begin();
	for (reg n = (reg)emulate_first; n < (reg)emulate_first + (reg)emulate_count; n++) {
		emulate_generate((reg)emulate_seed, n, sizeof(reg) == 8, &c);
		if (native)
			stand_in();
		prepare();
		if (c.mode == MODE_REAL)
			run_enter_real();
		else
			run_enter();
		asm volatile("lidt %0" : : "m"(idtr));
		look();
		clean();
		print(n);
	}
	guest_success();
}
