import { useConsole } from '../state/console.ts'
import type { Selection } from '../state/playground.ts'
import { Button } from '../ui/button.tsx'
import { readDataUrl, readPicture } from '../ui/read-picture.ts'
import { messageOf } from '../api/fault.ts'

const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
}

/** What can be done with the picture that is looked at. */
export function PictureActions({ jobId, index }: Selection) {
  const { pictures, playground, jobs } = useConsole()
  const withPicture = (act: (file: Blob) => Promise<void> | void) => (): void => {
    pictures
      .read(jobId, index)
      .then(act)
      .catch((error: unknown) => (playground.notice.value = messageOf(error)))
  }
  const draw = (mode: 'image' | 'upscale') =>
    withPicture(async (file) => {
      playground.source.value = await readPicture(file, `${jobId.slice(0, 8)}-${index}`)
      playground.strokes.value = []
      playground.change({ mode })
    })
  const forget = async (): Promise<void> => {
    await jobs.forget([jobId]).catch(() => undefined)
    playground.selection.value = undefined
  }
  return (
    <div class="actions" role="group" aria-label="What to do with this picture">
      <Button
        icon="download"
        onClick={withPicture((file) => download(file, `${jobId.slice(0, 8)}-${index}`))}
      >
        Download
      </Button>
      <Button icon="reuse" onClick={withPicture(async (file) => playground.reuse(await readDataUrl(file)))}>
        Reuse settings
      </Button>
      <Button icon="image" onClick={draw('image')}>
        Draw over
      </Button>
      <Button icon="enlarge" onClick={draw('upscale')}>
        Upscale
      </Button>
      <Button kind="quiet" icon="trash" label="Remove from the history" onClick={() => void forget()} />
    </div>
  )
}

function download(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = `${name}.${ENDINGS[file.type] ?? 'png'}`
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
