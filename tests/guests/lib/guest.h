/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest under test can use: an end (success, skip, error, failure), checks, a console, traps that can be
 * survived, ports, control registers, MSRs, paging, the PIC and the PIT. The same for 64-bit (long/) and 32-bit
 * (protected/) guests. A guest is one file with guest_main(); its first comment says what it checks.
 */
#ifndef GUEST_H
#define GUEST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long reg;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* ---- how a guest ends: port F4H */
#define STATUS_SUCCESS 0
#define STATUS_FAILURE 1
#define STATUS_SKIP 77
#define STATUS_ERROR 99
__attribute__((noreturn)) void guest_exit(u32 status);
__attribute__((noreturn)) void guest_success(void);	/* or a failure, if a check failed before */
__attribute__((noreturn, format(printf, 1, 2))) void guest_failure(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void guest_skip(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void guest_error(const char *format, ...);	/* the guest cannot test */
void guest_main(void);
extern reg guest_argument;	/* RSI (boot_params) or EBX (multiboot information) at the start */

/* ---- checks: a failed one is printed, and the guest goes on to its end */
void guest_check(const char *file, u32 line, const char *what, u64 got, u64 want);
#define EXPECT(got, want) guest_check(__FILE__, __LINE__, #got, (u64)(got), (u64)(want))
#define CHECK(condition) guest_check(__FILE__, __LINE__, #condition, (condition) ? 1 : 0, 1)

/* ---- console (port E9H): %s %c %d %u %x with l or ll */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* The command line, "" if there is none. */
const char *guest_command_line(void);
void *memset(void *to, int value, reg bytes);
void *memcpy(void *to, const void *from, reg bytes);
int memcmp(const void *a, const void *b, reg bytes);

/* ---- traps */
enum {
	DE = 0, DB = 1, NMI = 2, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, DF = 8, TS = 10, NP = 11, SS = 12, GP = 13, PF = 14,
	MF = 16, AC = 17, MC = 18, XM = 19, NO_TRAP = 0x100
};

struct frame {
#ifdef __x86_64__
	reg r15, r14, r13, r12, r11, r10, r9, r8;
#endif
	reg di, si, bp, unused, bx, dx, cx, ax, vector, error, ip, cs, flags, sp, ss;	/* 32-bit: sp, ss only from CPL 3 */
};

/* The last trap that a TRY survived. */
struct trap { reg vector, error, ip, flags, cr2, cs, sp; u32 count; };
extern volatile struct trap trap;
extern volatile reg trap_resume;	/* where a trap without a handler goes on; 0: it is a failure */
extern void (*trap_handler[256])(struct frame *frame);

/* Runs asm `code` that may trap; whatever traps goes on after it. Result: the vector or NO_TRAP.
 * TRY("mov %0, %%cr0", : : "r"(value)): at least one colon. `trap_start` is the address of the first instruction. */
extern volatile reg trap_start;
#define TRY(code, ...) ({ \
	trap.vector = NO_TRAP; \
	trap.error = 0xdead; \
	asm volatile("" : : : "memory"); \
	asm volatile(TRY_MOV " $9f, trap_resume\n\t" TRY_MOV " $8f, trap_start\n8:\t" code "\n9:\t" TRY_MOV " $0, trap_resume" \
		     __VA_ARGS__); \
	asm volatile("" : : : "memory"); \
	(u32)trap.vector; })
#ifdef __x86_64__
#define TRY_MOV "movq"
#else
#define TRY_MOV "movl"
#endif

/* Points an IDT gate at `entry`; dpl 3 lets INT from CPL 3 through; ist is for 64-bit guests only. */
void idt_set(u32 vector, void (*entry)(void), u32 dpl, u32 ist);
void idt_present(u32 vector, bool present);
extern u8 vector_entry[256][16];

/* ---- GDT (lib/gdt.c) */
#define CS0 0x10	/* of the guest's own mode */
#define DS0 0x18
#define CS3 0x23	/* 64-bit: compatibility mode; 32-bit: CPL 3 */
#define DS3 0x2b
#define CS3_64 0x33
#define TSS 0x38	/* and 0x40 */
#define SEL_ABSENT 0x48	/* a data segment that is not present */
#define CS32 0x50	/* 32-bit code, CPL 0 */
#define CS16 0x58	/* 16-bit code and data with base 0, CPL 0 */
#define DS16 0x60
#define SEL_FREE 0x68	/* and following: for the guest */
#define GDT_ENTRIES 32
extern u64 gdt[GDT_ENTRIES];
u64 gdt_segment(u32 base, u32 limit, u32 access, u32 flags);	/* flags: G, DB, L, AVL in bits 3:0; limit in units of G */
void gdt_tss(u32 selector, void *tss, u32 limit);
void guest_tables(void);	/* GDT, IDT and TSS; called before guest_main */

/* Calls f at CPL 3 (needs paging_own with user pages in a 64-bit guest) and comes back by INT 80H. */
void user_call(void (*f)(void));
#define USER_RETURN() asm volatile("int $0x80")

