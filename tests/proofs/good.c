/* SPDX-License-Identifier: BSD-2-Clause */
/* Passes: a lemma, an axiom that is listed and its absurd lemma, a loop. */
/*@ axiomatic shade {
      logic integer shade(integer x);
      axiom shade_positive: \forall integer x; shade(x) > 0;
    }
    lemma shade_not_zero: \forall integer x; shade(x) != 0;
    check lemma absurd_shade: \forall integer x; shade(x) == 3 ==> \false;
*/

/*@ requires small: n <= 1000;
    assigns  \nothing;
    exits    \false;
    ensures  sum: \result == 2 * n;
*/
unsigned twice(unsigned n)
{
	unsigned sum = 0;

	/*@ loop invariant sum: i <= n && sum == 2 * i;
	    loop assigns i, sum;
	    loop variant n - i;
	*/
	for (unsigned i = 0; i < n; i++)
		sum += 2;
	return sum;
}
