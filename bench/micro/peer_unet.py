"""PyTorch's side of the UNet measurement: the same network from Diffusers, random f32 weights, on the CPU.

Reads lines "rows side" (latent side in pixels / 8) from standard input and answers each with the seconds of one call.
"""

import sys
import time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

sys.path.append(str(Path(__file__).parents[1]))
from peer_networks import CONFIGS, call_unet

name, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
unet = UNet2DConditionModel(**CONFIGS[name]).eval()
print("ready", flush=True)

with torch.inference_mode():
    for line in sys.stdin:
        rows, side = map(int, line.split())
        latent = torch.randn(rows, 4, side, side)
        start = time.perf_counter()
        call_unet(name, unet, latent)
        print(time.perf_counter() - start, flush=True)
