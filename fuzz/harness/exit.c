/* SPDX-License-Identifier: BSD-2-Clause */
/* Harness `exit`: sequences of VM exits of one to three VMs against the oracle of fuzz/judge.c. */
#include "guests.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	guests_begin();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	(void)guests_run(data, size, true);
	return 0;
}
