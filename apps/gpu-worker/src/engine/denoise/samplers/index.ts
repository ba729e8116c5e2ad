import type { Sampler } from '../sampler.ts'
import { ddim, ddimCfgpp } from './ddim.ts'
import { ddpm } from './ddpm.ts'
import { deis } from './deis.ts'
import { dpm2, dpm2Ancestral } from './dpm-2.ts'
import { dpmAdaptive } from './dpm-adaptive.ts'
import { dpmFast } from './dpm-fast.ts'
import { dpmpp2m } from './dpmpp-2m.ts'
import { dpmpp2mCfgPp } from './dpmpp-2m-cfg-pp.ts'
import { dpmpp2mSde, dpmpp2mSdeHeun } from './dpmpp-2m-sde.ts'
import { dpmpp2sAncestral } from './dpmpp-2s-ancestral.ts'
import { dpmpp2sAncestralCfgPp } from './dpmpp-2s-ancestral-cfg-pp.ts'
import { dpmpp3mSde } from './dpmpp-3m-sde.ts'
import { dpmppSde } from './dpmpp-sde.ts'
import { erSde } from './er-sde.ts'
import { euler } from './euler.ts'
import { eulerAncestral } from './euler-ancestral.ts'
import { eulerAncestralCfgPp, eulerCfgPp } from './euler-cfg-pp.ts'
import { gradientEstimation, gradientEstimationCfgPp } from './gradient-estimation.ts'
import { heun } from './heun.ts'
import { heunpp2 } from './heunpp2.ts'
import { ipndm, ipndmV } from './ipndm.ts'
import { lcm } from './lcm.ts'
import { lms } from './lms.ts'
import { plms } from './plms.ts'
import {
  resMultistep,
  resMultistepAncestral,
  resMultistepAncestralCfgPp,
  resMultistepCfgPp,
} from './res-multistep.ts'
import { restart } from './restart.ts'
import { seeds2, seeds3 } from './seeds.ts'
import { uniPc, uniPcBh2 } from './uni-pc.ts'

/** Samplers by the catalog's id; those that need the model's or the surface's settings are made by the plans. */
export const SAMPLERS: Readonly<Record<string, Sampler>> = {
  euler,
  euler_cfg_pp: eulerCfgPp,
  euler_ancestral: eulerAncestral,
  euler_ancestral_cfg_pp: eulerAncestralCfgPp,
  heun,
  heunpp2,
  dpm_2: dpm2,
  dpm_2_ancestral: dpm2Ancestral,
  lms,
  dpm_fast: dpmFast,
  dpm_adaptive: dpmAdaptive,
  dpmpp_2s_ancestral: dpmpp2sAncestral,
  dpmpp_2s_ancestral_cfg_pp: dpmpp2sAncestralCfgPp,
  dpmpp_sde: dpmppSde,
  dpmpp_sde_gpu: dpmppSde,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_cfg_pp: dpmpp2mCfgPp,
  dpmpp_2m_sde: dpmpp2mSde,
  dpmpp_2m_sde_gpu: dpmpp2mSde,
  dpmpp_2m_sde_heun: dpmpp2mSdeHeun,
  dpmpp_2m_sde_heun_gpu: dpmpp2mSdeHeun,
  dpmpp_3m_sde: dpmpp3mSde,
  dpmpp_3m_sde_gpu: dpmpp3mSde,
  ddpm,
  lcm,
  ipndm,
  ipndm_v: ipndmV,
  deis,
  res_multistep: resMultistep,
  res_multistep_cfg_pp: resMultistepCfgPp,
  res_multistep_ancestral: resMultistepAncestral,
  res_multistep_ancestral_cfg_pp: resMultistepAncestralCfgPp,
  gradient_estimation: gradientEstimation,
  gradient_estimation_cfg_pp: gradientEstimationCfgPp,
  er_sde: erSde,
  seeds_2: seeds2,
  seeds_3: seeds3,
  uni_pc: uniPc,
  uni_pc_bh2: uniPcBh2,
  restart,
  ddim,
  ddim_cfgpp: ddimCfgpp,
  plms,
}
