import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseGatewayConfig } from '@atelier/gateway'
import { parseWorkerConfig } from '@atelier/gpu-worker'
import { hasTool, requireTool } from '@atelier/ledger/test-kit'
import { describe, expect, it } from 'vitest'
import { renderChart, type KubernetesObject } from './kit/helm.ts'

const CHART = fileURLToPath(new URL('../deploy/helm/atelier', import.meta.url))
const VALUES = ['default', 'small', 'full', 'elsewhere']

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: Record<string, { readonly name: string; readonly key: string }>
}
interface Port {
  readonly name: string
  readonly containerPort: number
}
interface Rule {
  readonly ports: readonly { readonly port: string }[]
  readonly from?: readonly {
    readonly podSelector?: { readonly matchLabels: Record<string, string> }
    readonly namespaceSelector?: object
  }[]
}
interface Mount {
  readonly name: string
  readonly mountPath: string
}

const podsOf = (objects: readonly KubernetesObject[]) =>
  objects.flatMap(({ kind, spec, metadata }) => {
    if (kind === 'Pod') return [{ name: metadata.name, labels: metadata.labels ?? {}, pod: spec, spec }]
    if (kind !== 'Deployment' && kind !== 'StatefulSet') return []
    const { metadata: own, spec: pod } = spec.template
    return [{ name: metadata.name, labels: own.labels as Record<string, string>, pod, spec }]
  })

/** The environment a container starts with; what comes from elsewhere is filled in with something of its kind. */
function toEnvironment(variables: readonly Variable[]): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const { name, value, valueFrom } of variables) {
    const text = value ?? (valueFrom?.['resourceFieldRef'] ? '2' : name === 'POD_IP' ? '10.1.2.3' : 'x')
    environment[name] = text.replace(/\$\((\w+)\)/g, (_, other: string) => environment[other] ?? '')
  }
  return environment
}

const isPartOf = (part: Record<string, string>, whole: Record<string, string>): boolean =>
  Object.entries(part).every(([name, value]) => whole[name] === value)

const hasHelm = hasTool('helm')

