import { useConsole } from '../state/console.ts'
import { Button } from '../ui/button.tsx'
import { NumberField, SelectField } from '../ui/fields.tsx'
import { SizePart } from './size-part.tsx'
import { useSetting } from './use-setting.ts'

/** Largest seed that is drawn here: what fits a number of A1111's field. */
const SEED_LIMIT = 2 ** 32

/** How it is drawn. */
export function SamplingPart() {
  const { lists } = useConsole()
  const known = lists.lists.value
  return (
    <>
      <CheckpointField />
      <div class="row">
        <SelectField label="Sampler" options={known?.samplers ?? []} {...useSetting('sampler')} />
        <SelectField label="Schedule" options={known?.schedules ?? []} {...useSetting('schedule')} />
      </div>
      <div class="row">
        <NumberField label="Steps" min={1} max={150} hasSlider {...useSetting('steps')} />
        <NumberField
          label="CFG scale"
          min={1}
          max={30}
          step={0.5}
          hasSlider
          {...useSetting('guidanceScale')}
        />
      </div>
      <SizePart />
      <SeedField />
      <div class="row">
        <NumberField label="Pictures at once" min={1} max={16} {...useSetting('batchSize')} />
        <NumberField label="Repeats" min={1} max={100} {...useSetting('batchCount')} />
        <NumberField label="Clip skip" min={1} max={12} {...useSetting('clipSkip')} />
      </div>
    </>
  )
}

function CheckpointField() {
  const { lists } = useConsole()
  const checkpoint = useSetting('checkpoint')
  const vae = useSetting('vae')
  const known = lists.lists.value
  const options = (known?.checkpoints ?? []).map(({ name, family }) => ({
    value: name,
    text: family === '' ? name : `${name} · ${family}`,
  }))
  const usual = known?.usualCheckpoint ?? ''
  const vaes = known?.vaes ?? []
  return (
    <>
      <SelectField
        label="Checkpoint"
        options={options}
        {...checkpoint}
        value={checkpoint.value === '' ? usual : checkpoint.value}
        hint={
          known !== undefined && options.length === 0 ? 'No worker has a checkpoint it can use.' : undefined
        }
      />
      {(vaes.length > 0 || vae.value !== '') && (
        <SelectField label="VAE" options={[{ value: '', text: "The checkpoint's own" }, ...vaes]} {...vae} />
      )}
    </>
  )
}

function SeedField() {
  const seed = useSetting('seed')
  return (
    <NumberField
      label="Seed"
      hint={seed.value < 0 ? 'Drawn at random' : undefined}
      min={-1}
      max={SEED_LIMIT}
      {...seed}
    >
      <Button icon="seed" label="Random seed" onClick={() => seed.onChange(-1)} isPressed={seed.value < 0} />
    </NumberField>
  )
}
