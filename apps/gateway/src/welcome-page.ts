/** The page at `/`: what answers here and how to point a client at it. */
export function welcomePage(surface: 'sdapi' | 'comfy'): string {
  const name = surface === 'sdapi' ? 'AUTOMATIC1111 WebUI API' : 'ComfyUI API'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Atelier</title>
<style>body { font: 16px/1.5 system-ui; max-width: 40em; margin: 3em auto; padding: 0 1em }</style>
<h1>Atelier</h1>
<p>This port answers the <b>${name}</b>. Point your client at this address, unchanged.</p>
<p><a href="/docs">All routes, with a page to try them</a></p>
</html>
`
}
