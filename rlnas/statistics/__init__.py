"""Statistics over seeds, as plain functions of arrays: means, intervals, pooling, correlation."""
