"""The training loop, for one network or for several side by side."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from rlnas.checkpoints import TrainingState, optimizer_tensors, restore_optimizer
from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import TaskData
from rlnas.networks.parts import network_parts
from rlnas.seeding import derive_seed
from rlnas.training.adversary import Adversary
from rlnas.training.batches import SharedBatches, SplitName
from rlnas.training.distillation import Distillation, Distiller
from rlnas.training.losses import task_loss
from rlnas.training.metrics import EVALUATION_BATCH, Meter
from rlnas.training.optimizers import build_optimizer, set_rate
from rlnas.training.precision import CompiledForward, arrange, autocast, compile_pays, loss_scaler
from rlnas.training.recipe import Recipe
from rlnas.training.regularisation.loss import AdditiveLoss
from rlnas.training.result import EpochRecord


class Loop:
    """Trains a module that gives the outputs of one or more networks.

    An epoch depends on the state, the seed and its number alone: no generator lives from one epoch
    to the next.

    Args:
        module: Gives, for a batch of inputs, the output of each member.
        data: The data of each member; members see the same images.
        recipe: How they are trained. A discriminator or a schedule of regularisation is for one
            member alone.
        seed: Decides the order of examples and their augmentation, and the discriminator's first
            weights.
        device: Where the module is trained; it is moved there.
        train_metrics: Whether to measure the metric on training batches too.
        distillation: What a single member learns from a teacher, or None.

    Attributes:
        module: The module.
        specs: The task of each member.
        recipe: The recipe.
        optimizer: The optimiser.
        failed: Whether the loss of each member was not finite in an epoch.

    Raises:
        InvalidArgumentError: If the data differ in their images, or the recipe's discriminator
            does not suit the task, or its regularisation not the module.
    """

    def __init__(
        self,
        module: nn.Module,
        data: Sequence[TaskData],
        recipe: Recipe,
        *,
        seed: int,
        device: torch.device,
        train_metrics: bool = True,
        distillation: Distillation | None = None,
    ) -> None:
        self.specs: list[TaskSpec] = [item.spec for item in data]
        self._adversary: Adversary | None = None
        if recipe.adversarial:
            self._adversary = Adversary(self.specs[0], recipe, seed=seed, device=device)
        # Where channels lie last, a CPU's convolutions and the decoders' copies are faster.
        self.module = module.to(device)
        arrange(self.module, torch.channels_last)
        self.recipe = recipe
        self.optimizer = build_optimizer(recipe, self.module)
        self.failed = [False] * len(data)
        self._scaler = loss_scaler(recipe.precision, device)
        self._batches = SharedBatches([item.to(device) for item in data])
        self._seed = seed
        self._device = device
        self._train_metrics = train_metrics
        self._steps = self._batches.steps(recipe.batch_size, recipe.epoch_examples)
        self._distiller: Distiller | None = None
        if distillation is not None:
            inputs, _ = next(self._batches.all("valid", 2))
            seed_of_it = derive_seed(seed, "training", "distillation")
            self._distiller = Distiller(
                distillation, self.module, self.specs[0], inputs, seed=seed_of_it
            )
            self._projector = (
                build_optimizer(recipe, self._distiller) if distillation.features else None
            )
        # What is compiled cannot be listened to.
        compiles = False if distillation is not None else recipe.compile
        if compiles is None:
            compiles = compile_pays(device, recipe.epochs * self._steps)
        self._call: Any = CompiledForward(self.module) if compiles else self.module
        self._additive: AdditiveLoss | None = None
        if recipe.regularisation is not None:
            self._additive = AdditiveLoss(
                self.module,
                recipe.regularisation.on(tuple(network_parts(self.module))),
                self.specs[0],
                steps=recipe.epochs * self._steps,
                seed=derive_seed(seed, "training", "regularisation"),
                optimizer=partial(build_optimizer, recipe),
            )

    def epoch(self, number: int, *, test: bool = True) -> list[EpochRecord]:
        """Train for one epoch and evaluate; return the record of each member.

        Nothing is evaluated after an epoch in which every member failed.

        Args:
            number: Number of the epoch, from 1.
            test: Whether to evaluate on the test examples too.
        """
        members = len(self.specs)
        nothing: list[dict[str, float]] = [{} for _ in self.specs]
        start, begun = time.perf_counter(), time.process_time()
        train = self._train(number)
        for member, values in enumerate(train):
            self.failed[member] |= not math.isfinite(values["loss"])
        trained = time.perf_counter()
        valid = nothing if all(self.failed) else self.evaluate("valid")
        tested = nothing if all(self.failed) or not test else self.evaluate("test")
        ended, used = time.perf_counter(), time.process_time() - begun
        return [
            EpochRecord(
                epoch=number,
                train=train[member],
                valid=valid[member],
                test=tested[member],
                learning_rate=self.optimizer.param_groups[0]["lr"],
                seconds=(trained - start) / members,
                evaluation_seconds=(ended - trained) / members,
                cpu_seconds=used / members,
            )
            for member in range(members)
        ]

    def _train(self, number: int) -> list[dict[str, float]]:
        """Train for an epoch and return the means of each member over its batches."""
        if self._distiller is None:
            return self._train_steps(number)
        with self._distiller:
            return self._train_steps(number)

    def _train_steps(self, number: int) -> list[dict[str, float]]:
        recipe = self.recipe
        self.module.train()
        if self._distiller is not None:
            self._distiller.train()
        total = torch.zeros(len(self.specs), device=self._device)
        meters = [Meter(spec) for spec in self.specs] if self._train_metrics else []
        batches = self._batches.epoch(self._seed, number, recipe.batch_size, recipe.epoch_examples)
        for step, (inputs, targets) in enumerate(batches, start=(number - 1) * self._steps):
            rate = recipe.rate(step, recipe.epochs * self._steps)
            outputs, parts = self._outputs(inputs, step)
            losses = torch.stack(
                [
                    task_loss(s.kind, o, t, label_smoothing=recipe.label_smoothing)
                    for s, o, t in zip(self.specs, outputs, targets, strict=True)
                ]
            )
            objective = losses.sum()
            if self._adversary is not None:
                objective = self._adversary.objective(
                    inputs, targets[0], outputs[0], objective, scaler=self._scaler, rate=rate
                )
            if self._additive is not None:
                objective = self._additive.objective(objective, inputs, parts)
            if self._distiller is not None:
                with autocast(recipe.precision, self._device):
                    imitation = self._distiller.loss(inputs, outputs[0], targets[0])
                objective = objective + imitation
            self._step(objective, rate)
            total += losses.detach()
            for meter, output, target in zip(meters, outputs, targets, strict=False):
                meter.update(output.detach(), target)
        train = [meter.values() for meter in meters] or [{} for _ in self.specs]
        for values, loss in zip(train, (total / self._steps).tolist(), strict=True):
            values["loss"] = loss  # what was minimised, where a meter leaves out label smoothing
        if self._adversary is not None:
            train[0] |= self._adversary.take_losses()
        if self._additive is not None:
            train[0] |= self._additive.take_means()
        if self._distiller is not None:
            train[0] |= self._distiller.take_means()
        return train

    def _outputs(
        self, inputs: Tensor, step: int
    ) -> tuple[Sequence[Tensor], dict[str, Tensor] | None]:
        """Return what a training batch comes to, and parts' outputs where terms need them."""
        if self._additive is not None:
            self._additive.begin(step)
            with autocast(self.recipe.precision, self._device):
                both = self._additive.forward(inputs)
            if both is not None:
                return [both[0]], both[1]
        return self._forward(inputs), None

    def _step(self, objective: Tensor, rate: float) -> None:
        """Move the weights against the gradient of a scalar."""
        set_rate(self.optimizer, rate)
        self.optimizer.zero_grad()
        if self._distiller is not None and self._projector is not None:
            set_rate(self._projector, rate)
            self._projector.zero_grad()
        torch.autograd.backward(self._scaler.scale(objective))
        if self.recipe.gradient_clip is not None:
            self._scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.module.parameters(), self.recipe.gradient_clip)
        if self._additive is not None:
            self._additive.hold_back()
        self._scaler.step(self.optimizer)
        if self._distiller is not None and self._projector is not None:
            self._scaler.step(self._projector)
        self._scaler.update()
        if self._additive is not None:
            self._additive.shrink(rate)

    def _forward(self, inputs: Tensor) -> Sequence[Tensor]:
        if inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        with autocast(self.recipe.precision, self._device):
            outputs: Any = self._call(inputs)
        return [outputs] if isinstance(outputs, Tensor) else outputs

    @torch.no_grad()
    def evaluate(self, name: SplitName) -> list[dict[str, float]]:
        """Return the metrics of each member on a split."""
        self.module.eval()
        meters = [Meter(spec) for spec in self.specs]
        for inputs, targets in self._batches.all(name, EVALUATION_BATCH):
            for meter, output, target in zip(meters, self._forward(inputs), targets, strict=True):
                meter.update(output, target)
        return [meter.values() for meter in meters]

    def state(self) -> TrainingState:
        """Return tensors and JSON-able values from which `restore` goes on exactly."""
        tensors = {f"network.{name}": value for name, value in self.module.state_dict().items()}
        tensors |= optimizer_tensors(self.optimizer, "optimizer")
        if self._adversary is not None:
            tensors |= self._adversary.tensors()
        if self._additive is not None:
            tensors |= self._additive.tensors()
        if self._distiller is not None:
            own = self._distiller.state_dict()
            tensors |= {f"distiller.{name}": value for name, value in own.items()}
            if self._projector is not None:
                tensors |= optimizer_tensors(self._projector, "projector")
        return tensors, {"scaler": self._scaler.state_dict()}

    def restore(self, state: TrainingState) -> None:
        """Go on where `state` was taken, with the same recipe, data and seed.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: If the state does not fit.
        """
        tensors, values = state
        start = "network."
        self.module.load_state_dict(
            {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
        )
        restore_optimizer(self.optimizer, tensors, "optimizer")
        if self._adversary is not None:
            self._adversary.restore(tensors)
        if self._additive is not None:
            self._additive.restore(tensors)
        if self._distiller is not None:
            own = "distiller."
            self._distiller.load_state_dict(
                {n.removeprefix(own): t for n, t in tensors.items() if n.startswith(own)}
            )
            if self._projector is not None:
                restore_optimizer(self._projector, tensors, "projector")
        if values["scaler"]:
            self._scaler.load_state_dict(values["scaler"])
