#!/usr/bin/env bash
# Search every task of both TransNAS-Bench-101 spaces with the searchers that do not learn.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/baselines
for suite in transnas-micro transnas-macro; do
  for algorithm in random regularised-evolution local; do
    rlnas search --suite "$suite" --task all --algorithm "$algorithm" --queries 50 --seeds 100 \
      --out "runs/baselines/$suite/$algorithm" --json | tail -n 1 > "$here/$suite-$algorithm.json"
  done
done
python "$here/table.py" | tee "$here/table.md"
