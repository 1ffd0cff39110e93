/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model BUILD [--seed N] [--entry N] [--ept N] [--shard K/N] [--jobs N] [--report FILE] [--against DIRECTORY]... [--kill CASE]
 * Cross-checks the executable spec with stock Bochs. Exit status: 0 agreement, 1 unexplained differences, 2 it cannot run.
 */
#include "model/host/report.h"
#include "model/host/work.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536ull
#define JOBS_MAX 64u

struct job {
	const char *build;
	u64 seed, entry, ept, shard, shards, kill;
	u32 jobs;
};

static u64 number(const char *text)
{
	char *end;
	u64 value = strtoull(text, &end, 0);

	if (end == text || *end != '\0')
		errx(2, "'%s' is not a number", text);
	return value;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Every shard takes its own stretch of the numbers; every worker of it each `jobs`th chunk. */
static void suite(const struct job *job, u32 which, u64 count, u32 worker, struct totals *totals)
{
	u64 first = count * job->shard / job->shards, end = count * (job->shard + 1) / job->shards;
	u64 chunk = (end - first + job->jobs - 1) / job->jobs;
	u32 turn = 0;

	chunk = chunk < CHUNK ? chunk : CHUNK;
	for (u64 at = first; at < end; at += chunk, turn++)
		if (turn % job->jobs == worker)
			work(job->build, which, job->seed, at, end - at < chunk ? end - at : chunk, job->kill, totals);
}

/* One suite on all workers. Returns its seconds. */
static double parallel(const struct job *job, u32 which, u64 count, struct totals *totals)
{
	double begin = now();
	pid_t pids[JOBS_MAX];

	fflush(stdout);
	for (u32 worker = 0; worker < job->jobs; worker++) {
		pids[worker] = fork();
		if (pids[worker] < 0)
			err(2, "fork");
		if (pids[worker] == 0) {
			suite(job, which, count, worker, &totals[worker]);
			fflush(stdout);
			_exit(0);
		}
	}
	for (u32 worker = 0; worker < job->jobs; worker++) {
		int status;

		if (waitpid(pids[worker], &status, 0) != pids[worker] || status != 0)
			errx(2, "a worker failed");
	}
	return now() - begin;
}

static void add(struct totals *sum, const struct totals *one)	/* all members are u64 */
{
	u64 *to = (u64 *)(void *)sum;
	const u64 *from = (const u64 *)(const void *)one;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(u64); i++)
		to[i] += from[i];
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "entry", required_argument, NULL, 'e' }, { "ept", required_argument, NULL, 'p' },
		{ "shard", required_argument, NULL, 'k' }, { "jobs", required_argument, NULL, 'j' }, { "report", required_argument, NULL, 'r' },
		{ "against", required_argument, NULL, 'a' }, { "kill", required_argument, NULL, 'x' }, { NULL, 0, NULL, 0 }
	};
	struct job job = { .seed = 1, .entry = 1000000, .ept = 1000000, .shards = 1, .jobs = 2 };
	const char *report = NULL;
	static struct totals sum;
	struct report_times times = { 0, 0 };
	struct totals *totals;
	bool again = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 's': job.seed = number(optarg); break;
		case 'e': job.entry = number(optarg); break;
		case 'p': job.ept = number(optarg); break;
		case 'x': job.kill = number(optarg); break;
		case 'j': job.jobs = (u32)number(optarg); break;
		case 'r': report = optarg; break;
		case 'a': work_again(optarg, &sum); again = true; break;
		case 'k':
			job.shard = number(strtok(optarg, "/"));
			job.shards = number(strtok(NULL, "/") != NULL ? optarg + strlen(optarg) + 1 : "");
			break;
		default: return 2;
		}
	if (optind + 1 != argc || job.jobs == 0 || job.jobs > JOBS_MAX || job.shard >= job.shards)
		errx(2, "usage: model BUILD [--seed N] [--entry N] [--ept N] [--shard K/N] [--jobs N] [--report FILE]");
	job.build = argv[optind];
	totals = mmap(NULL, sizeof(*totals) * JOBS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		err(2, "memory");
	if (!again) {
		work_exits(job.build, &sum);
		work_counter(job.build, &sum);
		work_instructions(job.build, &sum);
		times.entry = job.entry == 0 ? 0 : parallel(&job, SUITE_ENTRY, job.entry, totals);
		times.ept = job.ept == 0 ? 0 : parallel(&job, SUITE_EPT, job.ept, totals);
		for (u32 i = 0; i < job.jobs; i++)
			add(&sum, &totals[i]);
	}
	report_text(&sum, &times);
	if (report != NULL && !report_json(report, job.seed, &sum, &times))
		err(2, "%s", report);
	return report_differences(&sum) != 0;
}
