/* SPDX-License-Identifier: BSD-2-Clause */
/* A bootable CD image of the same plan: GRUB, the hypervisor's ELF, and the boot medium as its module. */
#include "iso.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG "grub-mkrescue.log"

static const char grub_cfg[] =
	"set timeout=0\n"
	"multiboot --quirk-modules-after-kernel /boot/hv.elf\n"
	"module /boot/medium.img\n"
	"boot\n";

static bool write_data(const struct temp *temp, const char *name, const void *data, u64 bytes)
{
	char *path = temp_path(temp, name);
	FILE *file = fopen(path, "wxe");
	bool good = file != NULL && fwrite(data, 1, bytes, file) == bytes;

	if (file != NULL && fclose(file) != 0)
		good = false;
	if (!good)
		say("%s: %s", path, strerror(errno));
	free(path);
	return good;
}

static int stage(const struct temp *temp, const struct bytes *hv, const struct layout *layout)
{
	static const char *const directories[] = { "iso", "iso/boot", "iso/boot/grub" };
	struct file_spec elf_spec = { .path = file_of_build("hv.elf") };
	struct bytes elf = { NULL, 0 };
	char *medium = temp_path(temp, "iso/boot/medium.img");
	int status = file_read(&elf_spec, LAYOUT_HV_END, &elf);

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && status == 0; i++) {
		char *path = temp_path(temp, directories[i]);

		if (mkdir(path, 0700) != 0)
			status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
		free(path);
	}
	if (status == 0 && (!write_data(temp, "iso/boot/hv.elf", elf.data, elf.count) ||
			    !write_data(temp, "iso/boot/grub/grub.cfg", grub_cfg, strlen(grub_cfg))))
		status = STATUS_FAILED;
	if (status == 0)
		status = medium_write(medium, hv, layout);
	free(medium);
	free(elf.data);
	free(elf_spec.path);
	return status;
}

static void become(const struct temp *temp, const char *part)
{
	char *tree = temp_path(temp, "iso");
	char *log = temp_path(temp, LOG);
	int out = open(log, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execlp("grub-mkrescue", "grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", part, tree, (char *)NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Waits for the child's end, or kills its group at a signal. Returns its wait status, or -N for signal N. */
static int wait_child(pid_t pid, int signals)
{
	struct pollfd fds = { signals, POLLIN, 0 };
	struct signalfd_siginfo info;
	int state;

	for (;;) {
		if (waitpid(pid, &state, WNOHANG) == pid)
			return state;
		if (poll(&fds, 1, 1000) > 0 && read(signals, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo != SIGCHLD) {
			kill(-pid, SIGKILL);
			waitpid(pid, &state, 0);
			return -(int)info.ssi_signo;
		}
	}
}

int iso_write(const char *path, const struct temp *temp, const struct bytes *hv, const struct layout *layout,
	      int signals)
{
	char *part = say_format("%s.part", path);
	int status = stage(temp, hv, layout);
	pid_t pid;
	int state;

	if (status != 0) {
		free(part);
		return status;
	}
	pid = fork();
	if (pid == 0)
		become(temp, part);
	state = pid > 0 ? wait_child(pid, signals) : 126 << 8;
	if (state < 0)
		status = STATUS_SIGNAL - state;
	else if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
		status = say_fail(STATUS_PLATFORM,
				  "grub-mkrescue is missing; install the packages grub-common, grub-pc-bin, "
				  "xorriso and mtools");
	else if (state != 0)
		status = say_fail(STATUS_FAILED, "%s: grub-mkrescue failed; repeat with --keep and see " LOG, path);
	else if (rename(part, path) != 0)
		status = say_fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	if (status != 0)
		unlink(part);
	free(part);
	return status;
}
