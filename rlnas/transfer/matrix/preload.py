"""What worker processes of the matrix need, imported once in the server they are forked from."""

import pyarrow.parquet  # noqa: F401  (results)
import torch.utils.tensorboard.summary  # noqa: F401  (curves)

import rlnas.transfer.matrix.workers  # noqa: F401
