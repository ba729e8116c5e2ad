import { CheckpointError } from './checkpoint-error.ts'
import { readUpTo, withOpenFile, type OpenFile } from './read-bytes.ts'
import { readSafetensors } from './safetensors.ts'
import { readTorchLegacy } from './torch/torch-legacy.ts'
import { readTorchZip } from './torch/torch-zip.ts'
import type { WeightFile } from './weight-file.ts'

/** Where tar archives say that they are. */
const TAR_OFFSET = 257

/**
 * Reads a weight file's table of contents; what kind of file it is, its first bytes say and not its name.
 * @throws CheckpointError naming the file and what is wrong with it
 */
export function readWeightFile(path: string): WeightFile {
  const read = withOpenFile(path, (file) => {
    const start = readStart(file)
    if (start.subarray(0, 4).toString('latin1') === 'PK\x03\x04') return readTorchZip(file)
    // Pickles begin with PROTO; a safetensors header of 128 bytes more or less does too, but goes on with a brace.
    if (start[0] === 0x80 && start[8] !== 0x7b) return readTorchLegacy(file)
    if (start.subarray(TAR_OFFSET, TAR_OFFSET + 5).toString('latin1') === 'ustar') {
      const reason = 'it is a tar archive as PyTorch wrote before 2017; save it again with a newer version'
      throw new CheckpointError('unknown-structure', path, reason)
    }
    return undefined
  })
  return read ?? readSafetensors(path)
}

function readStart(file: OpenFile): Buffer {
  return readUpTo(file, 0, TAR_OFFSET + 5)
}
