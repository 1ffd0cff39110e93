/* SPDX-License-Identifier: BSD-2-Clause */
/* A deterministic run that can be gone through: starting it, its checkpoints, and going to a time. */
#include "session.h"
#include "session_internal.h"

#include "file.h"
#include "medium.h"
#include "say.h"

#include "boot/header.h"
#include "hv/vcpu.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEAR_DISTANCE 100000ull		/* how far before a visited place its own checkpoint is */
#define NEAR_WORTH 400000ull		/* closer to another checkpoint than this, none is made */

static void console_add(struct session *session, u32 vm, const char *text, u32 bytes)
{
	struct session_console *console = &session->console[vm];

	if (console->bytes + bytes + 1 > console->room) {
		console->room = 2 * (console->bytes + bytes + 4096);
		console->text = realloc(console->text, console->room);
		if (console->text == NULL)
			exit(say_fail(STATUS_FAILED, "out of memory"));
	}
	memcpy(console->text + console->bytes, text, bytes);
	console->bytes += bytes;
	console->text[console->bytes] = '\0';
}

/* What the hypervisor sent. True once all VMs have ended. */
static bool com1(void *context)
{
	struct session *session = context;
	struct pollfd ready = { session->link.fd, POLLIN, 0 };
	struct link_event event;
	bool ended = false;

	while (ready.fd >= 0 && poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0 && link_receive(&session->link)) {
		for (link_next(&session->link, &event); event.type != LINK_EVENT_NONE && event.type != LINK_EVENT_BROKEN;
		     link_next(&session->link, &event)) {
			if (event.type == LINK_EVENT_TEXT) {
				console_add(session, event.vm, event.text, event.bytes);
				if (session->echo)
					fwrite(event.text, 1, event.bytes, stdout);
			} else if (event.type == LINK_EVENT_MESSAGE && session->end_tick == 0) {
				say("%s", event.text);
			} else if (event.type == LINK_EVENT_REPORT) {
				if (event.report.type == LINK_END)
					session->end_seen = event.report.ticks;
				ended = ended || event.report.type == LINK_ALL_ENDED || event.report.type == LINK_FATAL ||
					event.report.type == LINK_MISSING || event.report.type == LINK_PLAN_REFUSED;
			}
		}
		if (event.type == LINK_EVENT_BROKEN)
			return true;
	}
	if (ended) {
		session->ended = true;
		if (session->end_seen != 0)
			session->end_tick = session->end_seen;
	}
	return ended;
}

static void take(struct session *session)
{
	session->host.com1 = com1;
	session->host.context = session;
}

bool session_address(const struct session *session, u32 vm, u64 gpa, u64 bytes, u64 *address)
{
	const struct plan_vm *plan = &session->layout.plan.vm[vm];

	*address = plan->ram_hpa + gpa;
	return vm < session->layout.plan.vm_count && bytes <= plan->ram_bytes && gpa <= plan->ram_bytes - bytes;
}

bool session_vcpu(struct session *session, u32 vm, struct vcpu *vcpu)
{
	return target_read(&session->now, session->vcpus + vm * sizeof(*vcpu), vcpu, sizeof(*vcpu));
}

enum session_result session_look(struct session *session)
{
	const struct plan *plan = &session->layout.plan;
	struct target *now = &session->now;
	struct session_place *place = &session->place;
	struct vcpu vcpu;

	place->vm = VM_MAX;
	place->tick = now->tick;
	if (now->fd < 0)
		return SESSION_FAILED;
	if (!now->fetchable) {
		u32 vpid = target_vpid(now);

		place->vm = vpid == 0 || vpid > plan->vm_count ? VM_MAX : vpid - 1;
	}
	for (u32 vm = 0; now->fetchable && vm < plan->vm_count; vm++)
		if (now->address - plan->vm[vm].ram_hpa < plan->vm[vm].ram_bytes)
			place->vm = vm;
	if (place->vm == VM_MAX)
		return SESSION_STOPPED;
	if (!session_vcpu(session, place->vm, &vcpu))
		return SESSION_FAILED;
	place->position = vcpu.position + (now->tick - vcpu.tsc_entry - session->entry_ticks);
	place->vtime = place->position + vcpu.idle;
	place->exits = vcpu.exits;
	place->rip = target_rip(now);
	return SESSION_STOPPED;
}

void session_wake(struct session *session, int fd, bool (*wake)(void *context), void *context)
{
	session->host.wake = fd;
	session->wake = wake;
	session->wake_context = context;
}

static bool wake_now(void *context)
{
	struct session *session = context;

	return session->wake != NULL && session->wake(session->wake_context);
}

/* ---- checkpoints */

static void drop(struct session *session, u32 i)
{
	struct checkpoint *old = session->checkpoint[i];

	if (old == NULL)
		return;
	target_close(&old->target);
	free(old);
	session->checkpoint[i] = NULL;
}

static struct checkpoint *make(struct session *session)
{
	struct checkpoint *new = say_alloc(sizeof(*new));

