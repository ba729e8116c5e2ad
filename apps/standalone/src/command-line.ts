import { Command, CommanderError } from 'commander'

/** The programs `atelier` can run. */
export type ProgramName = 'serve' | 'gateway' | 'worker' | 'doctor' | 'install-cuda' | 'merge'

/** What the command line asks for: a program, and settings that override the environment. */
export interface CommandLine {
  readonly program: ProgramName
  readonly settings: Readonly<Record<string, string>>
}

/** A flag, the setting it stands for, and how its value becomes the setting's text. */
interface Flag {
  readonly flags: string
  readonly help: string
  readonly setting?: string
  /** The setting's value when the flag takes none. */
  readonly value?: string
}

/** Passwords, tokens and secrets have no flags: a command line can be read by everyone on the machine. */
const CLUSTER_FLAGS: readonly Flag[] = (
  [
    ['nats-url <servers>', 'NATS servers, comma-separated, that join many machines', 'ATELIER_NATS_URL'],
    ['nats-user <name>', 'user there (password: ATELIER_NATS_PASSWORD)', 'ATELIER_NATS_USER'],
    ['nats-nkey <file>', 'file with an nkey seed to log in with there', 'ATELIER_NATS_NKEY'],
    ['nats-credentials <file>', '.creds file to log in with there', 'ATELIER_NATS_CREDENTIALS'],
    ['nats-tls-ca <file>', 'certificate of the authority of the servers (PEM)', 'ATELIER_NATS_TLS_CA'],
    ['nats-tls-certificate <file>', 'client certificate (PEM)', 'ATELIER_NATS_TLS_CERTIFICATE'],
    ['nats-tls-key <file>', 'key of the client certificate (PEM)', 'ATELIER_NATS_TLS_KEY'],
    ['s3-bucket <name>', 'bucket for pictures and uploads of a cluster', 'ATELIER_S3_BUCKET'],
    ['s3-endpoint <address>', "S3 store (Amazon's)", 'ATELIER_S3_ENDPOINT'],
    ['s3-region <name>', 'region of the bucket (us-east-1)', 'ATELIER_S3_REGION'],
  ] as const
).map(([flags, help, setting]) => ({ flags: `--${flags}`, help, setting }))

const FLAGS: readonly Flag[] = [
  {
    flags: '--listen',
    help: 'listen on all addresses, not only this machine',
    setting: 'ATELIER_HOST',
    value: '0.0.0.0',
  },
  { flags: '--host <address>', help: 'address to listen on (127.0.0.1)', setting: 'ATELIER_HOST' },
  { flags: '--port <number>', help: 'WebUI API port (7860), 0 for none', setting: 'ATELIER_PORT' },
  {
    flags: '--comfy-port <number>',
    help: 'ComfyUI API port (8188), 0 for none',
    setting: 'ATELIER_COMFY_PORT',
  },
  {
    flags: '--models <folders>',
    help: 'models folders, laid out as A1111 or ComfyUI do (models)',
    setting: 'ATELIER_MODELS',
  },
  { flags: '--ckpt-dir <folder>', help: 'one more folder of checkpoints', setting: 'ATELIER_CKPT_DIR' },
  {
    flags: '--styles-file <file>',
    help: 'prompt styles, a .csv as A1111 keeps them (styles.csv in the data folder)',
    setting: 'ATELIER_STYLES_FILE',
  },
  { flags: '--data <folder>', help: 'where jobs and pictures are kept (data)', setting: 'ATELIER_DATA' },
  {
    flags: '--retention-hours <hours>',
    help: 'how long ended jobs and what they answered are kept (168), 0 for ever',
    setting: 'ATELIER_RETENTION_HOURS',
  },
  { flags: '--device <name>', help: 'auto, cpu, cuda:0, ... (auto)', setting: 'ATELIER_DEVICE' },
  { flags: '--slots <number>', help: 'jobs run at once', setting: 'ATELIER_SLOTS' },
  {
    flags: '--api-auth <users>',
    help: 'user:password[,user:password] for basic authentication',
    setting: 'ATELIER_API_AUTH',
  },
  {
    flags: '--api-keys <file>',
    help: 'file of API keys, one "key tenant" a line',
    setting: 'ATELIER_API_KEYS',
  },
  {
    flags: '--cors-allow-origins <list>',
    help: 'comma-separated origins of web pages that may call',
    setting: 'ATELIER_CORS_ALLOW_ORIGINS',
  },
  {
    flags: '--cors-allow-origins-regex <pattern>',
    help: 'pattern of such origins',
    setting: 'ATELIER_CORS_ALLOW_ORIGINS_REGEX',
  },
  {
    flags: '--front-end-root <folder>',
    help: "ComfyUI's web front end (the folder of its index.html), served at the ComfyUI port",
    setting: 'ATELIER_FRONT_END_ROOT',
  },
  {
    flags: '--preview-method <name>',
    help: 'ComfyUI previews: none, auto, latent2rgb, taesd (none)',
    setting: 'ATELIER_PREVIEW_METHOD',
  },
  {
    flags: '--disable-metadata',
    help: 'files that ComfyUI graphs save do not say how they were made',
    setting: 'ATELIER_DISABLE_METADATA',
    value: '1',
  },
  {
    flags: '--node-cache <kind>',
    help: 'results of ComfyUI nodes kept between prompts: newest-prompt, recent:N, none (newest-prompt)',
    setting: 'ATELIER_NODE_CACHE',
  },
  {
    flags: '--metrics-port <number>',
    help: 'Prometheus metrics and health (9464), 0 for none',
    setting: 'ATELIER_METRICS_PORT',
  },
  ...CLUSTER_FLAGS,
  {
    flags: '--log-level <level>',
    help: 'fatal, error, warn, info, debug, trace (info)',
    setting: 'ATELIER_LOG_LEVEL',
  },
  { flags: '--api', help: 'accepted for A1111 habits: the API is always on' },
  {
    flags: '--nowebui',
    help: 'no web page: nothing but the API is served',
    setting: 'ATELIER_CONSOLE_ROOT',
    value: 'none',
  },
]

