/** What `serve` prints when both processes are ready: the addresses and how to point a client at them. */
export function describeAddresses(
  environment: Record<string, string | undefined>,
  ports: Readonly<Record<string, number>>,
): string {
  const host = environment['ATELIER_HOST'] ?? '127.0.0.1'
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const lines = ['', 'Atelier is ready.']
  const pagePort = ports['sdapi'] ?? ports['comfy']
  if (pagePort !== undefined && environment['ATELIER_CONSOLE_ROOT'] !== 'none')
    lines.push(`  Web page      http://${shown}:${pagePort}   (open it in a browser)`)
  if (ports['sdapi'] !== undefined) {
    lines.push(`  WebUI API     http://${shown}:${ports['sdapi']}   (AUTOMATIC1111 clients; routes at /docs)`)
  }
  if (ports['comfy'] !== undefined) {
    lines.push(`  ComfyUI API   http://${shown}:${ports['comfy']}   (ComfyUI clients; websocket at /ws)`)
  }
  const isOpen =
    environment['ATELIER_API_KEYS'] === undefined && environment['ATELIER_API_AUTH'] === undefined
  if (isOpen && shown !== host) {
    lines.push('  WARNING: anyone who reaches this machine may use it: set --api-auth or --api-keys.')
  }
  lines.push('Point your client at the address, unchanged. Ctrl-C finishes what runs and stops.', '')
  return lines.join('\n')
}
