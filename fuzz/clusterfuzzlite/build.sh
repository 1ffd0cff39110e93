#!/bin/bash -eu
# SPDX-License-Identifier: BSD-2-Clause
# ClusterFuzzLite and OSS-Fuzz: builds every harness with their compiler and flags ($CC, $CFLAGS, $LIB_FUZZING_ENGINE) into
# $OUT, with seeds and the dictionary. Run in the root of the sources.
flags=$(make -s --no-print-directory fuzz-flags)
objects=$(mktemp -d)
compile() { # SOURCE OBJECT FLAG...
	# shellcheck disable=SC2086
	$CC $CFLAGS $flags -c -o "$objects/$2.o" "$1" "${@:3}"
}
for source in hv/*.c hv/dev/*.c hv/hosted/*.c hv/input/{follow,state,checkpoint,trace_none}.c fuzz/*.c; do
	case $source in hv/crc32c.c | fuzz/run.c | fuzz/tool.c | fuzz/mutator.c) continue ;; esac
	compile "$source" "$(tr / _ <<<"${source%.c}")"
done
for body in live record replay; do	# the input door has three bodies at once
	renames=()
	for name in begin started console ready time wait boundary end; do renames+=("-Dinput_$name=${body}_input_$name"); done
	compile "hv/input/$body.c" "body_$body" "${renames[@]}"
done
rm -f "$objects/core.a"
ar rcs "$objects/core.a" "$objects"/*.o
fuzz/dictionary >"$OUT/sdm.dict"
for harness in fuzz/harness/*.c; do
	name=$(basename "$harness" .c)
	compile "$harness" "harness_$name"
	# shellcheck disable=SC2086
	${CXX:-$CC} $CFLAGS -o "$OUT/$name" "$objects/harness_$name.o" "$objects/core.a" $LIB_FUZZING_ENGINE
	cp "$OUT/sdm.dict" "$OUT/$name.dict"
	(cd fuzz && tar -cf - "seeds/$name") | (cd "$objects" && tar -xf -)
	(cd "$objects/seeds/$name" && zip -q "$OUT/${name}_seed_corpus.zip" ./*) || echo "no zip: $name goes without its seeds"
done
rm -rf "$objects"
