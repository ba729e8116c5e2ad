import { useConsole } from '../state/console.ts'
import { NumberField, SelectField, Toggle } from '../ui/fields.tsx'
import { useSetting } from './use-setting.ts'

/** The second pass: the picture is enlarged and drawn over. */
export function HiresPart() {
  const { lists } = useConsole()
  const hires = useSetting('hires')
  const known = lists.lists.value
  const fields = {
    scale: useSetting('hiresScale'),
    upscaler: useSetting('hiresUpscaler'),
    steps: useSetting('hiresSteps'),
    strength: useSetting('hiresStrength'),
  }
  return (
    <div class="part">
      <Toggle label="Hires fix: enlarge, then draw over" isOn={hires.value} onChange={hires.onChange} />
      {hires.value && (
        <>
          <div class="row">
            <SelectField
              label="Upscaler"
              options={[...(known?.latentUpscalers ?? []), ...(known?.upscalers ?? [])]}
              {...fields.upscaler}
            />
            <NumberField label="Scale" min={1} max={4} step={0.05} {...fields.scale} />
          </div>
          <div class="row">
            <NumberField
              label="Hires steps"
              min={0}
              max={150}
              hint={fields.steps.value === 0 ? 'As many as above' : undefined}
              {...fields.steps}
            />
            <NumberField label="Denoising strength" min={0} max={1} step={0.05} {...fields.strength} />
          </div>
        </>
      )}
    </div>
  )
}