	if (!target_fork(&session->now, &new->target)) {
		free(new);
		return NULL;
	}
	new->link = session->link;
	new->place = session->place;
	new->visited = ++session->visits;
	for (u32 vm = 0; vm < VM_MAX; vm++)
		new->console_bytes[vm] = session->console[vm].bytes;
	return new;
}

/* Every other one goes, and the distance doubles. */
static void thin(struct session *session)
{
	u32 kept = 1;

	session->interval *= 2;
	for (u32 i = 1; i < session->checkpoints; i++) {
		struct checkpoint *this = session->checkpoint[i];

		if (this->place.tick - session->checkpoint[kept - 1]->place.tick < session->interval)
			drop(session, i);
		else
			session->checkpoint[kept++] = this;
	}
	for (u32 i = kept; i < session->checkpoints; i++)
		session->checkpoint[i] = NULL;
	session->checkpoints = kept;
}

static u64 memory_used(const struct session *session)
{
	u64 sum = 0;

	for (u32 i = 0; i < SESSION_CHECKPOINTS + SESSION_NEAR; i++)
		if (session->checkpoint[i] != NULL)
			sum += target_private_bytes(&session->checkpoint[i]->target);
	return sum;
}

bool session_checkpoint(struct session *session)
{
	struct checkpoint *new;
	u32 i;

	if (session->checkpoints == SESSION_CHECKPOINTS ||
	    (session->memory_max != 0 && session->checkpoints > 2 && session->checkpoints % 8 == 0 &&
	     memory_used(session) > session->memory_max))
		thin(session);
	if (session_look(session) == SESSION_FAILED)
		return false;
	new = make(session);
	if (new == NULL)
		return false;
	for (i = session->checkpoints; i > 0 && session->checkpoint[i - 1]->place.tick > new->place.tick; i--)
		session->checkpoint[i] = session->checkpoint[i - 1];
	session->checkpoint[i] = new;
	session->checkpoints++;
	return true;
}

static void near(struct session *session)
{
	u32 oldest = SESSION_CHECKPOINTS;

	for (u32 i = SESSION_CHECKPOINTS; i < SESSION_CHECKPOINTS + SESSION_NEAR; i++)
		if (session->checkpoint[i] == NULL ||
		    (session->checkpoint[oldest] != NULL &&
		     session->checkpoint[i]->visited < session->checkpoint[oldest]->visited))
			oldest = i;
	if (session_look(session) == SESSION_FAILED)
		return;
	drop(session, oldest);
	session->checkpoint[oldest] = make(session);
}

struct checkpoint *session_before(struct session *session, u64 tick)
{
	struct checkpoint *best = NULL;

	for (u32 i = 0; i < SESSION_CHECKPOINTS + SESSION_NEAR; i++) {
		struct checkpoint *this = session->checkpoint[i];

		if (this != NULL && this->place.tick <= tick && (best == NULL || this->place.tick >= best->place.tick))
			best = this;
	}
	return best;
}

enum session_result session_restore(struct session *session, struct checkpoint *from)
{
	if (from == NULL)
		return SESSION_FAILED;
	target_close(&session->now);
	if (!target_fork(&from->target, &session->now))
		return SESSION_FAILED;
	session->copies++;
	from->visited = ++session->visits;
	session->link = from->link;
	session->link.fd = session->now.com;
	for (u32 vm = 0; vm < VM_MAX; vm++)
		session->console[vm].bytes = from->console_bytes[vm];
	session->ended = false;
	return SESSION_STOPPED;
}

u64 session_next_checkpoint(const struct session *session)
{
	u64 tick = session->now.tick;
	u64 before = 0;

	for (u32 i = 0; i < session->checkpoints; i++) {
		u64 at = session->checkpoint[i]->place.tick;

		if (at > tick && at - before <= session->interval + session->interval / 2)
			return at;
		if (at <= tick)
			before = at;
	}
	return before + session->interval > tick ? before + session->interval : tick + session->interval;
}

static bool is_checkpoint(const struct session *session, u64 tick)
{
	for (u32 i = 0; i < session->checkpoints; i++)
		if (session->checkpoint[i]->place.tick == tick)
			return true;
	return false;
}

u32 session_advance(struct session *session, u64 tick)
{
	while (session->now.tick < tick) {
		u64 next = session_next_checkpoint(session);
		u32 stop = target_run(&session->now, next < tick ? next : tick);

		if ((stop & (TARGET_DEAD | TARGET_WOKEN)) != 0)
			return stop;
		if (session->now.tick == next && !is_checkpoint(session, next) && !session_checkpoint(session))
			return TARGET_DEAD;
	}
	return TARGET_TICK;
}

enum session_result session_goto_tick(struct session *session, u64 tick)
{
	struct checkpoint *best = session_before(session, tick);
	struct target *now = &session->now;
	u32 stop = TARGET_TICK;

