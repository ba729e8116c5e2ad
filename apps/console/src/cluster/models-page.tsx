import type { ModelBody, ModelList } from '@atelier/catalog/atelier-api'
import { useId, useState } from 'preact/hooks'
import { SelectField, Toggle } from '../ui/fields.tsx'
import { formatBytes } from '../ui/format.ts'
import { usePolled } from '../ui/use-polled.ts'
import { MODEL_KIND_WORDS } from './words.ts'

/** How often the list is asked for, milliseconds: hashes come in the background. */
const EVERY_MS = 10_000
/** Digits of a hash that are shown, as A1111 does. */
const SHORT_HASH = 10

/** Which files are shown. */
interface ModelFilter {
  /** Part of a name, a title, a family or a hash; empty: any. */
  readonly text: string
  /** Empty: all kinds. */
  readonly kind: string
  readonly isFaultyOnly: boolean
}

/** Every model file that a worker sees. */
export function ModelsPage() {
  const { body, fault } = usePolled<ModelList>('atelier/v1/models', EVERY_MS)
  const [filter, setFilter] = useState<ModelFilter>({ text: '', kind: '', isFaultyOnly: false })
  const models = body?.models ?? []
  const faulty = models.filter(({ unusable_reason: reason }) => reason !== '').length
  const shown = models.filter((model) => passes(model, filter))
  return (
    <div class="narrow">
      <header class="page-head">
        <h1>Models</h1>
        <span class="muted">
          {models.length === 1 ? '1 file' : `${models.length} files`}
          {faulty > 0 && ` · ${faulty} cannot be used`}
        </span>
      </header>
      <Filters models={models} filter={filter} onChange={setFilter} />
      {fault !== '' && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {body !== undefined && shown.length === 0 && <p class="empty">No file fits.</p>}
      {shown.length > 0 && <ModelTable models={shown} />}
    </div>
  )
}

function passes(model: ModelBody, { text, kind, isFaultyOnly }: ModelFilter): boolean {
  if (kind !== '' && model.kind !== kind) return false
  if (isFaultyOnly && model.unusable_reason === '') return false
  const words = `${model.name} ${model.title} ${model.family} ${model.sha256}`
  return words.toLowerCase().includes(text.toLowerCase())
}

interface FiltersProps {
  readonly models: readonly ModelBody[]
  readonly filter: ModelFilter
  readonly onChange: (filter: ModelFilter) => void
}

function Filters({ models, filter, onChange }: FiltersProps) {
  const searchId = useId()
  const kinds = [...new Set(models.map((model) => model.kind))]
  return (
    <div class="filters">
      <div class="field">
        <label for={searchId}>Search</label>
        <input
          id={searchId}
          type="search"
          placeholder="Name, family or hash"
          value={filter.text}
          onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        />
      </div>
      <SelectField
        label="Type"
        value={filter.kind}
        onChange={(kind) => onChange({ ...filter, kind })}
        options={[
          { value: '', text: 'All types' },
          ...kinds.map((one) => ({ value: one, text: MODEL_KIND_WORDS[one] })),
        ]}
      />
      {models.some(({ unusable_reason: reason }) => reason !== '') && (
        <Toggle
          label="Only what cannot be used"
          isOn={filter.isFaultyOnly}
          onChange={(isFaultyOnly) => onChange({ ...filter, isFaultyOnly })}
        />
      )}
    </div>
  )
}

function ModelTable({ models }: { readonly models: readonly ModelBody[] }) {
  return (
    <div class="panel table-place" tabIndex={0} role="region" aria-label="Model files">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Family</th>
            <th scope="col">Hash</th>
            <th scope="col" class="right">
              Size
            </th>
            <th scope="col">Workers</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <Model key={`${model.kind}/${model.name}/${model.workers.join()}`} model={model} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Model({ model }: { readonly model: ModelBody }) {
  const { unusable_reason: reason, loaded_on: loadedOn } = model
  return (
    <tr class={reason === '' ? '' : 'unusable'}>
      <th scope="row">
        {model.name}
        {model.title !== '' && <span class="muted"> {model.title}</span>}
        {reason !== '' && <p class="fault">Cannot be used because {reason}</p>}
      </th>
      <td>{MODEL_KIND_WORDS[model.kind]}</td>
      <td>{model.family || '–'}</td>
      <td>
        {model.sha256 === '' ? (
          <span class="muted">not yet</span>
        ) : (
          <code title={model.sha256}>{model.sha256.slice(0, SHORT_HASH)}</code>
        )}
      </td>
      <td class="right">{formatBytes(model.size_bytes)}</td>
      <td>
        <span title={model.workers.join(', ')}>{model.workers.length}</span>
        {loadedOn.length > 0 && (
          <span class="badge ready" title={loadedOn.join(', ')}>
            loaded
          </span>
        )}
      </td>
    </tr>
  )
}
