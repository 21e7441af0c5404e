#!/usr/bin/env bash
# Search every task of both TransNAS-Bench-101 spaces with the searchers that do not learn.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/baselines
for suite in transnas-micro transnas-macro; do
  run=runs/baselines/$suite
  rlnas search --suite "$suite" --task all --algorithm random,regularised-evolution,local \
    --queries 50 --seeds 100 --out "$run" --resume | tee "$here/$suite.txt"
  cp "$run/rows.parquet" "$here/$suite-rows.parquet"
done
