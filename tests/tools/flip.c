/* SPDX-License-Identifier: BSD-2-Clause */
/* flip FILE BIT: turns one bit of a file, counted modulo its length. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[1], "r+b") : NULL;
	long bytes, at;
	unsigned long long bit;
	int c;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (bytes = ftell(file)) <= 0)
		return 2;
	bit = strtoull(argv[2], NULL, 10) % ((unsigned long long)bytes * 8);
	at = (long)(bit / 8);
	if (fseek(file, at, SEEK_SET) != 0 || (c = fgetc(file)) == EOF || fseek(file, at, SEEK_SET) != 0 ||
	    fputc(c ^ 1 << bit % 8, file) == EOF)
		return 2;
	return fclose(file) == 0 ? 0 : 2;
}
