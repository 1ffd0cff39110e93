/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test file shares: the table of named cases that it exports as test_<suite>_cases. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <CUnit/CUnit.h>
#include "types.h"

struct test_case {
	const char *name;	/* a sentence; null ends the table */
	void (*run)(void);
};

#endif
