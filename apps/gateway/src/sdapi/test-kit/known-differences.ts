/** Why an exchange is not expected to agree: on purpose, or because what it asks for is not built yet. */
export interface KnownDifference {
  readonly kind: 'deliberate' | 'later'
  readonly reason: string
}

interface Rule extends KnownDifference {
  readonly recording: RegExp
  readonly id: RegExp
}

const rule = (kind: Rule['kind'], recording: RegExp, id: RegExp, reason: string): Rule => ({
  kind,
  recording,
  id,
  reason,
})

const GENERATION = /^(txt2img|img2img|infotext|progress)$/
const GET = /^(nowebui_)?get$/

/** The first rule that fits an exchange counts. */
const RULES: readonly Rule[] = [
  rule('deliberate', GET, /^cmd-flags$/, 'folders of the server are not told'),
  rule(
    'deliberate',
    GET,
    /^(upscalers|realesrgan-models|script-info)$/,
    'only upscalers that are there are listed',
  ),
  rule('deliberate', GET, /^extensions$/, 'there are no extensions'),
  rule('deliberate', GET, /^sd-modules$/, "Forge's list of separate files is served"),
  rule('deliberate', /^get$/, /^progress/, "counters after the recorded server's failed request"),
  rule('deliberate', /^get$/, /pending-tasks$/, 'requests that failed before they started are not kept'),
  rule('deliberate', /^get$/, /profile-startup$/, 'the parts of its start differ'),
  rule('deliberate', GET, /sysinfo/, 'the system is not described to clients'),
  rule(
    'deliberate',
    /^nowebui_get$/,
    /^(internal|app_id|quicksettings)/,
    'routes of the page are served always',
  ),
  rule(
    'later',
    GET,
    /^(queue|startup-events|token|user|login_check|info|config)/,
    "routes of the original's page",
  ),
  rule('later', GET, /^(sd_extra_networks|quicksettings-hint|app_id-value)/, "routes of the original's page"),
  rule('later', /^auth$/, /config$/, "routes of the original's page"),
  rule('later', /^auth$/, /^stop/, 'stopping the server by a request'),
  rule('later', GENERATION, /^(s-min-uncond|t2i ngms-req)$/, 'what a run comes upon is told by the engine'),
  rule('later', GENERATION, /unipc$/, "errors of the engine, which the recordings' replay stands in for"),
  rule('later', /^utils$/, /^(create|train)-/, 'training'),
  rule('deliberate', /^utils$/, /^cn-pose$/, 'the same picture, compressed otherwise'),
  rule(
    'deliberate',
    /^utils$/,
    /^progress-after-interrupt$/,
    'interrupting while nothing runs leaves no mark',
  ),
  rule('deliberate', /^txt2img$/, /^raw-nan$/, 'a picture of numbers that are none is an error, not black'),
  rule('later', /^utils$/, /^embeddings-after$/, 'widths of the stand-in checkpoint'),
  rule('deliberate', /^utils$/, /known-then-unknown/, 'a change with an unknown option changes nothing'),
  rule('deliberate', /^override_restore$/, /-after(-2)?$|^override-2$/, 'overrides are always taken back'),
  rule('deliberate', /^progress$/, /^internal-no-task$/, 'no task is asked for, none is told of'),
  rule('deliberate', /^progress$/, /^skip/, 'a skip leaves no mark'),
  rule(
    'later',
    /^progress$/,
    /^(three-parallel|.*queued)$/,
    'several requests at once: replayed by unit tests',
  ),
  rule('deliberate', /^progress$/, /^failed-/, 'a task that was refused is not kept'),
]

/** The difference that is known of an exchange, by recording and id. */
export function findKnownDifference(recording: string, id: string): KnownDifference | undefined {
  return RULES.find((one) => one.recording.test(recording) && one.id.test(id))
}
