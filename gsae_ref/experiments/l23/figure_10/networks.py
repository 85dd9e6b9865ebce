"""The autoencoders of Figure 10 of L23, and their sizes."""

from typing import Any

NETWORKS: dict[str, dict[str, Any]] = {
    "AE": {"n_groups": 1, "n_linear": 0},
    "VAE": {"weight": 0.02},
    "IRMAE": {"n_groups": 1, "n_linear": 3},
    "GAE4": {"n_groups": 4, "n_linear": 3},
    "GAE8": {"n_groups": 8, "n_linear": 3},
}
GROUPED = ("GAE4", "GAE8")
BLEND = "blend"  # the control: the two images mixed pixel by pixel
QUICK_SIZES: dict[str, Any] = {
    "n_latent": 64,
    "image_size": 16,
    "channels": (8, 16, 32),
    "decoder_channels": (32, 16, 8),
}
