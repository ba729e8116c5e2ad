export { gatewayConfigSchema, parseGatewayConfig } from './config.ts'
export type { GatewayConfig } from './config.ts'
export { startGateway } from './gateway.ts'
export type { Gateway, GatewayOptions } from './gateway.ts'
