import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { GatewayEnv } from '../deps.ts'
import { createRouteTable } from './route-table.ts'

describe('createRouteTable', () => {
  const app = new Hono<GatewayEnv>()
  app.use(async (_c, next) => next())
  app.get('/queue', (c) => c.text(''))
  app.post('/queue', (c) => c.text(''))
  app.get('/history/:id', (c) => c.text(''))
  app.get('/experiment/models/:folder{[a-z]+}', (c) => c.text(''))
  const routes = createRouteTable(app)

  it('lists the methods of a path, whichever route registered them', () => {
    expect(routes.allowedMethods('/queue')).toEqual(['GET', 'POST'])
  })

  it('follows parameters, with and without a pattern', () => {
    expect(routes.allowedMethods('/history/abc')).toEqual(['GET'])
    expect(routes.allowedMethods('/history/a/b')).toEqual([])
    expect(routes.allowedMethods('/experiment/models/loras')).toEqual(['GET'])
    expect(routes.allowedMethods('/experiment/models/1')).toEqual([])
  })

  it('answers the same however many paths were asked for before', () => {
    for (let i = 0; i < 2_500; i += 1) expect(routes.allowedMethods(`/history/${i}`)).toEqual(['GET'])
    expect(routes.allowedMethods('/queue')).toEqual(['GET', 'POST'])
    expect(routes.allowedMethods('/queue')).toEqual(['GET', 'POST'])
  })

  it('knows no path by its middleware alone', () => {
    expect(routes.allowedMethods('/nope')).toEqual([])
  })
})
