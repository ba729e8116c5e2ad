import { findNodeDefinition } from '@atelier/catalog/nodes'

/** Why a graph cannot be replayed yet: it uses node classes that are not served. Unknown to the original, too: fine. */
export function missingClasses(prompt: unknown, original: ReadonlySet<string>): string | undefined {
  if (prompt === null || typeof prompt !== 'object') return undefined
  const classes = Object.values(prompt).map((node) => (node as { class_type?: unknown } | null)?.class_type)
  const missing = classes.filter(
    (name): name is string =>
      typeof name === 'string' && original.has(name) && findNodeDefinition(name) === undefined,
  )
  return missing.length === 0 ? undefined : `uses ${[...new Set(missing)].sort().join(', ')}`
}

/** Rows that differ on purpose, with the reason; see docs/compatibility.md. */
export const DELIBERATE: Readonly<Record<string, string>> = {
  'load_image_/etc/passwd': 'files of the server are never opened',
  all_outputs_bad: 'outputs are taken in the order of the graph, not of a set',
  origin_null: 'pages without an origin may not submit',
  counter_after: 'a page without an origin was refused and not counted',
  queue_after_delete: 'a heap that lost a prompt is ordered as if it had never been there',
  old_socket_closes_after_replacement: 'a closing socket does not silence its successor',
  bare_models_configs: 'configuration files of checkpoints are neither read nor listed',
  bare_models_custom_nodes: 'there are no files of custom nodes',
  bare_experiment_preview: 'pictures beside model files stay on the workers',
  api_experiment_preview: 'pictures beside model files stay on the workers',
  bare_assets: 'the front end is not served',
  root: 'the front end is not served',
  root_index: 'the front end is not served',
  existing_png_in_static_folder: 'the front end is not served',
  'view_gray16.png_channel=rgb': '16-bit grey is scaled, not cut off',
  api_jobs: 'later versions have it, and their front ends need it',
  internal_logs_raw: 'the logs of the server are not for its clients',
}
