#!/usr/bin/env bash
# Packs all that `run.ts` needs for a Linux x64 machine without network, where only an NVIDIA driver is certain: Node, the
# committed files, what they need of node_modules and ONNX Runtime's CUDA provider. Unpack: cat part-* | tar -xJ -C FOLDER.
#
# Run: bench/gpu/pack.sh OUT WHEEL [ARCH] [PART_MIB]
# WHEEL: the wheel of onnxruntime-gpu, of onnxruntime-node's version. ARCH: compute capability the machine code is kept for
# (slim_provider.py); 0: all. NVIDIA's own libraries are not packed: `npm run install:cuda` or those of PyTorch beside it.
set -euo pipefail
shopt -s nullglob
out=$(realpath -m "$1") wheel=$(realpath "$2") arch=${3:-0} part=${4:-50}
cd "$(dirname "$0")/../.."
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out" "$stage/bin"
cp "$(command -v node)" "$stage/bin/node"
git archive HEAD | tar -x -C "$stage"
rm -rf "$stage"/{docs,deploy,.github}
# Tools of development, and other systems' binaries.
tar -c --exclude-from=- node_modules apps/*/node_modules packages/*/node_modules <<'LIST' | tar -x -C "$stage"
node_modules/.cache
node_modules/@bufbuild/buf*
node_modules/@rolldown
node_modules/@typescript-eslint
node_modules/@playwright
node_modules/dependency-cruiser
node_modules/dprint-node
node_modules/eslint
node_modules/lightningcss*
node_modules/playwright-core
node_modules/prettier
node_modules/swagger-ui-dist/*.map
node_modules/typescript
node_modules/vite
node_modules/vitest
node_modules/onnxruntime-node/bin/napi-*/darwin
node_modules/onnxruntime-node/bin/napi-*/win32
node_modules/onnxruntime-node/bin/napi-*/linux/arm64
LIST
runtime=$(echo "$stage"/node_modules/onnxruntime-node/bin/napi-*/linux/x64)
version=$(node -p "require('onnxruntime-node/package.json').version")
rm -rf "$runtime"/cuda "$runtime"/libonnxruntime_providers_*
python3 - "$wheel" "$runtime" <<'UNPACK'
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in ("cuda", "shared"):
        path = f"onnxruntime/capi/libonnxruntime_providers_{name}.so"
        with archive.open(path) as source, open(f"{folder}/{path.rsplit('/', 1)[1]}", "wb") as target:
            target.write(source.read())
UNPACK
echo "$version" > "$runtime/cuda-provider-version.txt"
if [ "$arch" != 0 ]; then
  provider=$runtime/libonnxruntime_providers_cuda.so
  python3 bench/gpu/slim_provider.py "$provider" "$provider.slim" "$arch"
  mv "$provider.slim" "$provider"
fi
rm -f "$out"/part-*
tar -c -C "$stage" . | xz -3 -T0 | split -b "${part}M" - "$out/part-"
ls -l "$out"
