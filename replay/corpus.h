/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb `corpus`: the exits of a recording as seeds for fuzzing (spec/step.h). */
#ifndef REPLAY_CORPUS_H
#define REPLAY_CORPUS_H

int corpus_main(int argc, char **argv);

#endif
