/* SPDX-License-Identifier: BSD-2-Clause */
/* Code that the contract does not let anybody reach. */
/*@ requires low: x < 10;
    assigns  \nothing;
    exits    \false;
    ensures  zero: \result == 0;
*/
int never(unsigned x)
{
	if (x > 20)
		return 0;
	return 0;
}
