"""The controller of a shrinking super-network: how hard it is pressed, and when it is stable."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, kw_only=True)
class ControllerConfig:
    """How strength and balance of the sparsity follow the deletions.

    The values are those of the authors' code for CIFAR-10 (DNAD, Rao, Zhao & Liu, arXiv 2504.20080;
    repository RaoXuan-1998/NADD).

    Attributes:
        gamma: First strength γ of the sparsity entropy, above 0.
        gamma_max: Strength from which stages are counted.
        grow: Factor φ of γ in a step after few deletions, 1 or more.
        shrink: Factor k of γ in a step after many, in (0, 1].
        mu: First weight μ of the entropy by itself against that of the loss, 0 or more.
        mu_grow: Factor ρ of μ at a stage, 1 or more.
        smoothing: τ, how slowly the smoothed number of deletions p follows, in [0, 1).
        rate: Most smoothed deletions a step, n_max, above 0.
        rate_grow: Factor ξ of n_max at a stage, above 0.
        patience: Steps t_max without many deletions, at γ_max or above, that make a stage.
    """

    gamma: float = 1e-4
    gamma_max: float = 0.1
    grow: float = 1.01
    shrink: float = 0.99
    mu: float = 0.1
    mu_grow: float = 1.5
    smoothing: float = 0.9
    rate: float = 0.005
    rate_grow: float = 1.0
    patience: int = 50


@dataclass(frozen=True)
class ShrinkingController:
    """The controller between two steps.

    γ is a thermostat: it grows while little is deleted and falls after each deletion, so that there
    is about one deletion a time. It is not held at ``gamma_max``, from which the stages are
    counted; the authors' code does not hold it either.

    Attributes:
        config: How it reacts.
        gamma: Strength γ of the sparsity entropy.
        mu: Weight μ of the entropy by itself.
        deletions: Smoothed number p of deletions a step.
        rate: Most of them, n_max.
        quiet: Steps t in a row without many, at ``gamma_max`` or above.
    """

    config: ControllerConfig
    gamma: float
    mu: float
    deletions: float = 0.0
    rate: float = 0.0
    quiet: int = 0

    @classmethod
    def begin(cls, config: ControllerConfig) -> ShrinkingController:
        """Return the controller before the first step."""
        return cls(config, config.gamma, config.mu, rate=config.rate)

    def after(self, deleted: int) -> tuple[ShrinkingController, bool]:
        """Return the controller after a step, and whether the step ends a stage.

        Args:
            deleted: Operations that were deleted in it.
        """
        own = self.config
        p = own.smoothing * self.deletions + (1 - own.smoothing) * deleted
        if p >= self.rate:
            return replace(self, deletions=p, gamma=self.gamma * own.shrink, quiet=0), False
        gamma = self.gamma * own.grow
        if self.gamma < own.gamma_max:
            return replace(self, deletions=p, gamma=gamma, quiet=0), False
        if self.quiet + 1 < own.patience:
            return replace(self, deletions=p, gamma=gamma, quiet=self.quiet + 1), False
        stage = replace(
            self,
            deletions=p,
            gamma=gamma,
            mu=self.mu * own.mu_grow,
            rate=self.rate * own.rate_grow,
            quiet=0,
        )
        return stage, True

    def values(self) -> dict[str, float]:
        """Return its numbers by name, as `restored` takes them."""
        found = asdict(self)
        del found["config"]
        return found

    def restored(self, values: dict[str, float]) -> ShrinkingController:
        """Return the controller whose numbers these were."""
        whole = {**values, "quiet": int(values["quiet"])}
        return replace(self, **whole)  # type: ignore[arg-type]
