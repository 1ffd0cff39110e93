/* SPDX-License-Identifier: BSD-2-Clause */
/* Running guests: lays out the medium, starts Bochs, relays the consoles, and gives back how the guests ended. */
#include "run.h"

#include "bochs.h"
#include "console.h"
#include "debug.h"
#include "iso.h"
#include "options.h"
#include "outcome.h"
#include "report.h"
#include "say.h"
#include "seeded.h"
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define QUIET_SECONDS 60.0	/* before the first guest instruction: no sign of life for so long is a failure */
#define IDLE_MS 100		/* after this, an unfinished line is shown */
#define GO_ON OUTCOME_GO_ON

struct run {
	const struct run_hooks *hooks;
	struct run_spec spec;
	struct layout layout;
	struct temp temp;
	struct bochs bochs;
	struct link link;
	struct bytes hv;
	int signals;
	double begin, last_sign;
};

static struct run run;		/* large: the link's buffers, the plan */

/* Everything that was received. Returns the exit status, or GO_ON. */
static int events_take(void)
{
	struct link_event event;
	int status = GO_ON;

	while (status == GO_ON) {
		link_next(&run.link, &event);
		switch (event.type) {
		case LINK_EVENT_NONE:
			return GO_ON;
		case LINK_EVENT_TEXT:
			if (run.hooks->console != NULL)
				run.hooks->console(event.vm, event.text, event.bytes);
			console_write(event.vm, event.text, event.bytes);
			break;
		case LINK_EVENT_MESSAGE:
			console_flush(1);
			say("%s", event.text);
			break;
		case LINK_EVENT_REPORT:
			if (run.hooks->report == NULL || !run.hooks->report(&event.report))
				status = outcome_take(&event.report);
			break;
		case LINK_EVENT_BROKEN:
			return say_fail(STATUS_FAILED,
					"the serial line's framing broke; is build/hv.bin of another version?");
		}
	}
	return status;
}

/* A signal came, or Bochs ended. */
static int signal_take(void)
{
	struct signalfd_siginfo info;

	while (read(run.signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;	/* the link's end tells, after the last bytes */
		terminal_restore();
		say("interrupted by SIG%s", sigabbrev_np((int)info.ssi_signo));
		return STATUS_SIGNAL + (int)info.ssi_signo;
	}
	return GO_ON;
}

static int clock_check(void)
{
	double time = outcome_now();

	if (run.spec.timeout_seconds > 0 && time - run.begin >= run.spec.timeout_seconds)
		return say_fail(STATUS_TIMEOUT, "time-out after %g s", run.spec.timeout_seconds);
	if (!outcome_started() && time - run.last_sign >= QUIET_SECONDS)
		return say_fail(STATUS_FAILED,
				"the hypervisor gave no sign of life for %.0f s; repeat with --keep and see "
				"bochs.log",
				QUIET_SECONDS);
	return GO_ON;
}

static int bochs_gone(void)
{
	console_flush(1);
	return bochs_complain(&run.temp, run.link.fd < 0 ? "before the hypervisor started" :
			      !outcome_started() ? "while the hypervisor started" : "while the guest ran");
}

static int link_take(short revents)
{
	if (revents == 0)
		return GO_ON;
	if (run.link.fd < 0) {
		link_accept(&run.link);
		return GO_ON;
	}
	if ((revents & ~POLLOUT) == 0)
		return GO_ON;
	if (!link_receive(&run.link))
		return bochs_gone();
	run.last_sign = outcome_now();
	return events_take();
}

static int poll_ms(void)
{
	double left = run.spec.timeout_seconds > 0 ? run.begin + run.spec.timeout_seconds - outcome_now() : 1;

	if (left > IDLE_MS / 1000.0)
		return IDLE_MS;
	return left <= 0 ? 0 : (int)(left * 1000) + 1;
}

/* Relays until the end; returns the exit status. */
static int relay(void)
{
	struct pollfd fds[CONSOLE_POLLS + 2];
	int status = GO_ON;

	while (status == GO_ON) {
		u32 count = console_poll(fds + 2, &run.link);
		bool connected = run.link.fd >= 0;
		int ready;

		fds[0] = (struct pollfd){ run.signals, POLLIN, 0 };
		fds[1] = (struct pollfd){ connected ? run.link.fd : run.link.listener, 0, 0 };
		if (!console_is_full())
			fds[1].events |= POLLIN;
		if (connected && run.link.out_bytes > 0)
			fds[1].events |= POLLOUT;
		ready = poll(fds, count + 2, poll_ms());
		if (ready < 0 && errno != EINTR)
			return say_fail(STATUS_FAILED, "poll: %s", strerror(errno));
		if (ready <= 0) {
			console_idle();
		} else {
			status = signal_take();
			switch (status == GO_ON ? console_move(fds + 2, count, &run.link) : CONSOLE_GO_ON) {
			case CONSOLE_QUIT:
				status = STATUS_ORDERLY;
				break;
			case CONSOLE_BROKEN_PIPE:
				status = STATUS_SIGNAL + SIGPIPE;
				break;
			case CONSOLE_GO_ON:
				break;
			}
			if (status == GO_ON)
				status = link_take(fds[1].revents);
		}
		link_flush(&run.link);
		if (status == GO_ON && run.link.fd < 0 && bochs_ended(&run.bochs))
			status = bochs_gone();
		if (status == GO_ON)
			status = clock_check();
	}
	return status;
}

/* From here on signals are read from a descriptor, so that they can leave nothing behind. */
static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	run.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run.signals >= 0 ? 0 : say_fail(STATUS_FAILED, "signalfd: %s", strerror(errno));
}

