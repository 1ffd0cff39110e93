/* SPDX-License-Identifier: BSD-2-Clause */
/* A contract of a function that is defined nowhere, and not listed. */
/*@ assigns \nothing;
    exits   \false;
    ensures one: \result == 1;
*/
int back_door(void);

/*@ assigns \nothing;
    exits   \false;
    ensures one: \result == 1;
*/
int through(void)
{
	return back_door();
}
