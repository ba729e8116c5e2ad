"""PyTorch's side of the GPU measurements: Diffusers' own networks, half precision, channels last, scaled-dot-product
attention, compiled or not, random weights.

Reads lines "network rows side compiled" (network: sd15, sdxl, narrow or vae; side: latent pixels; compiled: 0 or 1) from
standard input and answers each with the seconds of one call, the device waited for, or with "failed" and why. Compiled
calls replay CUDA graphs; PEER_COMPILE=max-autotune searches kernels too, which takes minutes for each number of rows.
"""

import os
import sys
import time
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

sys.path.append(str(Path(__file__).parents[1]))
from peer_networks import CONFIGS, call_unet

VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "latent_channels": 4,
    "layers_per_block": 2,
}
MODE = os.environ.get("PEER_COMPILE", "reduce-overhead")

device = sys.argv[1]
dtype = torch.float16 if device.startswith("cuda") else torch.float32
made = {}


def build(network, compiled):
    """The network, made once; a compiled one shares nothing with the other."""
    key = (network, compiled)
    if key not in made:
        if network == "vae":
            module = AutoencoderKL(**VAE)
        else:
            module = UNet2DConditionModel(**CONFIGS[network])
        module = module.eval().to(device, dtype).to(memory_format=torch.channels_last)
        run = module.decode if network == "vae" else module
        made[key] = torch.compile(run, mode=MODE, dynamic=False) if compiled else run
    return made[key]


def call(network, rows, side, compiled):
    """One evaluation on random inputs."""
    latent = torch.randn(rows, 4, side, side, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    run = build(network, compiled)
    return run(latent) if network == "vae" else call_unet(network, run, latent)


def wait():
    if device.startswith("cuda"):
        torch.cuda.synchronize()


# A compiled function is compiled again for each shape, as often as there are numbers of rows.
torch._dynamo.config.recompile_limit = 64
torch.backends.cuda.matmul.allow_tf32 = True
print(f"torch {torch.__version__}, diffusers {diffusers.__version__}, {dtype}, compiled: {MODE}", flush=True)
with torch.inference_mode():
    for line in sys.stdin:
        network, rows, side, compiled = line.split()
        try:
            start = time.perf_counter()
            call(network, int(rows), int(side), compiled == "1")
            wait()
            print(time.perf_counter() - start, flush=True)
        except Exception as error:
            print("failed", type(error).__name__, str(error).replace("\n", " ")[:300], flush=True)
