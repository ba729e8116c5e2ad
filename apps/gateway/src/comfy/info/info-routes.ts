import { freemem, totalmem } from 'node:os'
import type { Device } from '@atelier/proto'
import type { GatewayConfig } from '../../config.ts'
import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { answerPlainJson, answerText } from '../respond.ts'

/** The ComfyUI version whose behaviour is served, with those that belong to it. */
const VERSIONS = {
  comfyui_version: '0.3.64',
  required_frontend_version: '1.27.10',
  installed_templates_version: '0.1.95',
  required_templates_version: '0.1.95',
} as const

const MEBIBYTE = 1024 * 1024
/** ComfyUI's own upload limit; a larger limit of ours is accepted, but not announced. */
const ANNOUNCED_UPLOAD_LIMIT = 100 * MEBIBYTE

/** What this server can do, as `/features` and the websocket tell it. */
export function toServerFeatures(config: GatewayConfig): {
  supports_preview_metadata: boolean
  max_upload_size: number
} {
  const limit = Math.round(config.ATELIER_MAX_BODY_MB * MEBIBYTE)
  return { supports_preview_metadata: true, max_upload_size: Math.min(limit, ANNOUNCED_UPLOAD_LIMIT) }
}

/** What the server is, and lists that are empty because it has no extensions. */
export function addInfoRoutes(add: AddRoute, deps: GatewayDeps): void {
  add('GET', '/system_stats', () => answerPlainJson(toSystemStats(deps)))
  add('GET', '/features', () => answerPlainJson({ ...toServerFeatures(deps.config) }))
  add('GET', '/extensions', () => answerPlainJson([]))
  add('GET', '/i18n', () => answerPlainJson({}))
  add('GET', '/workflow_templates', () => answerPlainJson({}))
  // Reached only by requests that do not ask for an upgrade.
  add('GET', '/ws', (c) => {
    const upgrade = c.req.header('upgrade') ?? 'None'
    return answerText(`No WebSocket UPGRADE hdr: ${upgrade}\n Can "Upgrade" only to "WebSocket".`, 400)
  })
}

function toSystemStats(deps: GatewayDeps) {
  const devices = deps.models.workers().flatMap(({ device }) => (device === undefined ? [] : [device]))
  const host = devices[0]
  return {
    system: {
      os: 'posix',
      ram_total: host?.hostTotalBytes ?? totalmem(),
      ram_free: host?.hostFreeBytes ?? freemem(),
      ...VERSIONS,
      // There is no Python: these two name what stands in its place.
      python_version: `none (Node.js ${process.versions.node})`,
      pytorch_version: 'none (ONNX Runtime)',
      embedded_python: false,
      argv: ['main.py'],
    },
    devices: devices.length === 0 ? [describeDevice(undefined)] : devices.map(describeDevice),
  }
}

function describeDevice(device: Device | undefined) {
  const [type = 'cpu', index] = (device?.name ?? 'cpu').split(':')
  const isCpu = type === 'cpu'
  const total = device?.memoryTotalBytes || totalmem()
  const free = device?.memoryFreeBytes || freemem()
  return {
    name: isCpu || device === undefined ? 'cpu' : `${device.name} ${device.title}`,
    type,
    index: isCpu ? null : Number(index ?? 0),
    vram_total: total,
    vram_free: free,
    torch_vram_total: total,
    torch_vram_free: free,
  }
}
