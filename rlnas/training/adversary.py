"""The discriminator's part of the loss of image tasks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from rlnas.checkpoints import optimizer_tensors, restore_optimizer
from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.discriminator import build_discriminator
from rlnas.seeding import derive_seed
from rlnas.training.optimizers import build_optimizer, set_rate
from rlnas.training.precision import autocast
from rlnas.training.recipe import Recipe


class Adversary:
    """Learns to tell targets from outputs, and so teaches the network.

    The conditional setup of pix2pix (Isola et al., CVPR 2017, arXiv 1611.07004) as in
    TransNAS-Bench-101 (authors' ``gan.py`` and configurations): the discriminator sees the input
    beside the target or the output; its loss is the mean of the cross-entropies of both, and it
    takes its step before the network's. Its optimiser has the network's settings and rate. The
    network's loss is (1 − w) · L1 + w · cross-entropy of passing for real.

    Args:
        spec: The task, of the kind ``image``.
        recipe: With ``adversarial`` w > 0.
        seed: Of the discriminator's first weights.
        device: Where it is trained.

    Raises:
        InvalidArgumentError: If the task is of another kind.
    """

    def __init__(self, spec: TaskSpec, recipe: Recipe, *, seed: int, device: torch.device) -> None:
        if spec.kind != "image":
            raise InvalidArgumentError(
                f"Recipe.adversarial is {recipe.adversarial}, but the task {spec.name} is of the "
                f"kind {spec.kind!r}; a discriminator judges images. Use adversarial=0."
            )
        self.discriminator = build_discriminator(
            spec.channels + spec.outputs, seed=derive_seed(seed, "training", "discriminator")
        ).to(device)
        self.optimizer = build_optimizer(recipe, self.discriminator)
        self._recipe = recipe
        self._device = device
        self._losses: list[Tensor] = []

    def objective(
        self,
        inputs: Tensor,
        targets: Tensor,
        outputs: Tensor,
        distance: Tensor,
        *,
        scaler: torch.amp.GradScaler,
        rate: float,
    ) -> Tensor:
        """Take the discriminator's step and return the loss of the network's, a scalar.

        Args:
            inputs: Images ``(B, C, H, W)``.
            targets: Images ``(B, outputs, H, W)``.
            outputs: Of the network, likewise.
            distance: Mean absolute error of outputs and targets, a scalar.
            scaler: Of the training; its `update` is left to the caller.
            rate: The learning rate.
        """
        self.discriminator.train().requires_grad_(True)
        set_rate(self.optimizer, rate)
        fake = self._judged(inputs, outputs.detach(), real=False)
        real = self._judged(inputs, targets, real=True)
        loss = (fake + real) * 0.5
        self.optimizer.zero_grad()
        torch.autograd.backward(scaler.scale(loss))
        scaler.step(self.optimizer)
        self.discriminator.requires_grad_(False)
        passing = self._judged(inputs, outputs, real=True)
        self._losses.append(torch.stack([loss.detach(), passing.detach()]))
        weight = self._recipe.adversarial
        return (1 - weight) * distance + weight * passing

    def _judged(self, inputs: Tensor, images: Tensor, *, real: bool) -> Tensor:
        """Return the cross-entropy of judging images as real, or as not real."""
        with autocast(self._recipe.precision, self._device):
            logits = self.discriminator(torch.cat((inputs, images.to(inputs.dtype)), dim=1))
        wanted = torch.full_like(logits, float(real), dtype=torch.float32)
        return functional.binary_cross_entropy_with_logits(logits.float(), wanted)

    def take_losses(self) -> dict[str, float]:
        """Return the mean losses since the last call: the discriminator's, and the network's."""
        own, passing = torch.stack(self._losses).mean(dim=0).tolist()
        self._losses.clear()
        return {"discriminator_loss": own, "adversarial_loss": passing}

    def tensors(self) -> dict[str, Tensor]:
        """Return the state, for `restore`."""
        state = self.discriminator.state_dict()
        weights = {f"discriminator.{name}": value for name, value in state.items()}
        return weights | optimizer_tensors(self.optimizer, "discriminator_optimizer")

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on where `tensors` were taken."""
        start = "discriminator."
        self.discriminator.load_state_dict(
            {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
        )
        restore_optimizer(self.optimizer, tensors, "discriminator_optimizer")
