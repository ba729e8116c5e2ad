import { useConsole } from '../state/console.ts'
import { NumberField, SelectField } from '../ui/fields.tsx'
import { useSetting } from './use-setting.ts'

/** How a picture is enlarged. */
export function UpscalePart() {
  const { lists, playground } = useConsole()
  const factor = useSetting('upscaleFactor')
  const source = playground.source.value
  const hint =
    source &&
    `${Math.round(source.width * factor.value)} × ${Math.round(source.height * factor.value)} pixels`
  return (
    <div class="row">
      <SelectField
        label="Upscaler"
        options={lists.lists.value?.upscalers ?? []}
        {...useSetting('upscaler')}
      />
      <NumberField label="Factor" min={1} max={8} step={0.25} hint={hint} {...factor} />
    </div>
  )
}
