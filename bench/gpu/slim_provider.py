"""Writes ONNX Runtime's CUDA provider with the machine code of one kind of GPU alone: the rest becomes zeros, which
compress to nothing. For carrying it where 270 MB are too much; the library's layout stays.

Usage: python slim_provider.py libonnxruntime_providers_cuda.so OUT ARCH
ARCH is the compute capability without its point: 75, 80, 86, 89, 90 (H100, H200) or 120.
"""

import struct
import sys

# CUDA's containers of machine code (fatbinary.h of its toolkit): a header, then an entry for each kind of GPU.
MAGIC = struct.pack("<I", 0xBA55ED50)

source, target, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(source, "rb") as file:
    data = bytearray(file.read())
kept, cleared, at = 0, 0, data.find(MAGIC)
while at >= 0:
    version, header, size = struct.unpack_from("<HHQ", data, at + 4)
    entry, end = at + header, at + header + size
    if version != 1 or header != 16 or end > len(data):
        # The same four bytes by chance.
        at = data.find(MAGIC, at + 4)
        continue
    while entry < end:
        kind, _, own, length = struct.unpack_from("<HHIQ", data, entry)
        (arch,) = struct.unpack_from("<I", data, entry + 28)
        if arch == wanted:
            kept += length
        else:
            cleared += length
            data[entry + own : entry + own + length] = bytes(length)
        entry += own + length
    at = data.find(MAGIC, end)
if kept == 0:
    sys.exit(f"the provider has no code for compute capability {wanted}")
with open(target, "wb") as file:
    file.write(data)
print(f"{kept >> 20} MiB of machine code kept, {cleared >> 20} MiB cleared")