describe.skipIf(!hasHelm)('the chart as Helm renders it', () => {
  describe.each(VALUES)('with the values "%s"', (values) => {
    // A block that is skipped is read all the same.
    const objects = hasHelm ? renderChart(values) : []
    const pods = podsOf(objects)
    const ofKind = (kind: string) => objects.filter((object) => object.kind === kind)

    it('gives programs settings they accept whole', () => {
      const checked = pods.flatMap(({ pod }) =>
        (pod.containers as { name: string; env: Variable[] }[]).map(({ name, env }) => {
          const names = (env ?? []).map((variable) => variable.name)
          expect(new Set(names).size).toBe(names.length)
          if (name === 'gateway') return parseGatewayConfig(toEnvironment(env))
          if (name === 'worker') return parseWorkerConfig(toEnvironment(env))
          return undefined
        }),
      )
      expect(checked.filter(Boolean).length).toBeGreaterThanOrEqual(2)
    })

    it('opens the ports its settings name, and probes and sends to ports that are open', () => {
      for (const { pod, labels } of pods)
        for (const { name, env, ports = [], ...container } of pod.containers) {
          const open = new Map((ports as Port[]).map((port) => [port.name, port.containerPort]))
          const settings = toEnvironment(env ?? [])
          for (const [port, setting] of [
            ['webui', 'ATELIER_PORT'],
            ['comfy', 'ATELIER_COMFY_PORT'],
            ['metrics', 'ATELIER_METRICS_PORT'],
            ['grpc', 'ATELIER_GRPC_PORT'],
          ] as const)
            if (open.has(port)) expect(String(open.get(port))).toBe(settings[setting])
          if (name === 'worker')
            expect(settings['ATELIER_GRPC_ADVERTISE']).toMatch(new RegExp(`:${open.get('grpc')}$`))
          for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
            if (container[probe]) expect([...open.keys()]).toContain(container[probe].httpGet.port)
          for (const { spec } of ofKind('Service'))
            if (isPartOf(spec.selector, labels))
              for (const { targetPort } of spec.ports) expect([...open.keys()]).toContain(targetPort)
        }
    })

    it('mounts volumes that are there, and lets programs write where they do', () => {
      for (const { pod } of pods) {
        const volumes = ((pod.volumes ?? []) as { name: string }[]).map(({ name }) => name)
        for (const { name, volumeMounts = [], env = [] } of pod.containers) {
          const claims = name === 'nats' ? ['data'] : []
          for (const mount of volumeMounts as Mount[]) expect([...volumes, ...claims]).toContain(mount.name)
          if (name !== 'gateway' && name !== 'worker') continue
          const paths = (volumeMounts as Mount[]).map(({ mountPath }) => mountPath)
          expect(paths).toEqual(expect.arrayContaining(['/data', '/tmp']))
          const files = Object.entries(toEnvironment(env)).filter(([, value]) => value.startsWith('/etc/'))
          for (const [setting, file] of files)
            expect(
              paths.some((path) => file.startsWith(`${path}/`)),
              `${setting}: ${file}`,
            ).toBe(true)
        }
      }
    })

    it('runs nothing as root, with no links of services and nothing that may write to its image', () => {
      for (const { pod } of pods) {
        // A Service named "atelier" would otherwise set ATELIER_PORT to an address.
        expect(pod.enableServiceLinks).toBe(false)
        expect(pod.automountServiceAccountToken).toBe(false)
        expect(pod.securityContext).toMatchObject({
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        })
        for (const { securityContext } of pod.containers)
          expect(securityContext).toMatchObject({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          })
      }
    })

    it('gives programs more time to stop than they take', () => {
      for (const { pod } of pods)
        for (const { name, env, lifecycle } of pod.containers) {
          if (name !== 'gateway' && name !== 'worker') continue
          const pause = Number(lifecycle?.preStop.exec.command[1] ?? 0)
          const drain = Number(toEnvironment(env)['ATELIER_DRAIN_SECONDS'])
          expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(pause + drain + 15)
        }
    })

    it('selects by labels that pods have, and names only Secrets that are made or told', () => {
      for (const { spec } of pods)
        if (spec.selector) expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
      for (const kind of ['PodDisruptionBudget', 'NetworkPolicy', 'Service', 'PodMonitor'])
        for (const { spec, metadata } of ofKind(kind)) {
          const selector =
            kind === 'Service' ? spec.selector : (spec.podSelector ?? spec.selector).matchLabels
          expect(
            pods.some(({ labels }) => isPartOf(selector, labels)),
            `${kind} ${metadata.name}`,
          ).toBe(true)
        }
      const secrets = ofKind('Secret').map(({ metadata }) => metadata.name)
      const known = new Map(
        ofKind('Secret').map(({ metadata, stringData = {} }) => [metadata.name, stringData]),
      )
      for (const { pod } of pods)
        for (const { env = [] } of pod.containers as { env?: Variable[] }[])
          for (const { valueFrom } of env) {
            const { name, key } = valueFrom?.['secretKeyRef'] ?? {}
            if (name === undefined || !secrets.includes(name)) continue
            expect(Object.keys(known.get(name)!)).toContain(key)
          }
    })

    it.skipIf(!hasTool('nats-server'))('makes a configuration that nats-server takes', () => {
      const config = ofKind('ConfigMap').find(({ data = {} }) => 'nats.conf' in data)
      if (config === undefined) return expect(values).toBe('elsewhere')
      const folder = mkdtempSync(join(tmpdir(), 'atelier-nats-conf-'))
      try {
        writeFileSync(join(folder, 'nats.conf'), config.data!['nats.conf']!)
        const env = { ...process.env, POD_NAME: 'n-0', NATS_USER: 'atelier', NATS_PASSWORD: 'p1' }
        execFileSync(requireTool('nats-server'), ['--config', join(folder, 'nats.conf'), '-t'], {
          env,
          stdio: 'pipe',
        })
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })

  const findFault = (values: string, ...more: string[]): string => {
    try {
      renderChart(values, ...more)
      return ''
    } catch (error) {
      return (error as { stderr: string }).stderr
    }
  }

  it('refuses to open gateways to the outside for everybody, unless told to', () => {
    const outside = ['ingress.enabled=true', 'ingress.webuiHost=a.example.com']
    expect(findFault('default', ...outside)).toContain('whoever reaches the gateways may use them')
    expect(findFault('default', 'service.type=NodePort')).toContain('whoever reaches')
    expect(findFault('default', ...outside, 'auth.allowOpen=true')).toBe('')
    expect(findFault('default', ...outside, 'auth.basic.users=a:b')).toBe('')
  })

  it('tells every fault at once', () => {
    const faults = findFault('default', 's3.bucket=x', 'nats.url=nats://a', 'httpRoute.enabled=true')
    for (const fault of ['s3: name', 'nats.url: is for', 'httpRoute: name']) expect(faults).toContain(fault)
  })

  it.each([
    ['gateway.settings.ATELIER_PORT=1', 'ATELIER_PORT'],
    ['gateway.settings.ATELIER_SLOTS=1', 'ATELIER_SLOTS'],
    ['gateway.replica=3', 'replica'],
    ['workers.cpu.gpu=1', 'gpu'],
    ['nats.replicas=2', 'replicas'],
    ['workers.Cpu_1.gpus=1', 'Cpu_1'],
  ])('does not take %s', (setting, named) => {
    expect(findFault('default', setting)).toContain(named)
  })

  it('says what a pool says over what is said of all, nothings and zeros too', () => {
    const objects = renderChart(
      'default',
      'workerDefaults.replicas=3',
      'workers.cpu.replicas=0',
      'workers.off.enabled=false',
    )
    const workers = objects.filter(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name.includes('worker'),
    )
    expect(workers.map(({ metadata, spec }) => [metadata.name, spec.replicas])).toEqual([
      ['demo-atelier-worker-cpu', 0],
    ])
  })

  it('runs a pool on the devices it gets', () => {
    const devices = podsOf(renderChart('full'))
      .filter(({ name }) => name.includes('worker'))
      .map(({ name, pod: { containers } }) => {
        const { ATELIER_DEVICE: device } = toEnvironment(containers[0].env)
        return [name.replace('pictures-worker-', ''), device, containers[0].resources.limits]
      })
    expect(devices).toEqual([
      ['h100x4', 'auto', { 'nvidia.com/gpu': '4' }],
      ['l4', 'cuda:0', { memory: '48Gi', 'nvidia.com/gpu': '1' }],
      ['slices', 'auto', { 'nvidia.com/mig-1g.10gb': '1' }],
    ])
  })

  it('lets its own test reach the gateways where only some clients may', () => {
    const objects = renderChart('full')
    const test = podsOf(objects).find(({ name }) => name.endsWith('test-answers'))!
    const policies = objects.filter(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith('-gateway'),
    )
    const clients = (policies[0]?.spec.ingress as Rule[])
      .filter(({ ports }) => ports.some(({ port }) => port === 'webui'))
      .flatMap(({ from }) => from ?? [])
    const selectors = clients.flatMap(({ podSelector }) => (podSelector ? [podSelector.matchLabels] : []))
    expect(selectors.some((selector) => isPartOf(selector, test.labels))).toBe(true)
    // And those that are named still may.
    expect(clients.some(({ namespaceSelector }) => namespaceSelector !== undefined)).toBe(true)
  })

  it('brings the dashboards as they are, and the alerts but for those that are switched off', () => {
    const objects = renderChart('full')
    const dashboards = objects.find(({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1')
    for (const [file, text] of Object.entries(dashboards?.data ?? {}))
      expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(join(CHART, 'dashboards', file), 'utf8')))
    expect(Object.keys(dashboards?.data ?? {}).length).toBe(2)
    const groups = objects.find(({ kind }) => kind === 'PrometheusRule')?.spec.groups as {
      rules: { alert?: string }[]
    }[]
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))
    expect(alerts).toContain('AtelierNoWorkers')
    expect(alerts).not.toContain('AtelierQueueSlow')
  })
})
