#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/guests.sh BUILD: the guests under test, one at a time (tests/check runs another part beside it).
# seconds: 260
B=$1 JOBS=1 exec tests/run-guests
