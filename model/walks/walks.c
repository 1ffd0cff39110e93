/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walks DIRECTORY RC SEED STOPS EACH: runs the Bochs configuration RC in DIRECTORY (a guest under the hypervisor) under Bochs's debugger,
 * stops it STOPS times, and translates EACH linear addresses of the guest both by the executable spec, which reads the tables
 * through the debugger, and by the debugger's own `page`. Exit status: 0 they agree, 1 they differ, 2 it cannot run.
 */
#include "spec/entry.h"
#include "spec/walk.h"
#include "hv/x86.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_TICK 60000000ull
#define TICKS_APART 60000000ull
#define CACHED 8192u

static FILE *to, *from;
static pid_t pid;
static char text[1 << 20];
static struct { u64 address, value; } cache[CACHED];	/* entries read at this stop */
static u32 cached;
static u64 state;

static u64 random64(void)	/* splitmix64 */
{
	u64 z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void start(const char *directory, const char *rc)
{
	int in[2], out[2];

	if (pipe(in) != 0 || pipe(out) != 0)
		err(2, "pipe");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(directory) != 0 || dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0 || freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		close(in[0]), close(in[1]), close(out[0]), close(out[1]);
		setenv("TERM", "linux", 1);
		execlp("bochs", "bochs", "-q", "-unlock", "-f", rc, (char *)NULL);
		_exit(2);
	}
	close(in[0]), close(out[1]);
	to = fdopen(in[1], "w");
	from = fdopen(out[0], "r");
	if (to == NULL || from == NULL)
		err(2, "pipe");
}

/* Gives the debugger a command; its answer is in `text`, up to the time that the next command prints. */
static const char *ask(const char *command)
{
	size_t used = 0;
	char *end;

	fprintf(to, "%s\nptime\n", command);
	fflush(to);
	for (text[0] = '\0'; (end = strstr(text, "ptime: ")) == NULL || strchr(end, '\n') == NULL;) {
		int c = fgetc(from);

		if (c == EOF)
			errx(2, "Bochs has ended");
		if (c == '\0')
			continue;
		if (used + 1 >= sizeof(text)) {	/* the guest's screen may be drawn here */
			memmove(text, text + sizeof(text) / 2, used - sizeof(text) / 2);
			used -= sizeof(text) / 2;
		}
		text[used++] = (char)c;
		text[used] = '\0';
		if (c != '\n')
			continue;
	}
	return text;
}

static u64 after(const char *where, const char *word, int base)
{
	const char *at = where == NULL ? NULL : strstr(where, word);

	return at == NULL ? 0 : strtoull(at + strlen(word), NULL, base);
}

static u64 parameter(const char *name)
{
	char command[128], key[64];
	const char *last = strrchr(name, '.');

	snprintf(command, sizeof(command), "show \"cpu0.%s\"", name);
	snprintf(key, sizeof(key), "%s = ", last + 1);
	ask(command);
	if (strstr(text, "= true") != NULL)
		return 1;
	return after(text, key, 0);
}

static u64 read_memory(void *context, u64 address, u32 bytes)
{
	u64 quad = address & ~7ull, value;
	char command[64];
	const char *at;

	(void)context;
	for (u32 i = 0; i < cached; i++)
		if (cache[i].address == quad)
			return bytes == 4 ? (u32)(cache[i].value >> 8 * (address & 4)) : cache[i].value;
	snprintf(command, sizeof(command), "xp /2wx 0x%llx", (unsigned long long)quad);
	at = strstr(ask(command), ">:");
	if (at == NULL)
		return ~0ull;	/* no such memory */
	value = strtoull(at + 2, (char **)&at, 0);
	value |= strtoull(at, NULL, 0) << 32;
	if (cached < CACHED) {
		cache[cached].address = quad;
		cache[cached++].value = value;
	}
	return bytes == 4 ? (u32)(value >> 8 * (address & 4)) : value;
}

static void write_memory(void *context, u64 address, u32 bytes, u64 value)
{
	(void)context, (void)address, (void)bytes, (void)value;	/* looking changes no flags */
}

