"""A posterior that follows its sources as long as the target does, and finds out when it does not.

Sources may say nothing of a target, or the opposite, and a posterior that believes them then ends
far behind a random search. So after the first queries a few members share the choice: one that
follows the sources and may turn their order round, one that goes by structure, and one that knows
nothing. What each is worth follows from how likely it makes the scores so far, and from random
probes: if they are no worse than what the sources recommended, the sources are no help (Bayesian
model averaging; the probes make up for the likelihood's own belief in its prior).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from rlnas.search.bayesian.opening import Opening
from rlnas.search.bayesian.posterior import Features, Floats, PosteriorConfig, TargetPosterior

Member = Literal["sources", "structure", "nothing"]

STRUCTURED = PosteriorConfig(
    operations=0.0, structure=0.3, noise=0.3, prior_mean=0.5, exploration=0.5
)
"""The prior of the member that follows the sources."""

_SLOPE = 0.3
_FREE = PosteriorConfig(
    operations=0.0,
    structure=0.5,
    slope=1.0,
    noise=0.3,
    prior_mean=0.0,
    exploration=1.0,
)
_NOTHING = PosteriorConfig(
    linear=0.0, smooth=0.0, operations=0.0, noise=1.0, prior_mean=0.0, exploration=1.0
)
_PRIOR_WEIGHTS: dict[Member, float] = {"sources": 0.9, "structure": 0.05, "nothing": 0.05}


class DistrustingPosterior:
    """Members from trust in the sources to knowing nothing, one of which makes each choice.

    The first ``trusting`` choices are the sources'. The next one is a random probe; from then on a
    member is drawn by its weight: prior weight, times the marginal likelihood of all scores so far,
    times, for the sources' member, what the random probes say: a factor for each that falls with
    the share of the sources' choices that were worse than the probe.

    Args:
        features: What the priors read.
        rng: Draws members and probes.
        prior: The prior of the member that follows the sources.
        trusting: Choices before the first probe; None never doubts.
        weights: ``(S,)`` what each source counts in the prior mean, of sum 1; None for all alike.
        opening: First choices that are spread over the sources, see `Opening`.

    Attributes:
        chosen_by: Who made each choice, in order: a member, or ``probe``.
    """

    def __init__(
        self,
        features: Features,
        rng: np.random.Generator,
        prior: PosteriorConfig = STRUCTURED,
        *,
        trusting: int | None = 10,
        weights: Floats | None = None,
        opening: int = 0,
    ) -> None:
        self._opening = Opening(features, prior, weights) if opening else None
        self._opened = opening
        self._features, self._rng, self._trusting = features, rng, trusting
        self._first = TargetPosterior(features, prior, weights)
        self._members: dict[Member, TargetPosterior] = {}
        if trusting is not None:
            sloped = replace(prior, slope=_SLOPE)
            self._members = {
                "sources": TargetPosterior(features, sloped, weights),
                "structure": TargetPosterior(features, _FREE, weights),
                "nothing": TargetPosterior(features, _NOTHING),
            }
        self._networks = features.space.canonical_index
        self._unvisited = np.ones(len(self._networks), dtype=np.bool_)
        self._next: Member | Literal["probe"] | None = None
        self.chosen_by: list[Member | Literal["probe"]] = []
        self._recommended: list[float] = []
        self._probed: list[float] = []

    @property
    def queried(self) -> list[int]:
        """Indices of the architectures observed, in order."""
        return self._first.queried

    @property
    def alike(self) -> NDArray[np.int64]:
        """``(size,)``: a number that architectures share which no source tells apart."""
        return self._features.alike

    @property
    def mean(self) -> Floats:
        """``(size,)`` standardised scores as the member predicts that is most likely right."""
        return self._speaker.mean

    @property
    def probing(self) -> bool:
        """Whether the next choice is a random one, whoever proposes."""
        return self._next in ("probe", "nothing")

    def targets(self) -> Floats:
        """Return the queried scores ``(T,)`` as they were standardised."""
        return self._first.targets()

    @property
    def _speaker(self) -> TargetPosterior:
        if len(self.chosen_by) <= (self._trusting or 0) or not self._members:
            return self._first
        weights = self.weights()
        return self._members[max(weights, key=weights.__getitem__)]

    def weights(self) -> dict[Member, float]:
        """Return the probability of each member to make the next choice."""
        logs = {
            name: np.log(_PRIOR_WEIGHTS[name]) + member.log_likelihood()
            for name, member in self._members.items()
        }
        logs["sources"] += self._trust()
        top = max(logs.values())
        odds = {name: float(np.exp(value - top)) for name, value in logs.items()}
        total = sum(odds.values())
        return {name: value / total for name, value in odds.items()}

    def _trust(self) -> float:
        """Return the log factor of trust in the sources that the random probes leave."""
        picks = np.array(self._recommended)
        trust = 0.0
        for probe in self._probed:
            beaten = (picks < probe).sum() + 0.5 * (picks == probe).sum() + 0.5
            # Were the sources no help, a probe would beat half of their choices: then it is 1 / 3.
            trust += float(np.clip(np.log(5) + 4 * np.log1p(-beaten / (len(picks) + 1)), -3.0, 1.5))
        return trust

    def worth(self) -> Floats:
        """Draw who makes the next choice; return what each architecture is worth to it.

        Returns:
            ``(size,)``, larger is better; −∞ where a network was queried that it does not repeat.
        """
        self._next, found = self._draw()
        return found

    def _draw(self) -> tuple[Member | Literal["probe"], Floats]:
        if self._opening is not None and len(self.queried) < self._opened:
            return "sources", self._opening.worth(self.queried)
        if self._trusting is None or len(self.chosen_by) < self._trusting:
            return "sources", self._first.worth()
        if len(self.chosen_by) == self._trusting or not self.queried:
            return "probe", self._anywhere()
        weights = self.weights()
        names = list(weights)
        name = cast(Member, str(self._rng.choice(names, p=list(weights.values()))))
        if name == "nothing":
            return name, self._anywhere()
        found = self._members[name].worth()
        if name == "structure" or weights["sources"] < 0.5:
            found = np.where(self._unvisited, found, -np.inf)
        return name, found

    def _anywhere(self) -> Floats:
        """Return a random order of the networks that were not queried, each as likely."""
        draws = self._rng.random(len(self._networks))
        # Of a network one architecture counts: what is written in many ways is no likelier.
        return np.where(self._unvisited & self._leads, draws, -np.inf)

    @property
    def _leads(self) -> NDArray[np.bool_]:
        return np.asarray(self._networks == np.arange(len(self._networks)))

    def observe(self, index: int, score: float) -> None:
        """Take in the score of one architecture; see `TargetPosterior.observe`."""
        for member in (self._first, *self._members.values()):
            member.observe(index, score)
        self._unvisited &= self._networks != self._networks[index]
        if self._next is None:  # somebody else's query, which says nothing of the members
            return
        self.chosen_by.append(self._next)
        if self._next in ("probe", "nothing"):
            self._probed.append(score)
        elif self._next == "sources":
            self._recommended.append(score)
        self._next = None
