/* SPDX-License-Identifier: BSD-2-Clause */
/* A function without a contract. */
int bare(int x)
{
	return x;
}
