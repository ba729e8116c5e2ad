import type { WorkerBody, WorkerList } from '@atelier/catalog/atelier-api'
import { formatBytes, formatSpan } from '../ui/format.ts'
import { useNow } from '../ui/use-now.ts'
import { usePolled } from '../ui/use-polled.ts'

/** How often workers are asked for, milliseconds; they tell of themselves every five seconds. */
const EVERY_MS = 3_000

const STATE_WORDS: Readonly<Record<WorkerBody['state'], string>> = {
  ready: 'Ready',
  starting: 'Its engine starts',
  draining: 'Drains: takes no new jobs',
}

/** The machines that draw. */
export function WorkersPage() {
  const { body, fault } = usePolled<WorkerList>('atelier/v1/workers', EVERY_MS)
  const workers = body?.workers
  const busy = workers?.reduce((sum, { running }) => sum + running, 0) ?? 0
  const slots = workers?.reduce((sum, worker) => sum + worker.slots, 0) ?? 0
  return (
    <div class="narrow">
      <header class="page-head">
        <h1>Workers</h1>
        {workers !== undefined && (
          <span class="muted">
            {workers.length} alive · {busy} of {slots} slots busy
          </span>
        )}
      </header>
      {fault !== '' && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {workers?.length === 0 && <p class="empty">No worker is alive: jobs wait until one is.</p>}
      <ul class="worker-list">
        {workers?.map((worker) => (
          <Worker key={worker.id} worker={worker} />
        ))}
      </ul>
    </div>
  )
}

function Worker({ worker }: { readonly worker: WorkerBody }) {
  const { device, state } = worker
  return (
    <li class="panel worker">
      <header>
        <h2>{worker.id}</h2>
        <span class={`badge ${state}`}>{STATE_WORDS[state]}</span>
      </header>
      <p class="device">
        {device.title || device.name}
        {device.title !== '' && <span class="muted"> {device.name}</span>}
      </p>
      <Meter label="Slots" used={worker.running} total={worker.slots} show={(count) => String(count)} />
      <MemoryMeters device={device} />
      <Facts worker={worker} />
    </li>
  )
}

/** The device's memory and its host's, unless they are the same. */
function MemoryMeters({ device }: { readonly device: WorkerBody['device'] }) {
  const { memory_total_bytes: total, host_total_bytes: hostTotal } = device
  return (
    <>
      {total > 0 && (
        <Meter
          label={device.name === 'cpu' ? 'Memory' : 'Device memory'}
          used={total - device.memory_free_bytes}
          total={total}
          show={formatBytes}
        />
      )}
      {hostTotal > 0 && hostTotal !== total && (
        <Meter
          label="Host memory"
          used={hostTotal - device.host_free_bytes}
          total={hostTotal}
          show={formatBytes}
        />
      )}
    </>
  )
}

function Facts({ worker }: { readonly worker: WorkerBody }) {
  const now = useNow()
  return (
    <dl class="facts">
      <dt>Loaded</dt>
      <dd>{worker.loaded.length === 0 ? 'nothing' : worker.loaded.join(', ')}</dd>
      <dt>Models</dt>
      <dd>
        {worker.models}
        {worker.unusable_models > 0 && <span class="fault"> · {worker.unusable_models} cannot be used</span>}
      </dd>
      <dt>Up for</dt>
      <dd>{formatSpan(Math.max(0, now - worker.started_at_ms) / 1_000)}</dd>
      {worker.engine_restarts > 0 && (
        <>
          <dt>Engine restarts</dt>
          <dd class="fault">{worker.engine_restarts}</dd>
        </>
      )}
      {worker.version !== '' && (
        <>
          <dt>Version</dt>
          <dd>{worker.version}</dd>
        </>
      )}
    </dl>
  )
}

interface MeterProps {
  readonly label: string
  readonly used: number
  readonly total: number
  readonly show: (value: number) => string
}

function Meter({ label, used, total, show }: MeterProps) {
  return (
    <div class="meter">
      <span>{label}</span>
      <progress max={Math.max(total, 1)} value={used} aria-label={`${label} in use`} />
      <span class="muted">
        {show(used)} of {show(total)}
      </span>
    </div>
  )
}
