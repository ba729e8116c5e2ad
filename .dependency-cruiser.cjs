/** The arrows between workspaces and inside the apps; see docs/architecture.md. */
const forbid = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
})

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'not of types either: what two files need has a file of its own',
      from: {},
      to: { circular: true },
    },
    forbid(
      'proto-imports-nothing',
      '^proto/',
      '^(packages|apps|e2e|bench)/',
      'the contract depends on nothing of ours',
    ),
    forbid('packages-not-apps', '^packages/', '^(apps|e2e|bench)/', 'packages are shared by the apps'),
    forbid('catalog-not-ledger', '^packages/catalog/', '^packages/ledger/', 'catalog is data'),
    forbid('ledger-not-catalog', '^packages/ledger/', '^packages/catalog/', 'the ledger does not read jobs'),
    forbid(
      'telemetry-knows-nothing',
      '^packages/telemetry/',
      '^(proto|packages/(catalog|ledger))/',
      'telemetry is told, it does not ask',
    ),
    forbid(
      'gateway-not-worker',
      '^apps/gateway/',
      '^apps/(gpu-worker|standalone)/',
      'the apps meet only in standalone',
    ),
    forbid(
      'worker-not-gateway',
      '^apps/gpu-worker/',
      '^apps/(gateway|standalone)/',
      'the apps meet only in standalone',
    ),
    forbid(
      'console-not-servers',
      '^apps/console/',
      '^(apps/(gateway|gpu-worker|standalone)|packages/(ledger|telemetry)|proto)/',
      'the web page knows the servers by their routes alone',
    ),
    forbid(
      'servers-not-console',
      '^(apps/(gateway|gpu-worker|standalone)|packages|proto|bench)/',
      '^apps/console/',
      'a gateway serves what was built of it, and does without',
    ),
    {
      name: 'console-takes-types-of-catalog',
      severity: 'error',
      comment: 'tables and schemas of the servers stay out of what browsers load',
      from: { path: '^apps/console/src/' },
      to: { path: '^packages/catalog/', dependencyTypesNot: ['type-only'] },
    },
    forbid(
      'apps-not-tests',
      '^(apps|packages|proto)/',
      '^(e2e|bench)/',
      'products do not depend on their tests',
    ),
    forbid(
      'sdapi-not-comfy',
      '^apps/gateway/src/sdapi/',
      '^apps/gateway/src/comfy/',
      'surfaces are independent',
    ),
    forbid(
      'comfy-not-sdapi',
      '^apps/gateway/src/comfy/',
      '^apps/gateway/src/sdapi/',
      'surfaces are independent',
    ),
    forbid(
      'progress-not-dispatch',
      '^apps/gateway/src/progress/',
      '^apps/gateway/src/(dispatch|sdapi|comfy)/',
      'dispatch uses progress',
    ),
    forbid(
      'nothing-imports-main',
      '\\.ts$',
      '^apps/[^/]+/src/main\\.ts$',
      'main builds real things; nothing builds on main',
    ),
    forbid(
      'engine-not-supervisor',
      '^apps/gpu-worker/src/engine/',
      '^apps/gpu-worker/src/(intake|progress|supervisor)/',
      'the engine process never opens the ledger',
    ),
    forbid(
      'engine-not-ledger',
      '^apps/gpu-worker/src/engine/',
      '^packages/ledger/',
      'the engine process never opens the ledger',
    ),
    forbid(
      'denoise-is-pure',
      '^apps/gpu-worker/src/engine/denoise/',
      '^apps/gpu-worker/src/engine/(onnx|checkpoint|models|networks)/',
      'samplers see functions, never an ONNX session',
    ),
    forbid(
      'checkpoint-not-onnx',
      '^apps/gpu-worker/src/engine/checkpoint/',
      '^apps/gpu-worker/src/engine/(onnx|models|networks|denoise)/',
      'checkpoints are data',
    ),
    {
      name: 'gateway-without-onnx',
      severity: 'error',
      comment: 'the gateway image never holds onnxruntime',
      from: { path: '^(apps/gateway|packages|proto)/' },
      to: { path: 'onnxruntime' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(\\.test\\.tsx?$|/dist/|/gen/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default', 'types'] },
  },
}
