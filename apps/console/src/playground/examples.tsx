import { useConsole } from '../state/console.ts'

const EXAMPLES = [
  'a cat face on a yellow background',
  'a red rocket on a blue background',
  'a green apple on a white background',
  'an orange fish on a teal background',
] as const

/** What a page without pictures says. */
export function Examples() {
  const { playground, lists } = useConsole()
  const isDemo = lists.lists.value?.usualCheckpoint === 'demo'
  return (
    <div class="examples">
      <h2>No picture yet</h2>
      <p class="muted">
        Describe one and press Generate.
        {isDemo &&
          ' The bundled demo checkpoint is tiny: it draws icon-like shapes, so that everything can be tried.'}
      </p>
      <div class="chips">
        {EXAMPLES.map((prompt) => (
          <button type="button" key={prompt} onClick={() => playground.change({ prompt, mode: 'text' })}>
            {prompt}
          </button>
        ))}
      </div>
    </div>
  )
}
