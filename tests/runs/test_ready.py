"""What is said before runs begin."""

import pytest
import torch

from cgrecnet.runs.ready import note_on_processes
from cgrecnet.training.config import RunConfig


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU batch normalisation is synchronised")
def test_several_processes_on_a_cpu_are_told_what_they_do_to_batch_normalisation():
    note = note_on_processes(RunConfig(model="cg_recnet", image_size=32), 2)
    assert "each of the 2 processes normalises its own part of a batch" in note and "\n" not in note
    assert note_on_processes(RunConfig(model="cg_recnet", image_size=32), 1) is None
    assert note_on_processes(RunConfig(model="vgg16", image_size=32), 2) is None, "it has no batch normalisation"
