"""Diffusers' networks that both comparisons with PyTorch measure, by name: their sizes, random weights, and extra inputs."""

import torch

CONFIGS = {
    "sd15": {"cross_attention_dim": 768},
    "narrow": {"cross_attention_dim": 96, "block_out_channels": (64, 128, 256, 256)},
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


def call_unet(network, run, latent):
    """One evaluation of a UNet of that name on random conditioning."""
    rows, options = latent.shape[0], {"device": latent.device, "dtype": latent.dtype}
    context = torch.randn(rows, 77, CONFIGS[network]["cross_attention_dim"], **options)
    extra = {}
    if network == "sdxl":
        pooled = torch.randn(rows, 1280, **options)
        extra = {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": torch.zeros(rows, 6, **options)}}
    return run(latent, torch.full((rows,), 500.0, device=latent.device), context, **extra)
