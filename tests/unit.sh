#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/unit.sh BUILD: the CUnit suites (tests/test_*.c), which drive the core through the hosted doors.
# seconds: 1
exec "$1/unit"
