/* SPDX-License-Identifier: BSD-2-Clause */
/* An axiomatic without an absurd lemma. */
/*@ axiomatic tone {
      logic integer tone(integer x);
      axiom tone_positive: \forall integer x; tone(x) > 0;
    }
*/

/*@ assigns \nothing;
    exits   \false;
    ensures one: \result == 1;
*/
int toned(void)
{
	return 1;
}
