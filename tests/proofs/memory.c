/* SPDX-License-Identifier: BSD-2-Clause */
/* The proof of `copy` needs that the pointer does not point into the global, and a caller breaks that. */
int shared[2];

/*@ requires valid: \valid(p);
    assigns  *p, shared[0];
    exits    \false;
    ensures  kept: *p == \old(shared[1]);
*/
void copy(int *p)
{
	*p = shared[1];
	shared[0] = 0;
}

/*@ assigns shared[0 .. 1];
    exits   \false;
    ensures kept: shared[0] == \old(shared[1]);
*/
void caller(void)
{
	copy(&shared[0]);
}
