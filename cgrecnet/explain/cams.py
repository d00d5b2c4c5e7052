r"""Class activation maps through pytorch-grad-cam, raw.

A is the map of a layer, (C, h, w), y the score of the class that is to be explained (its logit), g = dy/dA:

    Grad-CAM      L = sum_c ( mean_ij g_cij ) A_c                  Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74
    HiResCAM      L = sum_c g_c * A_c      (number by number)      Draelos and Carin 2020, arXiv:2011.08891
    Grad-CAM++    L = sum_c ( sum_ij a_cij max(g_cij, 0) ) A_c     Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097
                  with a = g^2 / (2 g^2 + g^3 sum_ij A_ij), 0 where g is

The library computes these; this file asks it for no more than that. Its own call would stretch each map to 0..1 by the
map's own smallest and largest value (so that a map without any evidence looks like any other), enlarge it, clear the
gradients of the network and leave the network in evaluation mode; and its context manager swallows IndexError.
It keeps references to the layer's output, which a network may overwrite in place afterwards (torchvision's DenseNet
does, with a ReLU), on a CPU but not on a GPU; hence the copy that the network gets to go on with.
"""

import numpy as np
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.explain.class_scores import checked_targets, evaluating, pick_scores, seen_by
from cgrecnet.explain.layers import Layer

CAMS = {"gradcam": GradCAM, "gradcam++": GradCAMPlusPlus, "hirescam": HiResCAM}


def cam_maps(
    method: str, network: nn.Module, layer: Layer, images: Tensor, targets, batch_size: int = 16
) -> np.ndarray:
    """L of the equations above before any ReLU, float32 (B, h, w) at the layer's own size; evaluation mode.

    It is computed in the number format of the network's weights, whatever `torch.autocast` says.
    images: (B, C, S, S); targets: class numbers, (B,). Mode, gradients and hooks of the network stay as they were.
    Raises ConfigError for a layer that the network does not use exactly once, a class that is not there, or no image.
    """
    wanted = torch.from_numpy(checked_targets(targets, len(images)))
    parts = zip(images.split(batch_size), wanted.split(batch_size), strict=True)
    with evaluating(network) as device:
        return np.concatenate([_one(method, network, layer, seen_by(network, part), y.to(device)) for part, y in parts])


def _one(method: str, network: nn.Module, layer: Layer, images: Tensor, targets: Tensor) -> np.ndarray:
    module = layer.module(network)
    # The library enlarges nothing and normalises nothing in what is called of it here.
    cam = CAMS[method](model=network, target_layers=[module], reshape_transform=layer.reshape)
    recorder = cam.activations_and_grads
    copying = module.register_forward_hook(lambda _module, _inputs, output: output.clone())
    try:
        with torch.inference_mode(False), torch.enable_grad(), torch.autocast(images.device.type, enabled=False):
            seen = images.detach().clone().requires_grad_()
            score = pick_scores(recorder(seen), targets.clone()).sum()
            torch.autograd.grad(score, seen)  # in place of backward(): the parameters' gradients stay as they were
        if len(recorder.activations) != 1 or len(recorder.gradients) != 1:
            used = len(recorder.activations)
            raise ConfigError(f"The layer {layer.path!r} is used {used} times, not once: take another.")
        values, slopes = recorder.activations[0].float().numpy(), recorder.gradients[0].float().numpy()
        return np.asarray(cam.get_cam_image(seen, module, None, values, slopes, False), dtype=np.float32)
    finally:
        copying.remove()
        recorder.release()