/* ---- ports */
static inline void outb(u16 port, u8 v) { asm volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory"); }
static inline void outw(u16 port, u16 v) { asm volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory"); }
static inline void outl(u16 port, u32 v) { asm volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory"); }
static inline u8 inb(u16 port) { u8 v; asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory"); return v; }
static inline u16 inw(u16 port) { u16 v; asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory"); return v; }
static inline u32 inl(u16 port) { u32 v; asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory"); return v; }
/* A benchmark mark: its position is in the report of `reprise run --report`. */
static inline void mark(u32 v) { asm volatile("outl %%eax, $0xf5" : : "a"(v) : "memory"); }

/* ---- the processor */
#define FLAG_CF 0x1ul
#define FLAG_TF 0x100ul
#define FLAG_IF 0x200ul
#define FLAG_DF 0x400ul
#define FLAG_NT 0x4000ul
#define FLAG_RF 0x10000ul
#define FLAG_AC 0x40000ul
#define CR0_PE 0x1ul
#define CR0_MP 0x2ul
#define CR0_EM 0x4ul
#define CR0_TS 0x8ul
#define CR0_ET 0x10ul
#define CR0_NE 0x20ul
#define CR0_WP 0x10000ul
#define CR0_AM 0x40000ul
#define CR0_NW 0x20000000ul
#define CR0_CD 0x40000000ul
#define CR0_PG 0x80000000ul
#define CR4_TSD 0x4ul
#define CR4_DE 0x8ul
#define CR4_PSE 0x10ul
#define CR4_PAE 0x20ul
#define CR4_PGE 0x80ul
#define CR4_OSFXSR 0x200ul
#define CR4_OSXMMEXCPT 0x400ul
#define CR4_UMIP 0x800ul
#define CR4_VMXE 0x2000ul
#define CR4_SMXE 0x4000ul
#define CR4_FSGSBASE 0x10000ul
#define CR4_PCIDE 0x20000ul
#define CR4_OSXSAVE 0x40000ul
#define CR4_SMEP 0x100000ul
#define CR4_SMAP 0x200000ul
#define CR4_PKE 0x400000ul
#define MSR_EFER 0xc0000080u

#define READ_REGISTER(name) \
	static inline reg read_##name(void) { reg v; asm volatile("mov %%" #name ", %0" : "=r"(v) : : "memory"); return v; }
#define WRITE_REGISTER(name) \
	static inline void write_##name(reg v) { asm volatile("mov %0, %%" #name : : "r"(v) : "memory"); }
READ_REGISTER(cr0) READ_REGISTER(cr2) READ_REGISTER(cr3) READ_REGISTER(cr4)
WRITE_REGISTER(cr0) WRITE_REGISTER(cr2) WRITE_REGISTER(cr3) WRITE_REGISTER(cr4)
READ_REGISTER(dr0) READ_REGISTER(dr1) READ_REGISTER(dr2) READ_REGISTER(dr3) READ_REGISTER(dr6) READ_REGISTER(dr7)
WRITE_REGISTER(dr0) WRITE_REGISTER(dr1) WRITE_REGISTER(dr2) WRITE_REGISTER(dr3) WRITE_REGISTER(dr6) WRITE_REGISTER(dr7)
#ifdef __x86_64__
READ_REGISTER(cr8)
WRITE_REGISTER(cr8)
#endif

static inline u64 rdtsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return ((u64)high << 32) | low;
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return ((u64)high << 32) | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

struct cpuid { u32 eax, ebx, ecx, edx; };
static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf) : "memory");
	return r;
}

/* True under Reprise, false on bare Bochs (where guests are tried, too). */
static inline bool on_reprise(void)
{
	return cpuid(0x40000000, 0).ebx == 0x72706552;
}

static inline reg read_flags(void)
{
	reg v;

	asm volatile("pushf\n\tpop %0" : "=r"(v) : : "memory");
	return v;
}

static inline void sti(void) { asm volatile("sti" : : : "memory"); }
static inline void cli(void) { asm volatile("cli" : : : "memory"); }
/* Waits for an interrupt: STI's shadow lets none in before the HLT. */
static inline void sti_hlt_cli(void) { asm volatile("sti\n\thlt\n\tcli" : : : "memory"); }

/* ---- paging of a 64-bit guest (lib/paging.c): own tables, identity map of 4 GiB, user and writable */
#define PTE_P 0x1ull
#define PTE_W 0x2ull
#define PTE_U 0x4ull
#define PTE_A 0x20ull
#define PTE_D 0x40ull
#define PTE_PS 0x80ull
#define PTE_NX (1ull << 63)
void paging_own(void);
u64 *paging_pte(const void *address);	/* its 4 KiB entry, splitting the 2 MiB page if needed */
static inline void invlpg(const void *address) { asm volatile("invlpg (%0)" : : "r"(address) : "memory"); }

/* ---- PIC and PIT (lib/timer.c) */
#define IRQ_VECTOR 0x20	/* of IRQ 0; IRQ 8 is 28H */
void pic_start(u16 mask);	/* edge, vectors 20H and 28H; a 1 in the mask disables the line */
void pic_eoi(u32 irq);
void pit_start(u32 channel, u32 mode, u32 count);	/* count 1..65536 */
u32 pit_count(u32 channel);

#define barrier() asm volatile("" : : : "memory")
#define PAGE 4096
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
