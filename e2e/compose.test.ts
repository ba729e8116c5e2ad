import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gatewayConfigSchema, parseGatewayConfig } from '@atelier/gateway'
import { parseWorkerConfig, workerConfigSchema } from '@atelier/gpu-worker'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

// containers.e2e.test.ts starts these containers, where somebody asks for it; what their files name must be there and fit
// together everywhere.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Service {
  readonly image?: string
  readonly pull_policy?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly read_only?: boolean
  readonly tmpfs?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
}

describe('deploy/compose.yaml', () => {
  const { services, volumes } = parse(read('deploy/compose.yaml'), { merge: true }) as {
    services: Record<string, Service>
    volumes: Record<string, null>
  }
  const names = Object.keys(services)
  const ofKind = (kind: string) =>
    Object.entries(services).filter(([name]) => new RegExp(`^${kind}-\\d$`).test(name))
  /** As compose fills it in where nothing is set. */
  const settingsOf = ({ environment = {} }: Service) =>
    Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        value.replace(/\$\{\w+:-([^}]*)\}/g, (_, fallback: string) => fallback),
      ]),
    )

  it('is three NATS nodes, two gateways, two workers and a proxy', () => {
    expect([ofKind('nats'), ofKind('gateway'), ofKind('worker')].map(({ length }) => length)).toEqual([
      3, 2, 2,
    ])
    expect(names).toContain('proxy')
  })

  it('names services and volumes that it declares, and Dockerfiles that are there', () => {
    for (const { build, depends_on: needs = [], volumes: mounts = [] } of Object.values(services)) {
      expect(names).toEqual(expect.arrayContaining([...needs]))
      for (const mount of mounts)
        if (/^[a-z]/.test(mount)) expect(Object.keys(volumes)).toContain(mount.split(':')[0])
      if (build !== undefined)
        expect(existsSync(join(ROOT, 'deploy', build.context, build.dockerfile))).toBe(true)
    }
  })

  it('builds each image once, and asks no registry for it', () => {
    for (const kind of ['gateway', 'worker']) {
      const own = ofKind(kind).map(([, service]) => service)
      expect(own.map(({ build }) => build?.dockerfile)).toEqual([`deploy/${kind}.Dockerfile`, undefined])
      for (const { image, pull_policy: policy } of own)
        expect([image, policy]).toEqual([`atelier-${kind}`, 'never'])
    }
  })

  it('joins the NATS nodes to one cluster, each with a name and a folder of its own', () => {
    const routes = ofKind('nats').map(([name]) => `nats://${name}:6222`)
    for (const [name, { command = [], volumes: mounts }] of ofKind('nats')) {
      expect(command).toContain(`--name=${name}`)
      expect(command).toContain(`--routes=${routes.join()}`)
      expect(mounts).toEqual([`${name}:/data`])
    }
  })

  it('gives gateways and workers settings they know, and the nodes that are there', () => {
    const servers = ofKind('nats').map(([name]) => `nats://${name}:4222`)
    for (const [kind, schema, check] of [
      ['gateway', gatewayConfigSchema, parseGatewayConfig],
      ['worker', workerConfigSchema, parseWorkerConfig],
    ] as const)
      for (const [, service] of ofKind(kind)) {
        const settings = settingsOf(service)
        const own = Object.keys(settings).filter((name) => name.startsWith('ATELIER_'))
        expect(Object.keys(schema.shape)).toEqual(expect.arrayContaining(own))
        expect(check(settings).ATELIER_NATS_URL).toBe(servers.join())
      }
  })

  it('lets gateways reach each worker under its own name, at the port it listens on', () => {
    for (const [name, service] of ofKind('worker')) {
      const {
        ATELIER_GRPC_ADVERTISE: address,
        ATELIER_GRPC_PORT: port,
        ATELIER_WORKER_ID: id,
      } = settingsOf(service)
      expect([address, id]).toEqual([`${name}:${port}`, name])
    }
  })

  it('publishes the proxy on the loopback address alone, and the proxy knows both gateways', () => {
    expect(services['proxy']?.ports).toEqual([
      '127.0.0.1:${WEBUI_PORT:-7860}:7860',
      '127.0.0.1:${COMFY_PORT:-8188}:8188',
    ])
    for (const [name, { ports }] of Object.entries(services))
      if (name !== 'proxy') expect(ports).toBeUndefined()
    const caddyfile = read('deploy/Caddyfile')
    for (const port of [7860, 8188])
      expect(caddyfile).toContain(
        ofKind('gateway')
          .map(([name]) => `${name}:${port}`)
          .join(' '),
      )
  })

  it('lets programs write to scratch folders only, and gives them no rights', () => {
    for (const [, service] of [...ofKind('gateway'), ...ofKind('worker')]) {
      const { read_only: isReadOnly, cap_drop: rights, security_opt: options, volumes: mounts = [] } = service
      expect([isReadOnly, rights, options]).toEqual([true, ['ALL'], ['no-new-privileges:true']])
      const writable = [...(service.tmpfs ?? []), ...mounts.filter((mount) => !mount.endsWith(':ro'))]
      expect(writable.map((mount) => /(\/tmp|\/data)(:uid=\S+)?$/.exec(mount)?.[1]).sort()).toEqual([
        '/data',
        '/tmp',
      ])
    }
  })
})

describe('deploy/compose.keys.yaml', () => {
  it('gives every gateway the file of keys it names, and changes nothing else', () => {
    const { services } = parse(read('deploy/compose.keys.yaml')) as { services: Record<string, Service> }
    expect(Object.keys(services)).toEqual(['gateway-1', 'gateway-2'])
    for (const { environment, volumes: mounts, ...more } of Object.values(services)) {
      const { ATELIER_API_KEYS: path } = environment as { ATELIER_API_KEYS: string }
      expect(mounts).toEqual([expect.stringMatching(new RegExp(`^\\$\\{KEYS:.*\\}:${path}:ro$`))])
      expect(more).toEqual({})
    }
  })
})
