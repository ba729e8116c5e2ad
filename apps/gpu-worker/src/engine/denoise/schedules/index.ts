import { alignYourSteps, alignYourSteps32, alignYourStepsGits } from './align-your-steps.ts'
import { betaComfy, betaWebui } from './beta.ts'
import { ddimUniform, normal, sgmUniform, simple, turbo, uniform } from './by-timestep.ts'
import { exponential, polyexponential } from './exponential.ts'
import { karras } from './karras.ts'
import { klOptimal, klOptimalOpen } from './kl-optimal.ts'
import { linearQuadratic } from './linear-quadratic.ts'
import type { Schedule } from './schedule.ts'

/** A1111's schedules by their name on its wire; the last four are Forge's. */
export const WEBUI_SCHEDULES: Readonly<Record<string, Schedule>> = {
  uniform,
  karras,
  exponential,
  polyexponential,
  sgm_uniform: sgmUniform,
  kl_optimal: klOptimalOpen,
  align_your_steps: alignYourSteps,
  simple,
  normal,
  ddim: ddimUniform,
  beta: betaWebui,
  turbo,
  align_your_steps_GITS: alignYourStepsGits,
  align_your_steps_11: alignYourSteps,
  align_your_steps_32: alignYourSteps32,
}

/** ComfyUI's schedules by name. */
export const COMFY_SCHEDULES: Readonly<Record<string, Schedule>> = {
  simple,
  sgm_uniform: sgmUniform,
  karras,
  exponential,
  ddim_uniform: ddimUniform,
  beta: betaComfy,
  normal,
  linear_quadratic: linearQuadratic,
  kl_optimal: klOptimal,
}
