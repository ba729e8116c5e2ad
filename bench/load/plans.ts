/** Settings of each scenario, as its script reads them from the environment. */
export type Plan = Readonly<Record<string, Readonly<Record<string, string>>>>

/** What a plan is for: test pictures that cost nothing but the way, or the demo checkpoint on this machine's CPU. */
export type EngineName = 'fake' | 'onnx'

/**
 * What is run when nothing else is said, in this order. The soak is short here; `--set DURATION=30m` makes it one. The
 * real engine gets graphs that sample, as many pictures as two cores make in the time, and more time to answer: it has the cores
 * while gateways want them.
 */
export const PLANS: Readonly<Record<EngineName, Plan>> = {
  fake: {
    'comfy-steady': { RATE: '50', DURATION: '20s' },
    'comfy-burst': { COUNT: '1000' },
    'comfy-followers': { FOLLOWERS: '50', PROMPTS: '10' },
    'comfy-cancel-storm': { VUS: '16', DURATION: '20s' },
    'webui-steady': { VUS: '16', DURATION: '20s' },
    'webui-burst': { COUNT: '200' },
    soak: { RATE: '20', DURATION: '60s' },
  },
  onnx: {
    'comfy-steady': { GRAPH: 'sampling', RATE: '2', DURATION: '20s', P99_MS: '500' },
    'comfy-burst': { GRAPH: 'sampling', COUNT: '40' },
    'comfy-followers': { GRAPH: 'sampling', FOLLOWERS: '4', PROMPTS: '5' },
    'comfy-cancel-storm': { GRAPH: 'sampling', VUS: '4', DURATION: '15s' },
    'webui-steady': { VUS: '4', DURATION: '20s' },
    'webui-burst': { COUNT: '24' },
    soak: { GRAPH: 'sampling', RATE: '1', VUS: '1', DURATION: '40s' },
  },
}
