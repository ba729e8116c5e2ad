import { CheckpointError } from '../checkpoint-error.ts'
import { PickleBytes } from '../pickle/pickle-bytes.ts'
import { runPickle } from '../pickle/pickle-machine.ts'
import { readExactly, type OpenFile } from '../read-bytes.ts'
import type { WeightFile } from '../weight-file.ts'
import { collectTensors } from './collect-tensors.ts'
import { placeTensors } from './place-tensors.ts'
import { createTorchHost } from './torch-host.ts'
import { readZipDirectory } from './zip-directory.ts'

const PICKLE_NAME = '/data.pkl'

/**
 * Reads what `torch.save` writes since PyTorch 1.6: an archive with `data.pkl` and one stored entry a storage.
 * @throws CheckpointError naming what is wrong or refused
 */
export function readTorchZip(file: OpenFile): WeightFile {
  const { path, sizeBytes } = file
  const entries = readZipDirectory(file)
  const pickles = [...entries.values()].filter(({ name }) => name.endsWith(PICKLE_NAME))
  const [pickle] = pickles
  if (pickle === undefined || pickles.length > 1)
    throw new CheckpointError(
      'malformed',
      path,
      `its archive has ${pickles.length} entries named data.pkl, not one`,
    )
  const folder = pickle.name.slice(0, -PICKLE_NAME.length)
  const order = entries.get(`${folder}/byteorder`)
  if (
    order !== undefined &&
    readExactly(file, order.offset, Math.min(order.byteLength, 6)).toString() !== 'little'
  )
    throw new CheckpointError('malformed', path, 'its weights are in big-endian order')
  const bytes = new PickleBytes(file, pickle.offset, pickle.offset + pickle.byteLength)
  const { tensors, metadata } = collectTensors(runPickle(bytes, createTorchHost(path), path), path)
  const placed = placeTensors(
    tensors,
    ({ key }) => {
      const entry = entries.get(`${folder}/data/${key}`)
      if (entry !== undefined) return entry
      throw new CheckpointError('malformed', path, `its archive has no storage ${key.slice(0, 80)}`)
    },
    path,
  )
  return { path, sizeBytes, tensors: placed, metadata }
}