static int start(void)
{
	char *medium = temp_path(&run.temp, BOCHS_MEDIUM);
	int status = link_listen(&run.link);

	if (status == 0)
		status = medium_write(medium, &run.hv, &run.layout);
	free(medium);
	if (status == 0 && (status = signal_take()) == GO_ON)
		status = 0;
	if (status == 0)
		status = bochs_start(&run.bochs, &run.temp, &run.spec, run.layout.host_bytes, run.link.port);
	run.last_sign = outcome_now();
	if (status == 0)
		status = relay();
	bochs_stop(&run.bochs);
	link_close(&run.link);
	return status;
}

static int run_all(void)
{
	struct file_spec hv = { .path = file_of_build(run.hooks->hv) };
	bool iso = run.spec.iso != NULL;
	int status = file_read(&hv, LAYOUT_HV_END, &run.hv);

	free(hv.path);
	if (status != 0)
		return STATUS_FAILED;
	if (!iso && isatty(STDERR_FILENO))	/* elsewhere it would be one line more above an error */
		say_progress("loading the guest's files");
	if (run.hooks->layout != NULL)
		status = run.hooks->layout(&run.spec, run.hv.count, &run.layout);
	else
		status = layout_make(&run.spec, run.hv.count, iso, &run.layout);
	if (status == 0)
		status = signals_open();
	if (status == 0)
		status = temp_open(&run.temp);
	if (status == 0 && run.hooks->prepare != NULL)
		status = run.hooks->prepare(&run.spec, &run.layout, &run.temp);
	if (status == 0 && iso) {
		status = iso_write(run.spec.iso, &run.temp, &run.hv, &run.layout, run.signals);
	} else if (status == 0) {
		status = console_open(&run.spec);
		if (status == 0) {
			say_progress("starting Bochs");
			status = start();
		}
		console_close(1);
	}
	say_progress_done();
	if (run.hooks->finish != NULL)
		status = run.hooks->finish(status);
	temp_close(&run.temp, run.spec.keep);
	if (!iso && run.spec.report != NULL && outcome_started() &&
	    report_write(run.spec.report, &run.layout, status, outcome_now() - run.begin) != 0 &&
	    status == STATUS_ORDERLY)
		status = STATUS_FAILED;
	return status;
}

int run_guests(const struct run_spec *spec, const struct run_hooks *hooks)
{
	int status;

	run.begin = outcome_now();
	run.signals = -1;
	run.link.fd = run.link.listener = -1;
	run.spec = *spec;
	run.hooks = hooks;
	outcome_begin(&run.spec, run.begin);
	status = run_all();
	layout_close(&run.layout);
	free(run.hv.data);
	guest_free(&run.spec);
	return status;
}

int run_main(int argc, char **argv)
{
	static const struct run_hooks live = { .hv = "hv.bin" };
	static const struct run_hooks seeded = { .hv = "hv-seeded.bin", .prepare = seeded_prepare };
	static struct run_spec spec;
	int status = options_run(argc, argv, &spec);

	if (status == 0 && spec.gdb != NULL)
		return debug_run(&spec, spec.gdb);
	if (status == 0 && spec.seeded && spec.iso == NULL && spec.clock == PLAN_CLOCK_VIRTUAL) {
		spec.pace = PLAN_PACE_FAST;
		spec.no_input = true;
		return run_guests(&spec, &seeded);
	}
	if (status == 0 && spec.script != NULL)
		status = say_fail(STATUS_USAGE, "--script goes with --seed and the virtual clock");
	if (status == 0)
		return run_guests(&spec, &live);
	guest_free(&spec);
	return status;
}
