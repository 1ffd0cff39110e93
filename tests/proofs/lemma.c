/* SPDX-License-Identifier: BSD-2-Clause */
/* An unproved lemma. */
/*@ lemma wrong: \forall integer x; x * x > x; */

/*@ assigns \nothing;
    exits   \false;
    ensures one: \result == 1;
*/
int one(void)
{
	return 1;
}
