r"""CG-RecNet: ResNet-50 with the fusion module and the gated block (Eq. 4 and 5) behind its second stage.

    image (B, c, H, W) -> stem -> layer1 -> layer2 (B, 512, H/8, W/8) -> [fusion] -> [gate] -> layer3 -> layer4
          -> mean over positions (B, 2048) -> head (B, classes).

With both modules it is CG-RecNet; with the fusion alone the paper's ResCMNet, with the gate alone its ResGDNet, with
neither the Baseline. The backbone keeps torchvision's names, so that its weights load. What the paper leaves open
stands in `config.Options`.

**The gated convolutional block.** Eq. 4 of the paper is, by its description, the gated linear unit
h(X) = (X * W + b) sigmoid(X * V + c);  Eq. 5 the depthwise convolution  DW(X)_ijc = sum_mn K_mnc X_(i+m)(j+n)c.  Its
prose and Figure 4C describe the block of MambaOut:

    [g, i, c] = LN(x) W_1 + b_1          split into h, h - d and d channels, h = int(8 d / 3)
    y = x + ( act(g) [ i ; DW_7x7(c) ] ) W_2 + b_2.

Source: yuweihao/MambaOut. Left open by the paper: the gate's activation (a sigmoid in Eq. 4, GELU in the prose), the
expansion 8/3 and the kernel 7 (the public defaults; the printed parameter counts support them).
"""

import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.light import torchvision
from cgrecnet.models.config import STAGE2_CHANNELS, Options
from cgrecnet.models.fusion import FusionModule, layer_norm
from cgrecnet.models.weights import replace_first_convolution

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


class CGRecNet(torchvision.models.ResNet):
    """ResNet-50 with the fusion module, the gated block, both or neither behind `layer2`.

    fusion, gate: which of the two stand in the network. options: the open choices, see `config.Options`.
    num_classes: K. in_channels: of the image; any number, the first convolution is made for it.
    Takes (B, in_channels, H, W) of any H, W and B, gives logits (B, K). In training, batch normalisation needs two
    values per channel: one image alone must be larger than 32 pixels in height or width.
    """

    def __init__(
        self,
        fusion: bool = True,
        gate: bool = True,
        options: Options | None = None,
        num_classes: int = 3,
        in_channels: int = 3,
    ) -> None:
        options = options or Options()
        direct = options.head == "3"
        block, classes = torchvision.models.resnet.Bottleneck, num_classes if direct else 1000
        super().__init__(block, [3, 4, 6, 3], num_classes=classes)
        self.options = options
        replace_first_convolution(self, "conv1.weight", in_channels)
        if options.stage_stride == "1x1":
            for stage in (self.layer2, self.layer3, self.layer4):
                stage[0].conv1.stride, stage[0].conv2.stride = stage[0].conv2.stride, stage[0].conv1.stride
        self.fusion = _fusion(options) if fusion else nn.Identity()
        self.gate = (
            GatedCNNBlock(STAGE2_CHANNELS, activation=options.gate_activation) if gate else nn.Identity()
        )
        # ImageNet's 1000-way layer stays `fc`; where it is kept, a second layer leads on to the classes.
        self.classifier_extra = nn.Identity() if direct else nn.Linear(1000, num_classes)

    def features(self, x: Tensor) -> Tensor:
        """The last feature map, (B, 2048, H/32, W/32)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        x = self.gate(self.fusion(x))
        return self.layer4(self.layer3(x))

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x)).flatten(1)
        return self.classifier_extra(self.fc(x))


def _fusion(options: Options) -> FusionModule:
    return FusionModule(
        STAGE2_CHANNELS,
        width=options.fusion_width,
        num_heads=options.num_heads,
        normaliser=options.normaliser,
        hidden=options.cafm_hidden,
        spatial_map=options.spatial_map,
        combine=options.combine,
        skip=options.fusion_skip,
    )
