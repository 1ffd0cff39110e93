/* SPDX-License-Identifier: BSD-2-Clause */
/* Axioms that contradict each other. */
/*@ axiomatic tint {
      logic integer tint(integer x);
      axiom tint_positive: \forall integer x; tint(x) > 0;
      axiom tint_negative: \forall integer x; tint(x) < 0;
    }
    check lemma absurd_tint: \forall integer x; tint(x) == 3 ==> \false;
*/

/*@ assigns \nothing;
    exits   \false;
    ensures one: \result == 1;
*/
int tinted(void)
{
	return 1;
}
