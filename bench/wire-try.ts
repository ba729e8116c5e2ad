import { readFileSync } from 'node:fs'
import { openTestGateway } from '../apps/gateway/src/sdapi/test-kit/test-gateway.ts'
import { RECORDED_MODELS, RECORDED_STYLES } from '../apps/gateway/src/sdapi/test-kit/recorded-world.ts'
import { parseRecording } from '../apps/gateway/src/sdapi/test-kit/recorded-exchange.ts'
import { replayExchange } from '../apps/gateway/src/sdapi/test-kit/replay.ts'
const root = '/work/shared/fixtures/webui-wire/a1111/'
const pictures = JSON.parse(readFileSync('/work/main/apps/gateway/src/sdapi/__fixtures__/request-images.json', 'utf8'))
for (const name of process.argv.slice(2)) {
  const g = await openTestGateway({ models: RECORDED_MODELS, styles: RECORDED_STYLES, settings: { ATELIER_CORS_ALLOW_ORIGINS: 'https://app.example', ATELIER_CORS_ALLOW_ORIGINS_REGEX: 'https://x\\d\\.example\\.org', ...(name === 'auth' ? { ATELIER_API_AUTH: 'user:pass,bob:x' } : {}) } })
  const t = Date.now()
  let ok = 0, all = 0
  for (const e of parseRecording(readFileSync(root + name + '.jsonl', 'utf8'))) {
    all++
    const v = await replayExchange(e, async (method, path, init) => g.app.request('http://127.0.0.1:7860' + path, { method, headers: init.headers, ...(init.body === undefined ? {} : { body: init.body }) }), pictures).catch((x) => ({ id: e.id, path: e.path, difference: 'THROWN ' + x.stack }))
    if (v.difference === undefined) ok++
    else console.log(name, v.id, v.path === '/sdapi/v1/' + name ? '' : v.path, '\n     ', v.difference)
  }
  console.log('==', name, ok, '/', all, Date.now() - t, 'ms')
  await g.close()
}
process.exit(0)
