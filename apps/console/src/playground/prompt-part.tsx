import { useRef, useState } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/fields.tsx'
import { LoraPicker } from './lora-picker.tsx'
import { useSetting } from './use-setting.ts'

/** Both prompts, and what can be put into them. */
export function PromptPart() {
  const { lists } = useConsole()
  const prompt = useSetting('prompt')
  const negative = useSetting('negativePrompt')
  const [isPicking, setPicking] = useState(false)
  const input = useRef<HTMLTextAreaElement>(null)
  const loras = lists.lists.value?.loras ?? []
  const insert = (text: string): void => {
    const at = input.current?.selectionEnd ?? prompt.value.length
    const gap = at > 0 && !/\s$/.test(prompt.value.slice(0, at)) ? ' ' : ''
    prompt.onChange(prompt.value.slice(0, at) + gap + text + prompt.value.slice(at))
    setPicking(false)
    input.current?.focus()
  }
  return (
    <div class="prompts">
      <TextField label="Prompt" rows={3} placeholder="What the picture shows" inputRef={input} {...prompt} />
      {loras.length > 0 && (
        <div class="prompt-tools">
          <Button kind="quiet" icon="plus" onClick={() => setPicking(true)}>
            LoRA
          </Button>
        </div>
      )}
      <TextField label="Negative prompt" rows={2} placeholder="What it does not show" {...negative} />
      {isPicking && <LoraPicker loras={loras} onPick={insert} onClose={() => setPicking(false)} />}
    </div>
  )
}
