/* SPDX-License-Identifier: BSD-2-Clause */
/* Stock Bochs as a child process that cannot outlive us. */
#include "bochs.h"

#include "file.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONFIGURATION "bochs.rc"
#define DEBUGGER_COMMANDS "go.rc"
#define LOG "bochs.log"
#define OUTPUT "bochs.out"
#define OPTION_ROM "oprom.bin"
#define PROMPT "bochs-fork.so"	/* replay/preload: the debugger's prompt for programs */
#define LOG_LINES 6

/* What every run has in common; the paths are relative to the temporary directory, where Bochs is started. */
static const char fixed_configuration[] =
	"cpu: model=tigerlake, count=1, ips=%llu, reset_on_triple_fault=0\n"
	"memory: guest=%llu, host=%llu\n"
	"romimage: file=/usr/share/bochs/BIOS-bochs-latest\n"
	"vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest\n"
	"display_library: term\n"
	"clock: %s\n"
	"log: " LOG "\n"
	"panic: action=fatal\n"
	"error: action=report, cpu0=ignore\n"
	"info: action=report\n"
	"sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy\n"
	"ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n"
	"ata0-master: type=disk, path=" BOCHS_MEDIUM ", mode=flat\n"
	"boot: disk\n"
	"optromimage1: file=" OPTION_ROM ", address=0xd0000\n"
	"com1: enabled=1, mode=socket-client, dev=127.0.0.1:%u\n"
	"%s%s%s";

#define ATA1 "ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15\n"

/* A disk of the second channel; its path may hold anything, so Bochs gets a link. */
static char *disk_line(const struct temp *temp, const char *which, const char *path, bool *good)
{
	char *real = path != NULL ? realpath(path, NULL) : NULL;
	char *name = say_format("%s.img", which);
	char *from = temp_path(temp, name);
	char *line = say_format("%s", "");

	if (path != NULL) {
		if (real == NULL || symlink(real, from) != 0)
			*good = false;
		free(line);
		line = say_format("%s: type=disk, path=%s, mode=flat\n", which, name);
	}
	free(real);
	free(name);
	free(from);
	return line;
}

static bool write_text(const struct temp *temp, const char *name, const char *text)
{
	char *path = temp_path(temp, name);
	FILE *file = fopen(path, "we");
	bool good = file != NULL && fputs(text, file) >= 0;

	if (file != NULL && fclose(file) != 0)
		good = false;
	free(path);
	return good;
}

static bool configure(const struct temp *temp, const struct run_spec *run, u64 host_bytes, u16 port)
{
	/* The hypervisor waits by the PIT when the pace is real: then Bochs's clock must be the host's, too. */
	bool real = run->pace == PLAN_PACE_REAL || run->clock == PLAN_CLOCK_HOST;
	const char *clock = run->clock == PLAN_CLOCK_HOST ? "sync=realtime, time0=local, rtc_sync=1" :
			    real ? "sync=realtime, time0=1000000000" : "sync=none, time0=1000000000";
	unsigned long long mib = host_bytes >> 20;
	bool disks = true;
	char *master = disk_line(temp, "ata1-master", run->journal, &disks);
	char *slave = disk_line(temp, "ata1-slave", run->output, &disks);
	char *text = say_format(fixed_configuration, (unsigned long long)run->ips, mib, mib, clock, port,
				run->journal != NULL || run->output != NULL ? ATA1 : "", master, slave);
	char *rom = file_of_build(OPTION_ROM);
	char *rom_real = realpath(rom, NULL);
	char *rom_link = temp_path(temp, OPTION_ROM);
	bool good = disks && rom_real != NULL && symlink(rom_real, rom_link) == 0 && write_text(temp, CONFIGURATION, text) &&
		    write_text(temp, DEBUGGER_COMMANDS, "c\nq\n");

	if (rom_real == NULL)
		say("%s: %s; build it with 'make', or set REPRISE_LIBDIR", rom, strerror(errno));
	else if (!good)
		say("%s: %s", temp->path, strerror(errno));
	free(master);
	free(slave);
	free(text);
	free(rom);
	free(rom_real);
	free(rom_link);
	return good;
}

