r"""The gated convolutional block (Eq. 4 and 5).

Eq. 4 of the paper is, by its description, the gated linear unit  h(X) = (X * W + b) sigmoid(X * V + c);  Eq. 5 the
depthwise convolution  DW(X)_ijc = sum_mn K_mnc X_(i+m)(j+n)c.  Its prose and Figure 4C describe the block of MambaOut:

    [g, i, c] = LN(x) W_1 + b_1          split into h, h - d and d channels, h = int(8 d / 3)
    y = x + ( act(g) [ i ; DW_7x7(c) ] ) W_2 + b_2.

Source: yuweihao/MambaOut. Left open by the paper: the gate's activation (a sigmoid in Eq. 4, GELU in the prose), the
expansion 8/3 and the kernel 7 (the public defaults; the printed parameter counts support them).
"""

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.models.attention import layer_norm

ACTIVATIONS = {"gelu": nn.GELU, "sigmoid": nn.Sigmoid}


class GatedCNNBlock(nn.Module):
    """Gated depthwise convolution with a residual connection, Eq. 4 and 5: (B, C, H, W) to (B, C, H, W).

    dim: channels C. expansion: h / C. kernel_size: odd, of the depthwise convolution.
    conv_ratio: share of the C channels that are convolved.
    activation: "gelu" (prose, public code; unbounded above and down to -0.17) or "sigmoid" (Eq. 4; between 0 and 1).
    Raises ConfigError for an unknown activation or an even kernel. Source: yuweihao/MambaOut.
    """

    def __init__(
        self,
        dim: int,
        expansion: float = 8 / 3,
        kernel_size: int = 7,
        conv_ratio: float = 1.0,
        activation: str = "gelu",
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ConfigError(f"Unknown gate activation {activation!r}: choose one of {tuple(ACTIVATIONS)}.")
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ConfigError(f"The gate's kernel size {kernel_size} must be an odd number, such as 7.")
        hidden, convolved = int(expansion * dim), int(conv_ratio * dim)
        if not 0 < convolved <= hidden:
            raise ConfigError(
                f"The gate cannot convolve {convolved} of {hidden} channels: "
                "choose a conv_ratio above 0 and not above the expansion."
            )
        self.splits = (hidden, hidden - convolved, convolved)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.fc1 = nn.Linear(dim, 2 * hidden)
        self.act = ACTIVATIONS[activation]()
        self.conv = nn.Conv2d(convolved, convolved, kernel_size, padding=kernel_size // 2, groups=convolved)
        self.fc2 = nn.Linear(hidden, dim)

    def gate(self, x: Tensor) -> Tensor:
        """act(g), the gate's values, (B, H, W, h): what chapters and explanations look at."""
        return self.act(self._expanded(x)[..., : self.splits[0]])

    def _expanded(self, x: Tensor) -> Tensor:
        """LN(x) W_1 + b_1, (B, H, W, 2 h); the norm in float32, also where autocast would not have it so."""
        return self.fc1(layer_norm(self.norm, x.permute(0, 2, 3, 1)).to(x.dtype))

    def forward(self, x: Tensor) -> Tensor:
        g, i, c = self._expanded(x).split(self.splits, dim=-1)
        c = self.conv(c.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        y = self.fc2(self.act(g) * torch.cat((i, c), dim=-1))
        return x + y.permute(0, 3, 1, 2)
