"""The optimiser of a recipe."""

from __future__ import annotations

import torch
from torch import nn

from rlnas.training.recipe import Recipe


def build_optimizer(recipe: Recipe, module: nn.Module) -> torch.optim.Optimizer:
    """Return the recipe's optimiser over a module's parameters."""
    # Where a loss scaler leaves a step out, fused SGD takes memory that nothing was written to for
    # its momentum; the plain one is not called.
    fused = recipe.precision != "float16"
    parameters = [p for p in module.parameters() if p.requires_grad]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov and recipe.momentum > 0,
            weight_decay=recipe.weight_decay,
            fused=fused,
        )
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(
        parameters,
        recipe.learning_rate,
        betas=recipe.betas,
        weight_decay=recipe.weight_decay,
        fused=fused,
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
