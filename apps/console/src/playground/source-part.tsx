import { useState } from 'preact/hooks'
import { messageOf } from '../api/fault.ts'
import { useConsole } from '../state/console.ts'
import { Button } from '../ui/button.tsx'
import { NumberField, SelectField, Toggle } from '../ui/fields.tsx'
import { PictureChooser } from '../ui/picture-chooser.tsx'
import { readPicture } from '../ui/read-picture.ts'
import { usePictureDrop } from '../ui/use-picture-drop.ts'
import { MaskEditor } from './mask-editor.tsx'
import { useSetting } from './use-setting.ts'

const RESIZE_MODES = ['Stretch', 'Crop', 'Fill', 'Stretch the latent'] as const
const MASKED_CONTENTS = ['Fill', 'Original', 'Latent noise', 'Latent nothing'] as const

const toOptions = (names: readonly string[]) => names.map((text, index) => ({ value: String(index), text }))

/** The picture that is drawn over or enlarged. */
export function SourcePart() {
  const { playground } = useConsole()
  const isDrawnOver = playground.settings.value.mode === 'image'
  const source = playground.source.value
  return (
    <div class="part source">
      {source === undefined ? <SourceDrop /> : isDrawnOver ? <MaskEditor source={source} /> : <SourceView />}
      {isDrawnOver && <SourceSettings />}
    </div>
  )
}

function SourceDrop() {
  const { playground } = useConsole()
  const [fault, setFault] = useState('')
  const take = (file: File | undefined): void => {
    if (file === undefined) return
    setFault('')
    readPicture(file, file.name)
      .then((picture) => {
        playground.source.value = picture
        playground.strokes.value = []
      })
      .catch((error: unknown) => setFault(messageOf(error)))
  }
  const drop = usePictureDrop(take)
  return (
    <div class={`drop${drop.isOver ? ' over' : ''}`} {...drop.handlers}>
      <PictureChooser name="Source picture" onChoose={take} icon="image">
        Choose a picture
      </PictureChooser>
      <span class="muted">or drop one here</span>
      {fault !== '' && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}

function SourceView() {
  const { playground } = useConsole()
  const source = playground.source.value
  if (source === undefined) return null
  return (
    <figure class="source-view">
      <img src={source.dataUrl} alt={`Source picture, ${source.name}`} />
      <figcaption>
        <span class="muted">
          {source.width} × {source.height}
        </span>
        <Button kind="quiet" icon="trash" onClick={() => (playground.source.value = undefined)}>
          Remove
        </Button>
      </figcaption>
    </figure>
  )
}

function SourceSettings() {
  const { playground } = useConsole()
  const resize = useSetting('resizeMode')
  return (
    <>
      <div class="row">
        <NumberField
          label="Denoising strength"
          min={0}
          max={1}
          step={0.05}
          hasSlider
          {...useSetting('strength')}
        />
        <SelectField
          label="Resize"
          options={toOptions(RESIZE_MODES)}
          value={String(resize.value)}
          onChange={(value) => resize.onChange(Number(value))}
        />
      </div>
      {playground.strokes.value.length > 0 && <MaskSettings />}
    </>
  )
}

function MaskSettings() {
  const content = useSetting('maskedContent')
  const onlyMasked = useSetting('onlyMasked')
  const blur = useSetting('maskBlur')
  const padding = useSetting('maskPadding')
  return (
    <>
      <div class="row">
        <SelectField
          label="Masked content"
          options={toOptions(MASKED_CONTENTS)}
          value={String(content.value)}
          onChange={(value) => content.onChange(Number(value))}
        />
        <NumberField label="Mask blur" min={0} max={64} {...blur} />
        {onlyMasked.value && <NumberField label="Padding" min={0} max={256} step={4} {...padding} />}
      </div>
      <Toggle
        label="Draw only the masked part, at full size"
        isOn={onlyMasked.value}
        onChange={onlyMasked.onChange}
      />
    </>
  )
}
