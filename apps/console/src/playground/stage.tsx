import { useConsole } from '../state/console.ts'
import type { Selection } from '../state/playground.ts'
import { Picture } from '../ui/picture.tsx'
import { Examples } from './examples.tsx'
import { Infotext } from './infotext.tsx'
import { PictureActions } from './picture-actions.tsx'
import { ProgressCard } from './progress-card.tsx'
import { toFrame } from './to-frame.ts'
import { useDescribed } from './use-described.ts'

/** The picture that is looked at, or the one that is being made. */
export function Stage() {
  const { playground, jobs } = useConsole()
  const running = playground.current.value
  const newest = jobs.ended.value.find((job) => job.image_count > 0 && job.surface === 'sdapi')
  const selection = playground.selection.value ?? (newest && { jobId: newest.id, index: 0 })
  return (
    <section class="stage" aria-label="Picture">
      {running !== undefined ? (
        <ProgressCard job={running} />
      ) : selection === undefined ? (
        <Examples />
      ) : (
        <Shown selection={selection} />
      )}
    </section>
  )
}

function Shown({ selection }: { readonly selection: Selection }) {
  const { playground, jobs } = useConsole()
  const described = useDescribed(selection)
  const notice = playground.notice.value
  const prompt = jobs.ended.value.find(({ id }) => id === selection.jobId)?.prompt ?? ''
  return (
    <>
      <figure class="shown" style={toFrame(described)}>
        <Picture
          {...selection}
          alt={prompt === '' ? 'A picture without a prompt' : `Picture of: ${prompt}`}
        />
      </figure>
      <PictureActions {...selection} />
      {notice !== '' && <p class="notice">{notice}</p>}
      {described !== undefined && described.infotext !== '' && <Infotext text={described.infotext} />}
    </>
  )
}