const PROGRAMS: readonly { name: ProgramName; help: string }[] = [
  { name: 'serve', help: 'gateway and one worker on this machine, no other server needed' },
  { name: 'gateway', help: 'the HTTP and websocket gateway alone' },
  { name: 'worker', help: 'one worker alone' },
]

/** Programs that end by themselves, with flags of their own. */
const TOOLS: readonly { name: ProgramName; help: string; flags: readonly Flag[] }[] = [
  {
    name: 'doctor',
    help: 'say what this machine has for CUDA, what is missing, and the command that mends it',
    flags: [],
  },
  {
    name: 'install-cuda',
    help: "put ONNX Runtime's CUDA provider and NVIDIA's libraries in place (linux x64)",
    flags: [
      {
        flags: '--from <path>',
        help: 'a folder of wheels, or a wheel, to take instead of downloading',
        setting: 'from',
      },
      {
        flags: '--provider-only',
        help: "leave NVIDIA's libraries out: CUDA 13 and cuDNN 9 are installed here",
        setting: 'providerOnly',
        value: 'true',
      },
    ],
  },
  {
    name: 'merge',
    help: "mix checkpoints to one as A1111's checkpoint merger does, and write it as .safetensors",
    flags: [
      { flags: '--primary <file>', help: 'checkpoint A', setting: 'primary' },
      { flags: '--secondary <file>', help: 'checkpoint B', setting: 'secondary' },
      {
        flags: '--tertiary <file>',
        help: 'checkpoint C, whose difference from B is added',
        setting: 'tertiary',
      },
      {
        flags: '--method <name>',
        help: 'weighted-sum: A (1 - M) + B M; add-difference: A + (B - C) M; none (weighted-sum)',
        setting: 'method',
      },
      { flags: '--multiplier <number>', help: 'M, 0 to 1 as a rule (0.3)', setting: 'multiplier' },
      { flags: '--half', help: 'write f32 weights as f16', setting: 'half', value: 'true' },
      { flags: '--vae <file>', help: "autoencoder that takes the place of A's", setting: 'vae' },
      { flags: '--discard <pattern>', help: 'leave out tensors whose names fit', setting: 'discard' },
      {
        flags: '--output <path>',
        help: "file to write, or a folder for A1111's own name (the folder of A)",
        setting: 'output',
      },
    ],
  },
]

/** How a command line can be no command line: help and version were printed, or it is wrong. */
export interface CommandLineEnd {
  readonly exitCode: number
}

/** Reads the arguments after the program's name; prints help, version or the fault itself. */
export function parseCommandLine(args: readonly string[], version: string): CommandLine | CommandLineEnd {
  let parsed: CommandLine | undefined
  const root = new Command('atelier')
    .description('A drop-in endpoint for A1111 WebUI and ComfyUI clients')
    .version(version)
  root.exitOverride().helpCommand(false)
  const take = (line: CommandLine): void => void (parsed = line)
  for (const program of PROGRAMS) {
    const command = addCommand(root, { ...program, flags: FLAGS }, take)
    command.addHelpText('after', '\nEvery flag can be set in the environment too: see the README.')
  }
  for (const tool of TOOLS) addCommand(root, tool, take)
  try {
    root.parse([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode }
    throw error
  }
  return parsed ?? { exitCode: 1 }
}

function addCommand(
  root: Command,
  { name, help, flags }: (typeof TOOLS)[number],
  take: (line: CommandLine) => void,
): Command {
  const command = root
    .command(name, { isDefault: name === 'serve' })
    .description(help)
    .exitOverride()
  for (const flag of flags) command.option(flag.flags, flag.help)
  return command.action((options: Record<string, unknown>) =>
    take({ program: name, settings: toSettings(options, command, flags) }),
  )
}

function toSettings(
  options: Record<string, unknown>,
  command: Command,
  flags: readonly Flag[],
): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const flag of flags) {
    const option = command.options.find((candidate) => candidate.flags === flag.flags)
    const given = option === undefined ? undefined : options[option.attributeName()]
    if (given === undefined || flag.setting === undefined) continue
    settings[flag.setting] = flag.value ?? String(given)
  }
  return settings
}
