/* SPDX-License-Identifier: BSD-2-Clause */
/* An unproved goal: the increment can overflow. */
/*@ assigns \nothing;
    exits   \false;
    ensures more: \result == x + 1;
*/
int more(int x)
{
	return x + 1;
}
