/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the unit tests: all suites, or those named as arguments. suites.def, one SUITE(x) for each tests/test_x.c, comes
 * from the makefile. Exit status: 0 all passed, 1 some failed, 2 no such suite or CUnit failed.
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/TestRun.h>
#include "test.h"

#define SUITE(name) extern const struct test_case test_##name##_cases[];
#include "suites.def"
#undef SUITE

struct suite {
	const char *name;
	const struct test_case *cases;
};

static const struct suite suites[] = {
#define SUITE(name) { #name, test_##name##_cases },
#include "suites.def"
#undef SUITE
	{ NULL, NULL }
};

static bool add(const struct suite *suite)
{
	CU_pSuite registered = CU_add_suite(suite->name, NULL, NULL);

	if (registered == NULL)
		return false;
	for (const struct test_case *c = suite->cases; c->name != NULL; c++)
		if (CU_add_test(registered, c->name, c->run) == NULL)
			return false;
	return true;
}

static bool add_named(const char *name)
{
	for (const struct suite *suite = suites; suite->name != NULL; suite++)
		if (strcmp(suite->name, name) == 0)
			return add(suite);
	fprintf(stderr, "unit: no suite named %s\n", name);
	return false;
}

static bool add_all(void)
{
	for (const struct suite *suite = suites; suite->name != NULL; suite++)
		if (!add(suite))
			return false;
	return true;
}

static void print_failures(void)
{
	for (CU_pFailureRecord f = CU_get_failure_list(); f != NULL; f = f->pNext)
		printf("FAILED %s: %s (%s:%u: %s)\n", f->pSuite != NULL ? f->pSuite->pName : "?",
		       f->pTest != NULL ? f->pTest->pName : "?", f->strFileName, f->uiLineNumber, f->strCondition);
}

int main(int argc, char **argv)
{
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	if (argc < 2 && !add_all()) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (!add_named(argv[i]))
			return 2;
	if (CU_run_all_tests() != CUE_SUCCESS) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return 2;
	}
	failed = CU_get_number_of_tests_failed();
	print_failures();
	printf("%u passed, %u failed\n", CU_get_number_of_tests_run() - failed, failed);
	CU_cleanup_registry();
	return failed != 0 ? 1 : 0;
}
