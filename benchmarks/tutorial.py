"""What a person would write at first, from torchvision's tutorials: image files, PIL, `DataLoader`, float32."""

from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import transforms
from torchvision.datasets import ImageFolder

from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD


def tutorial_transform(size: int, train: bool) -> transforms.Compose:
    """Algorithm 1 as tutorials write it, for PIL images."""
    if train:
        first = [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip()]
    else:
        first = [transforms.Resize(round(size * 256 / 224)), transforms.CenterCrop(size)]
    return transforms.Compose([*first, transforms.ToTensor(), transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])


def tutorial_loader(
    folder: Path, chosen: list[str] | None, size: int, batch: int, *, train: bool, workers: int
) -> DataLoader:
    """Batches of the images below `folder`, one folder per class; `chosen`: their names there, None for all."""
    files = ImageFolder(folder, tutorial_transform(size, train))
    if chosen is not None:
        place = {str(Path(name).relative_to(folder)): i for i, (name, _) in enumerate(files.samples)}
        files = Subset(files, [place[name] for name in chosen])
    return DataLoader(files, batch, shuffle=train, num_workers=workers, persistent_workers=workers > 0)


def tutorial_epoch(
    network: nn.Module, batches: DataLoader, optimizer: torch.optim.Optimizer, device: torch.device, most: int = 0
) -> int:
    """One pass of training as tutorials write it; returns the images seen. most: batches to stop after (0: none)."""
    network.train()
    seen = 0
    for number, (images, labels) in enumerate(batches, start=1):
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        seen += len(labels)
        if number == most:
            break
    return seen


@torch.no_grad()
def tutorial_predictions(network: nn.Module, batches: DataLoader, device: torch.device) -> torch.Tensor:
    """Probabilities of each class (cells, classes), in the order of the loader."""
    network.eval()
    return torch.cat([torch.softmax(network(images.to(device)).double(), dim=1).cpu() for images, *_ in batches])