	if (tick < session->first.tick)
		tick = session->first.tick;
	if (now->fd < 0 || now->tick > tick || session->ended || (best != NULL && best->place.tick > now->tick))
		if (session_restore(session, best) != SESSION_STOPPED)
			return SESSION_FAILED;
	if (tick - now->tick > NEAR_WORTH) {
		stop = session_advance(session, tick - NEAR_DISTANCE);
		if (stop == TARGET_TICK)
			near(session);
	}
	if (stop == TARGET_TICK)
		stop = session_advance(session, tick);
	if (session->ended)
		return SESSION_END;
	if ((stop & TARGET_DEAD) != 0 || session_look(session) == SESSION_FAILED)
		return SESSION_FAILED;
	return (stop & TARGET_WOKEN) != 0 ? SESSION_INTERRUPTED : SESSION_STOPPED;
}

/* ---- start and end */

/* Finds what the session must know of the hypervisor in its ELF file. */
static int learn(struct session *session)
{
	char *path = file_of_build("hv.elf");
	int status = symbols_add(&session->hv, path, 0);
	struct file_spec spec = { .path = file_of_build("hv.bin") };
	struct bytes code = { NULL, 0 };
	u64 enter = 0, leave = 0, entry = 0;

	if (status == 0)
		status = file_read(&spec, LAYOUT_HV_END, &code);
	if (status == 0 && (!symbols_address(session->hv, "native_enter", &enter) ||
			    !symbols_address(session->hv, "native_exit", &leave) ||
			    !symbols_address(session->hv, "vcpus", &session->vcpus) ||
			    !symbols_address(session->hv, "vmcs_regions", &session->vmcs) ||
			    !symbols_address(session->hv, "entry_ticks", &entry)))
		status = say_fail(STATUS_FAILED, "%s: not the hypervisor's symbols", path);
	for (u64 at = enter; status == 0 && at + 3 <= leave && at + 3 <= BOOT_HV_ADDRESS + code.count; at++) {
		static const u8 vmresume[] = { 0x0f, 0x01, 0xc3 }, vmlaunch[] = { 0x0f, 0x01, 0xc2 };

		if (memcmp(code.data + (at - BOOT_HV_ADDRESS), vmresume, 3) == 0)
			session->resume = at;
		if (memcmp(code.data + (at - BOOT_HV_ADDRESS), vmlaunch, 3) == 0)
			session->launch = at;
	}
	session->entry_ticks = entry;	/* its address; session_open reads it */
	free(code.data);
	free(spec.path);
	free(path);
	return status;
}

int session_open(struct session *session)
{
	struct file_spec hv = { .path = file_of_build("hv.bin") };
	struct bytes code = { NULL, 0 };
	char *medium = NULL;
	u64 address;
	int status = learn(session);

	session->now.fd = session->now.life = session->now.com = -1;
	session->first_target = session->now;
	session->link.fd = session->link.listener = -1;
	session->host = (struct target_host){ session, com1, -1, wake_now };
	session->interval = SESSION_INTERVAL;
	if (status == 0)
		status = file_read(&hv, LAYOUT_HV_END, &code);
	free(hv.path);
	if (status == 0)
		status = layout_make(&session->spec, code.count, false, &session->layout);
	if (status == 0)
		status = temp_open(&session->temp);
	if (status == 0)
		status = link_listen(&session->link);
	if (status == 0) {
		medium = temp_path(&session->temp, BOCHS_MEDIUM);
		status = medium_write(medium, &code, &session->layout);
		free(medium);
	}
	free(code.data);
	if (status == 0 && session->prepare != NULL)
		status = session->prepare(session);
	if (status == 0)
		status = target_open(&session->now, &session->host, &session->temp, &session->spec,
				     session->layout.host_bytes, &session->link, &session->bochs);
	if (status != 0)
		return status;
	take(session);
	address = session->entry_ticks;
	session->entry_ticks = 0;
	do {
		if (session_enter(session, session->end_tick) != SESSION_STOPPED)
			return say_fail(STATUS_FAILED, "no guest was started");
	} while (session->place.vm == VM_MAX);
	if (!target_read(&session->now, address, &session->entry_ticks, 8))
		return bochs_complain(&session->temp, "before the first guest ran");
	session_look(session);
	session->first = session->place;
	if (!session_checkpoint(session))
		return say_fail(STATUS_FAILED, "Bochs could not be copied (fork): is bochs-fork.so of another build?");
	/* The first process stays as it is: all others descend from it. */
	session->first_target = session->now;
	memset(&session->now, 0, sizeof(session->now));
	session->now.fd = session->now.life = session->now.com = -1;
	return session_goto_tick(session, session->first.tick) == SESSION_STOPPED ?
		       0 : say_fail(STATUS_FAILED, "Bochs could not be copied (fork)");
}

void session_close(struct session *session)
{
	target_close(&session->now);
	for (u32 i = 0; i < SESSION_CHECKPOINTS + SESSION_NEAR; i++)
		drop(session, i);
	target_close(&session->first_target);
	bochs_stop(&session->bochs);
	layout_close(&session->layout);
	temp_close(&session->temp, session->spec.keep);
	symbols_free(session->symbols);
	symbols_free(session->hv);
	for (u32 vm = 0; vm < VM_MAX; vm++)
		free(session->console[vm].text);
}
