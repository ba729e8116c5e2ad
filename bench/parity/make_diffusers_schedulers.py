"""What Diffusers' own schedulers make of an analytic model, for the tests of ours: one case a line.

Run with diffusers 0.42, torch, scipy and torchsde installed: python make_diffusers_schedulers.py > FILE
The model says noise = 0.7 x + 0.2 sin(2 x + t / 200), x as the network gets it. Start noise and all further noise come
from one CPU generator with the case's seed, [1, 4, 4, 4].
"""
import json
import sys

import torch
import diffusers

BETAS = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SHIPPED = dict(steps_offset=1, set_alpha_to_one=False, timestep_spacing="leading")
KARRAS, EXPONENTIAL, BETA = (dict([(f"use_{n}_sigmas", True)]) for n in ("karras", "exponential", "beta"))
SPACINGS = [dict(timestep_spacing=s, steps_offset=o) for s, o in (("linspace", 0), ("leading", 1), ("trailing", 0))]
CURVES = [KARRAS, EXPONENTIAL, BETA]
SOLVER = [{}, *SPACINGS[1:], *CURVES]
CASES = {
    "DDIMScheduler": [{}, SHIPPED, SPACINGS[2]],
    "PNDMScheduler": [{}, SHIPPED, dict(set_alpha_to_one=True)],
    "EulerDiscreteScheduler": [{}, *SPACINGS[1:], *CURVES],
    "EulerAncestralDiscreteScheduler": [{}, *SPACINGS[1:]],
    "HeunDiscreteScheduler": [{}, *SPACINGS[1:], *CURVES],
    "LMSDiscreteScheduler": [{}, *SPACINGS[1:], *CURVES],
    "KDPM2DiscreteScheduler": [{}, *SPACINGS[1:], *CURVES],
    "KDPM2AncestralDiscreteScheduler": [{}, *SPACINGS[1:], *CURVES],
    "DPMSolverSDEScheduler": [{}, *SPACINGS[1:], *CURVES],
    "DPMSolverMultistepScheduler": SOLVER + [
        dict(use_lu_lambdas=True), dict(solver_order=3), dict(solver_order=1), dict(solver_type="heun"),
        dict(final_sigmas_type="sigma_min"), dict(final_sigmas_type="sigma_min", euler_at_final=True),
        dict(final_sigmas_type="sigma_min", lower_order_final=False, solver_order=3),
        dict(algorithm_type="sde-dpmsolver++"), dict(algorithm_type="sde-dpmsolver++", solver_order=3),
        dict(algorithm_type="sde-dpmsolver++", solver_type="heun", **KARRAS),
        dict(algorithm_type="dpmsolver", final_sigmas_type="sigma_min"),
        dict(algorithm_type="dpmsolver", solver_order=3, final_sigmas_type="sigma_min"),
    ],
    "DPMSolverSinglestepScheduler": [{}, *CURVES, dict(solver_order=3), dict(solver_order=1), dict(solver_type="heun"),
        dict(solver_order=3, solver_type="heun"), dict(final_sigmas_type="sigma_min"), dict(lower_order_final=True),
        dict(algorithm_type="sde-dpmsolver++"), dict(algorithm_type="sde-dpmsolver++", solver_order=3)],
    "UniPCMultistepScheduler": SOLVER + [dict(solver_order=3), dict(solver_type="bh1"),
        dict(final_sigmas_type="sigma_min"), dict(final_sigmas_type="sigma_min", lower_order_final=False, solver_order=3)],
    "DEISMultistepScheduler": SOLVER + [dict(solver_order=3), dict(solver_order=1), dict(lower_order_final=False)],
    "DDPMScheduler": [{}, SHIPPED, *SPACINGS[1:]],
    "LCMScheduler": [{}, SHIPPED, dict(original_inference_steps=100), dict(timestep_scaling=5.0)],
    "TCDScheduler": [{}, SHIPPED],
}
# One step of PNDM asks the model once, ours twice, to the same end; two of KDPM2 with ancestral noise are all rounding.
STEPS = {"LCMScheduler": (1, 4, 7), "TCDScheduler": (1, 4, 7), "PNDMScheduler": (2, 5, 12, 17), "KDPM2AncestralDiscreteScheduler": (1, 5, 12, 17)}
IMAGES = {"UniPCMultistepScheduler", "DEISMultistepScheduler", "DPMSolverSinglestepScheduler", "DPMSolverMultistepScheduler",
    "DDIMScheduler", "DDPMScheduler", "EulerDiscreteScheduler", "LCMScheduler", "TCDScheduler", "KDPM2DiscreteScheduler", "HeunDiscreteScheduler"}
SHAPE = (1, 4, 4, 4)


def model(x, t):
    return 0.7 * x + 0.2 * torch.sin(2 * x + t.float() / 200)


def build(name, settings, seed):
    cls = getattr(diffusers, name)
    extra = dict(BETAS, **settings)
    accepted = cls.__init__.__wrapped__.__code__.co_varnames if hasattr(cls.__init__, "__wrapped__") else None
    for key, value in dict(clip_sample=False, skip_prk_steps=True, noise_sampler_seed=seed).items():
        if accepted is None or key in accepted:
            extra[key] = value
    if accepted is not None:
        extra = {k: v for k, v in extra.items() if k in accepted}
    return cls(**extra)


def run(name, settings, steps, strength, seed):
    scheduler = build(name, settings, seed)
    generator = torch.Generator("cpu").manual_seed(seed)
    noise = torch.randn(SHAPE, generator=generator)
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps
    if strength is not None:  # as the pipelines of image to image cut it
        start = max(steps - min(int(steps * strength), steps), 0) * scheduler.order
        timesteps = timesteps[start:]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(start)
    if strength is None:
        x = noise * scheduler.init_noise_sigma
    else:
        source = torch.cos(torch.arange(64).reshape(SHAPE).float() / 5)
        x = scheduler.add_noise(source, noise, timesteps[:1])
    seen = []
    for t in timesteps:
        seen.append(round(float(t), 4))
        inside = scheduler.scale_model_input(x, t)
        extra = dict(generator=generator) if "generator" in scheduler.step.__code__.co_varnames else {}
        x = scheduler.step(model(inside, t), t, x, **extra).prev_sample
    return seen, x.flatten().tolist()


for name, variants in CASES.items():
    for number, settings in enumerate(variants):
        usual = STEPS.get(name, (1, 2, 5, 12, 17))
        plans = [(steps, None) for steps in (usual if number == 0 or len(usual) == 3 else (6, 17))]
        if number == 0 and name in IMAGES:
            plans += [(4 if name in STEPS else 10, 0.5), (7, 0.75)]
        for steps, strength in plans:
            seed = 100 + steps
            try:
                seen, out = run(name, settings, steps, strength, seed)
            except Exception as error:  # what the original cannot do is no case
                print(name, settings, steps, strength, repr(error)[:120], file=sys.stderr)
                continue
            if not all(abs(v) < 1e6 for v in out):
                continue
            row = dict(scheduler=name, settings=settings, steps=steps, seed=seed, timesteps=seen, latent=[float(f"{v:.7g}") for v in out])
            if strength is not None:
                row["strength"] = strength
            print(json.dumps(row))
