import { useConsole } from '../state/console.ts'
import { Button } from '../ui/button.tsx'

/** How the picture that is looked at was made, as its file tells it. */
export function Infotext({ text }: { readonly text: string }) {
  const { playground } = useConsole()
  const copy = (): void => {
    navigator.clipboard
      .writeText(text)
      .then(() => (playground.notice.value = 'Copied.'))
      .catch(() => (playground.notice.value = 'The browser does not let the page copy.'))
  }
  return (
    <div class="infotext">
      <pre tabIndex={0} aria-label="How it was made">
        {text}
      </pre>
      <Button kind="quiet" icon="copy" label="Copy this text" onClick={copy} />
    </div>
  )
}
