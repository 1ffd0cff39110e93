/* SPDX-License-Identifier: BSD-2-Clause */
/* An axiom that is not listed. */
/*@ axiomatic hue {
      logic integer hue(integer x);
      axiom hue_secret: \forall integer x; hue(x) == 7;
    }
    check lemma absurd_hue: \forall integer x; hue(x) == 7 ==> \false;
*/

/*@ assigns \nothing;
    exits   \false;
    ensures hue: \result == hue(3);
*/
int hue(void)
{
	return 7;
}