/* A linear address of a 64-bit Linux: text and data, direct map, modules, vmalloc, user, stack, anything. */
static u64 sample(u64 rip, u64 rsp)
{
	u64 r = random64();

	switch (random64() % 10) {
	case 0: case 3: return 0xffffffff81000000ull + (r & 0x1ffffff);
	case 1: case 2: return 0xffff888000000000ull + (r & 0x7ffffff);
	case 8: return 0xffffc90000000000ull + (r & 0xfffff);
	case 4: return 0xffffea0000000000ull + (r & 0x3fffff);
	case 5: return r & 0x7ffffff;
	case 6: return rsp - 0x4000 + (r & 0x7fff);
	case 7: return rip - 0x20000 + (r & 0x3ffff);
	default: return (u64)((s64)(r << 16) >> 16);
	}
}

int main(int argc, char **argv)
{
	const struct spec_memory memory = { read_memory, write_memory, NULL };
	u64 stops, each, looked = 0, mapped = 0, differ = 0, outside = 0;

	if (argc != 6)
		errx(2, "usage: walks DIRECTORY RC SEED STOPS EACH");
	state = strtoull(argv[3], NULL, 0) * 0xd1342543de82ef95ull;
	stops = strtoull(argv[4], NULL, 0);
	each = strtoull(argv[5], NULL, 0);
	start(argv[1], argv[2]);
	for (u64 i = 0; i < stops; i++) {
		struct spec_ept ept = { .capabilities = spec_caps_bochs.ept_vpid, .physical_bits = spec_caps_bochs.physical_bits };
		struct spec_paging paging = { .rflags = RFLAGS_FIXED | RFLAGS_AC, .physical_bits = spec_caps_bochs.physical_bits };
		char command[64];
		u64 rip, rsp;

		snprintf(command, sizeof(command), "sba %llu", (unsigned long long)(FIRST_TICK + i * TICKS_APART + random64() % TICKS_APART));
		ask(command);
		ask("c");
		snprintf(command, sizeof(command), "del %llu", (unsigned long long)i + 1);
		ask(command);
		if (parameter("VMX.in_vmx_guest") == 0) {
			outside++;
			continue;
		}
		ept.eptp = parameter("VMX.VMCS_CACHE.VMEXEC_CTRLS.eptptr");
		ask("creg");
		paging.cr0 = after(text, "CR0=", 16);
		paging.cr3 = after(text, "CR3=", 16);
		paging.cr4 = after(text, "CR4=", 16);
		paging.efer = after(text, "EFER=", 16);
		ask("r");
		rip = after(text, "rip: ", 16) | after(text, "rip: ", 16);
		rsp = after(text, "rsp: ", 16);
		cached = 0;
		for (u64 k = 0; k < each; k++) {
			u64 linear = sample(rip, rsp), physical;
			struct spec_translation t;
			bool there;

			spec_walk(&memory, &ept, &paging, linear, SPEC_READ, &t);
			snprintf(command, sizeof(command), "page 0x%llx", (unsigned long long)linear);
			ask(command);
			there = strstr(text, "maps to physical page") != NULL;
			physical = after(text, "maps to physical page ", 16);
			if (!there && strstr(text, "physical address not available") == NULL)
				errx(2, "no answer to '%s': %.200s", command, text);
			looked++;
			mapped += there;
			if (there != (t.fault == SPEC_OK) || (there && (t.physical & ~0xfffull) != physical)) {
				differ++;
				printf("differs: linear %llx at stop %llu: the spec: fault %u, physical %llx; Bochs: %s %llx\n", (unsigned long long)linear,
				       (unsigned long long)i, t.fault, (unsigned long long)t.physical, there ? "physical page" : "not there", (unsigned long long)physical);
			}
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("walks: %llu translations at %llu places of a guest under the hypervisor, %llu mapped, %llu differ\n", (unsigned long long)looked,
	       (unsigned long long)(stops - outside), (unsigned long long)mapped, (unsigned long long)differ);
	return looked == 0 || mapped == 0 ? 2 : differ != 0;
}
