/* SPDX-License-Identifier: BSD-2-Clause */
/* A scheduler with a bug that shows in about one run of a thousand: the timer's interrupt must fall between two instructions of
 * dequeue(), which forgot to keep interrupts off. docs/debugging.md tells how it is found. */
/* case only */
#include "guest.h"

struct task {
	struct task *next;
	u32 id, runs;
};

static struct task tasks[2] = { { NULL, 0, 0 }, { NULL, 1, 0 } };
struct task *volatile run_head, *volatile run_tail;
struct task *volatile sleeper;

__attribute__((noinline)) void enqueue(struct task *task)
{
	task->next = NULL;
	if (run_tail != NULL)
		run_tail->next = task;
	else
		run_head = task;
	run_tail = task;
}

__attribute__((noinline)) struct task *dequeue(void)
{
	struct task *task = run_head;

	run_head = task->next;
	if (run_head == NULL)
		run_tail = NULL;
	return task;
}

/* Wakes the task that sleeps. */
static void on_timer(struct frame *frame)
{
	(void)frame;
	if (sleeper != NULL) {
		enqueue(sleeper);
		sleeper = NULL;
	}
	pic_eoi(0);
}

static u32 chance(void)
{
	u32 value;

	asm volatile("1: rdrand %0; jnc 1b" : "=r"(value) : : "cc");
	return value;
}

static void work(struct task *task)
{
	task->runs++;
	for (u32 i = chance() % 50000; i > 0; i--)
		asm volatile("pause");
}

__attribute__((noinline)) static void check(u32 round)
{
	u32 count = sleeper != NULL;

	for (struct task *task = run_head; task != NULL; task = task->next)
		count++;
	if (count != 2)
		guest_failure("round %u: a task is lost", round);
}

void guest_main(void)
{
	pic_start(0xfffe);
	trap_handler[IRQ_VECTOR] = on_timer;
	enqueue(&tasks[0]);
	sleeper = &tasks[1];
	pit_start(0, 2, 300);
	asm volatile("sti");
	for (u32 round = 0; round < 20; round++) {
		struct task *task = dequeue();

		work(task);
		asm volatile("cli");
		if (task->id == 1)
			sleeper = task;
		else
			enqueue(task);
		check(round);
		asm volatile("sti");
	}
	guest_success();
}
