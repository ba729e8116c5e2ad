"""PyTorch's side of the UNet measurement: the same network from Diffusers, random f32 weights, on the CPU.

Reads lines "rows side" (latent side in pixels / 8) from standard input and answers each with the seconds of one call.
"""

import sys
import time

import torch
from diffusers import UNet2DConditionModel

CONFIGS = {
    "sd15": {"cross_attention_dim": 768},
    "sdxl": {
        "cross_attention_dim": 2048,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}

name, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
unet = UNet2DConditionModel(**CONFIGS[name]).eval()
width = CONFIGS[name]["cross_attention_dim"]
print("ready", flush=True)

with torch.inference_mode():
    for line in sys.stdin:
        rows, side = map(int, line.split())
        latent = torch.randn(rows, 4, side, side)
        context = torch.randn(rows, 77, width)
        extra = {}
        if name == "sdxl":
            extra = {"added_cond_kwargs": {"text_embeds": torch.randn(rows, 1280), "time_ids": torch.zeros(rows, 6)}}
        start = time.perf_counter()
        unet(latent, torch.full((rows,), 500.0), context, **extra)
        print(time.perf_counter() - start, flush=True)
