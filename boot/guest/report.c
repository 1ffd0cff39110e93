/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's helper, one static binary of two uses.
 *
 *   report mark N     writes N to port F5H: the hypervisor reports the moment
 *   report exit N     waits for the console's output, then writes N to port F4H: the VM ends with status N
 *   report drain      waits until the console has sent everything
 *
 * As /init (process 1): mark 1 as its first act, then runs /init.sh, and resets the machine when that ends. Signals
 * from `poweroff`, `halt` and `reboot` end it, too.
 */
#include "sys.h"

#include <asm/ioctls.h>
#include <linux/reboot.h>
#include <linux/signal.h>

#define PORT_EXIT 0xf4
#define PORT_MARK 0xf5
#define PORTS 8			/* F4H to FBH: room for the widest write to either */
#define PID_INIT 1

static int text_is(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* A decimal number; -1 if it is none. */
static long number(const char *text)
{
	long value = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > 0xffffffff)
			return -1;
		value = 10 * value + (*text - '0');
	}
	return value > 0xffffffff ? -1 : value;
}

static void complain(const char *text)
{
	long length = 0;

	while (text[length] != '\0')
		length++;
	sys3(__NR_write, 2, (long)text, length);
}

static void drain(void)
{
	sys3(__NR_ioctl, 1, TCSBRK, 1);		/* tcdrain */
}

static int port_write(unsigned short port, unsigned int value)
{
	if (sys3(__NR_ioperm, PORT_EXIT, PORTS, 1) != 0) {
		complain("report: no permission for the ports\n");
		return 1;
	}
	if (value < 0x100)
		out8(port, (unsigned char)value);
	else
		out32(port, value);
	return 0;
}

static void reboot(unsigned int how)
{
	sys3(__NR_sync, 0, 0, 0);
	drain();
	sys4(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, how, 0);
}

/* Waits for the end of `child` or a request; reaps everybody else's orphans. */
static void init_wait(long child, const unsigned long *signals)
{
	for (;;) {
		long signal = sys4(__NR_rt_sigtimedwait, (long)signals, 0, 0, sizeof(*signals));
		long pid;

		if (signal == SIGUSR1)
			reboot(LINUX_REBOOT_CMD_HALT);
		if (signal == SIGUSR2)
			reboot(LINUX_REBOOT_CMD_POWER_OFF);
		if (signal == SIGTERM)
			return;
		while ((pid = sys4(__NR_wait4, -1, 0, 1 /* WNOHANG */, 0)) > 0)
			if (pid == child)
				return;
	}
}

static int init_main(char **environment)
{
	static const char *const shell[] = { "sh", "/init.sh", 0 };
	unsigned long signals = 1ul << (SIGUSR1 - 1) | 1ul << (SIGUSR2 - 1) | 1ul << (SIGTERM - 1) | 1ul << (SIGCHLD - 1);
	unsigned long none = 0;
	long child;

	port_write(PORT_MARK, 1);
	sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&signals, 0, sizeof(signals));
	child = sys3(__NR_fork, 0, 0, 0);
	if (child == 0) {
		sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, sizeof(none));
		sys3(__NR_execve, (long)"/bin/busybox", (long)shell, (long)environment);
		complain("init: /bin/busybox cannot be run\n");
		sys3(__NR_exit, 127, 0, 0);
	}
	if (child > 0)
		init_wait(child, &signals);
	reboot(LINUX_REBOOT_CMD_RESTART);
	return 1;
}

static int usage(void)
{
	complain("usage: report mark N | report exit N | report drain\n");
	return 2;
}

__attribute__((used)) static int start(const long *stack)
{
	long count = stack[0];
	char **arguments = (char **)(stack + 1);
	long value;

	if (sys3(__NR_getpid, 0, 0, 0) == PID_INIT)
		return init_main(arguments + count + 1);
	if (count == 2 && text_is(arguments[1], "drain")) {
		drain();
		return 0;
	}
	value = count == 3 ? number(arguments[2]) : -1;
	if (value < 0)
		return usage();
	if (text_is(arguments[1], "mark"))
		return port_write(PORT_MARK, (unsigned int)value);
	if (!text_is(arguments[1], "exit"))
		return usage();
	drain();
	return port_write(PORT_EXIT, (unsigned int)value);
}

/* The kernel enters with the argument count at (%rsp), 16-byte aligned. */
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	call start\n"
	"	mov %eax, %edi\n"
	"	mov $60, %eax\n"	/* exit */
	"	syscall\n");