/* In the child: becomes Bochs, or tells `errors` why not. */
static void become(const char *program, const struct temp *temp, pid_t parent, int errors, int debugger)
{
	char *const arguments[] = { (char *)"bochs", (char *)"-q", (char *)"-unlock", (char *)"-f",
				    (char *)CONFIGURATION, debugger > 0 ? NULL : (char *)"-rc",
				    (char *)DEBUGGER_COMMANDS, NULL };
	char *file = file_of_build(PROMPT);
	char *prompt = realpath(file, NULL);
	sigset_t none;
	int error;
	int in, out;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setsid();
	in = debugger > 0 ? debugger : open("/dev/null", O_RDONLY);
	if (chdir(temp->path) == 0 && in >= 0) {
		out = open(OUTPUT, O_CREAT | O_WRONLY | O_APPEND, 0600);
		if (out >= 0) {
			dup2(in, STDIN_FILENO);
			dup2(debugger > 0 ? debugger : out, STDOUT_FILENO);
			dup2(out, STDERR_FILENO);
			setenv("TERM", "linux", 1);
			if (debugger > 0)	/* large pages make copies of the process quick */
				setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
			if (debugger > 0 && prompt != NULL)
				setenv("LD_PRELOAD", prompt, 1);
			execvp(program, arguments);
		}
	}
	error = errno;
	if (write(errors, &error, sizeof(error)) < 0)
		_exit(2);
	_exit(1);
}

int bochs_start(struct bochs *bochs, const struct temp *temp, const struct run_spec *run, u64 host_bytes, u16 port)
{
	const char *program = getenv("REPRISE_BOCHS");
	pid_t parent = getpid();
	int errors[2];
	int error = 0;
	ssize_t got;

	if (program == NULL || program[0] == '\0')
		program = "bochs";
	if (!configure(temp, run, host_bytes, port))
		return STATUS_FAILED;
	if (pipe2(errors, O_CLOEXEC) != 0)
		return say_fail(STATUS_FAILED, "no pipe: %s", strerror(errno));
	bochs->pid = fork();
	if (bochs->pid < 0) {
		bochs->pid = 0;
		return say_fail(STATUS_FAILED, "no process for Bochs: %s", strerror(errno));
	}
	if (bochs->pid == 0)
		become(program, temp, parent, errors[1], bochs->debugger);
	close(errors[1]);
	do
		got = read(errors[0], &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	close(errors[0]);
	if (got != sizeof(error))
		return 0;
	bochs_stop(bochs);
	if (error == ENOENT)
		return say_fail(STATUS_PLATFORM,
				"Bochs is missing ('%s' is not found); install the packages bochs, bochs-term, "
				"bochsbios and vgabios",
				program);
	return say_fail(STATUS_PLATFORM, "Bochs ('%s') cannot be started: %s", program, strerror(error));
}

bool bochs_ended(struct bochs *bochs)
{
	if (bochs->pid > 0 && waitpid(bochs->pid, NULL, WNOHANG) == bochs->pid)
		bochs->pid = 0;
	return bochs->pid == 0;
}

void bochs_stop(struct bochs *bochs)
{
	if (bochs->pid <= 0)
		return;
	kill(bochs->pid, SIGKILL);
	while (waitpid(bochs->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	bochs->pid = 0;
}

/* Shows the last lines of a file in the temporary directory. */
static void show_tail(const struct temp *temp, const char *name)
{
	char *path = temp_path(temp, name);
	FILE *file = fopen(path, "re");
	char *line[LOG_LINES] = { NULL };
	size_t room = 0;
	char *text = NULL;
	u32 count = 0;

	while (file != NULL && getline(&text, &room, file) >= 0) {
		text[strcspn(text, "\r\n")] = '\0';
		if (text[0] == '\0' || text[0] == '=')
			continue;
		free(line[count % LOG_LINES]);
		line[count % LOG_LINES] = say_format("%s", text);
		count++;
	}
	for (u32 i = count > LOG_LINES ? count - LOG_LINES : 0; i < count; i++)
		say("  %s: %s", name, line[i % LOG_LINES]);
	for (u32 i = 0; i < LOG_LINES; i++)
		free(line[i]);
	free(text);
	if (file != NULL)
		fclose(file);
	free(path);
}

int bochs_complain(const struct temp *temp, const char *when)
{
	say("Bochs ended %s; its last words follow (--keep keeps all its files)", when);
	show_tail(temp, LOG);
	show_tail(temp, OUTPUT);
	return STATUS_FAILED;
}
