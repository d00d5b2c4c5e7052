r"""CG-RecNet: ResNet-50 with the fusion module and the gated block behind its second stage.

    image (B, c, H, W) -> stem -> layer1 -> layer2 (B, 512, H/8, W/8) -> [fusion] -> [gate] -> layer3 -> layer4
          -> mean over positions (B, 2048) -> head (B, classes).

With both modules it is CG-RecNet; with the fusion alone the paper's ResCMNet, with the gate alone its ResGDNet, with
neither the Baseline. The backbone keeps torchvision's names, so that its weights load. What the paper leaves open
stands in `config.Options`.
"""

from torch import Tensor, nn

from cgrecnet.light import torchvision
from cgrecnet.models.config import STAGE2_CHANNELS, Options
from cgrecnet.models.fusion import FusionModule
from cgrecnet.models.gated import GatedCNNBlock
from cgrecnet.models.weights import replace_first_convolution


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
