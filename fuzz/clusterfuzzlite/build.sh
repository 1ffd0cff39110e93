#!/bin/bash -eu
# SPDX-License-Identifier: BSD-2-Clause
# ClusterFuzzLite and OSS-Fuzz: builds every harness with their compiler and flags ($CC, $CXX, $CFLAGS, $LIB_FUZZING_ENGINE) into
# $OUT, with seeds and the dictionary. Run in the root of the sources. What is compiled, and how, is asked of make.
flags=$(make -s --no-print-directory fuzz-flags)
sources=$(make -s --no-print-directory fuzz-sources)
libraries=$(make -s --no-print-directory fuzz-libraries)
objects=$(mktemp -d)
compile() { # SOURCE OBJECT FLAG...
	# shellcheck disable=SC2086
	$CC $CFLAGS $flags -c -o "$objects/$2.o" "$1" "${@:3}"
}
for source in $sources; do
	renames=()
	[ "$source" != replay/recording.c ] || renames=(-Drecording_build=recording_build_of_files)
	compile "$source" "$(tr / _ <<<"${source%.c}")" "${renames[@]}"
done
for body in live record replay; do	# the input door has three bodies at once
	renames=()
	for name in $(make -s --no-print-directory fuzz-door); do renames+=("-Dinput_$name=${body}_input_$name"); done
	compile "hv/input/$body.c" "body_$body" "${renames[@]}"
done
rm -f "$objects/core.a"
ar rcs "$objects/core.a" "$objects"/*.o
fuzz/dictionary >"$OUT/sdm.dict"
for harness in fuzz/harness/*.c; do
	name=$(basename "$harness" .c)
	compile "$harness" "harness_$name"
	# shellcheck disable=SC2086
	${CXX:-$CC} $CFLAGS -o "$OUT/$name" "$objects/harness_$name.o" "$objects/core.a" $LIB_FUZZING_ENGINE $libraries
	cp "$OUT/sdm.dict" "$OUT/$name.dict"
	(cd "fuzz/seeds/$name" && zip -q "$OUT/${name}_seed_corpus.zip" ./*) || echo "no zip: $name goes without its seeds"
done
rm -rf "$objects"
