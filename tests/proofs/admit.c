/* SPDX-License-Identifier: BSD-2-Clause */
/* An admitted clause. */
/*@ assigns \nothing;
    exits   \false;
    admit ensures wrong: \result == 2;
*/
int admitted(void)
{
	return 1;
}
