#!/bin/sh
# Removes from node_modules what an image never reads: native parts for other systems (onnxruntime-node brings those of
# every one, 245 MB), tsx (Node strips types itself there), source maps, declarations, manuals, tests of packages.
#   lean-modules.sh FOLDER
set -eu
cd "$1"
architecture=$(node --print process.arch)
if [ -d onnxruntime-node ]; then
  find onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d ! -path "*/linux/$architecture" -exec rm -r {} +
fi
# npm does not tell the C libraries of these apart; Debian's is GNU's.
rm -rf @libsql/*-musl @img/*-wasm32
rm -rf tsx esbuild @esbuild @types bintrees/test
find . -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' ')' -delete
