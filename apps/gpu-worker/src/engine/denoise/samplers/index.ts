import type { Sampler } from '../sampler.ts'
import { ddim, ddimCfgpp } from './ddim.ts'
import { ddpm } from './ddpm.ts'
import { dpm2, dpm2Ancestral } from './dpm-2.ts'
import { dpmpp2m } from './dpmpp-2m.ts'
import { dpmpp2mSde, dpmpp2mSdeHeun } from './dpmpp-2m-sde.ts'
import { dpmpp2sAncestral } from './dpmpp-2s-ancestral.ts'
import { dpmpp3mSde } from './dpmpp-3m-sde.ts'
import { dpmppSde } from './dpmpp-sde.ts'
import { euler } from './euler.ts'
import { eulerAncestral } from './euler-ancestral.ts'
import { heun } from './heun.ts'
import { lcm } from './lcm.ts'
import { lms } from './lms.ts'
import { plms } from './plms.ts'
import { restart } from './restart.ts'

/** Samplers by the catalog's id; the ids of ComfyUI's list are among them. */
export const SAMPLERS: Readonly<Record<string, Sampler>> = {
  euler,
  euler_ancestral: eulerAncestral,
  heun,
  dpm_2: dpm2,
  dpm_2_ancestral: dpm2Ancestral,
  lms,
  dpmpp_2s_ancestral: dpmpp2sAncestral,
  dpmpp_sde: dpmppSde,
  dpmpp_sde_gpu: dpmppSde,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_sde: dpmpp2mSde,
  dpmpp_2m_sde_gpu: dpmpp2mSde,
  dpmpp_2m_sde_heun: dpmpp2mSdeHeun,
  dpmpp_2m_sde_heun_gpu: dpmpp2mSdeHeun,
  dpmpp_3m_sde: dpmpp3mSde,
  dpmpp_3m_sde_gpu: dpmpp3mSde,
  ddpm,
  lcm,
  restart,
  ddim,
  ddim_cfgpp: ddimCfgpp,
  plms,
}
