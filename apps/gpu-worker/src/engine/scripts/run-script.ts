import { JobResult, type OutputSettings, type ScriptJob } from '@atelier/proto'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import { encodeFile } from '../generation/finish-pictures.ts'
import { required, type GenerationDeps } from '../generation/generation.ts'
import { HeldModels } from '../generation/held-models.ts'
import type { Pixels } from '../image/pixels.ts'
import type { JobContext } from '../job-context.ts'
import { loopBack } from './loop-back.ts'
import { outpaint } from './outpaint.ts'
import { PartRunner, type PartOutcome } from './part-runner.ts'
import { drawTiles } from './draw-tiles.ts'

/**
 * Runs a script: its parts one after the other, what one makes handed to the next where the script says so. A cancelled
 * script ends with what it has; a skipped pass ends with its present state and the script goes on.
 */
export async function runScript(
  script: ScriptJob,
  context: JobContext,
  deps: GenerationDeps,
): Promise<EngineOutcome> {
  const runner = new PartRunner(script, context, deps)
  runner.start()
  const kind = () => (context.cancelled.aborted ? 'interrupted' : 'done')
  switch (script.work?.$case) {
    case 'loopback': {
      const outcomes = await loopBack(script.work.value, script.parts.length, runner)
      return { kind: kind(), ...joinParts(outcomes, script) }
    }
    case 'tiles': {
      const models = new HeldModels(deps.models)
      const pictures = await drawTiles(script.work.value, script.parts, { runner, models })
      return { kind: kind(), ...(await finishWhole(pictures, required(script.output))) }
    }
    case 'outpaint': {
      const pictures = await outpaint(script.work.value, script.parts, runner)
      return { kind: kind(), ...(await finishWhole(pictures, required(script.output))) }
    }
    default: {
      const outcomes: PartOutcome[] = []
      for (const index of script.parts.keys()) {
        if (runner.isStopped) break
        outcomes.push(await runner.run(index))
      }
      return { kind: kind(), ...joinParts(outcomes, script) }
    }
  }
}

interface Joined {
  readonly result: JobResult
  readonly files: readonly EngineFile[]
}

/** What parts made, one after the other; a part that is no result has no files. */
function joinParts(outcomes: readonly (PartOutcome | undefined)[], { parts }: ScriptJob): Joined {
  const firsts = [0]
  for (const { images } of parts) firsts.push(firsts.at(-1)! + images.length)
  const made = outcomes.map((outcome, part) => ({ outcome, first: firsts[part]! }))
  const join = <T>(list: (result: JobResult) => readonly T[]) =>
    outcomes.flatMap((outcome) => (outcome === undefined ? [] : list(outcome.result)))
  return {
    files: outcomes.flatMap((outcome) => outcome?.files ?? []),
    result: JobResult.fromPartial({
      imageIndexes: made.flatMap(({ outcome, first }) =>
        (outcome?.result.imageIndexes ?? []).map((index) => index + first),
      ),
      partFileCounts: parts.map((_, part) => outcomes[part]?.files.length ?? 0),
      infotexts: join(({ infotexts }) => infotexts),
      runEvents: [...new Set(join(({ runEvents }) => runEvents))],
      remarks: [...new Set(join(({ remarks }) => remarks))],
    }),
  }
}

/** Pictures that were put together of parts'; they carry no texts, as the original's do not. */
async function finishWhole(pictures: readonly Pixels[], output: OutputSettings): Promise<Joined> {
  const files: EngineFile[] = []
  for (const picture of pictures) files.push(await encodeFile(picture, output, []))
  return { files, result: JobResult.fromPartial({ imageIndexes: [...pictures.keys()] }) }
}
