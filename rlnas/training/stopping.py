"""When a training ends early, and with which weights."""

from __future__ import annotations

from torch import Tensor, nn

from rlnas.training.result import EpochRecord

_PREFIX = "best."


class EarlyStopping:
    """Keeps the weights of the best epoch, and counts the epochs since.

    Args:
        patience: Epochs without a better validation metric after which to stop; None for never.
        sign: 1 where more of the metric is better, else −1.

    Attributes:
        best_epoch: The best epoch so far, the first of equals; without patience, the last.
    """

    def __init__(self, patience: int | None, sign: int) -> None:
        self.best_epoch = 0
        self._patience = patience
        self._sign = sign
        self._best = float("-inf")
        self._epoch = 0
        self._weights: dict[str, Tensor] = {}

    def update(self, record: EpochRecord, network: nn.Module) -> None:
        """Take an epoch's measurements, and the weights if they are the best."""
        self._note(record)
        if self._patience is not None and self.best_epoch == record.epoch:
            state = network.state_dict()
            self._weights = {name: value.detach().cpu().clone() for name, value in state.items()}

    def _note(self, record: EpochRecord) -> None:
        self._epoch = record.epoch
        score = self._sign * record.valid["metric"]
        if self._patience is None or score > self._best:
            self._best, self.best_epoch = score, record.epoch

    @property
    def stops(self) -> bool:
        """Whether the patience is at an end."""
        return self._patience is not None and self._epoch - self.best_epoch >= self._patience

    def load_best(self, network: nn.Module) -> None:
        """Give a network the best epoch's weights; without patience it keeps its own."""
        if self._weights:
            network.load_state_dict(self._weights)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state, for `restore`."""
        return {f"{_PREFIX}{name}": value for name, value in self._weights.items()}

    def restore(self, tensors: dict[str, Tensor], history: list[EpochRecord]) -> None:
        """Go on where `tensors` were taken, after the epochs of a history."""
        for record in history:
            self._note(record)
        self._weights = {
            name.removeprefix(_PREFIX): value
            for name, value in tensors.items()
            if name.startswith(_PREFIX)
        }
