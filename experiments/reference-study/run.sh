#!/usr/bin/env bash
# Measure the reference study, with and without the shrunk policy head, and keep its tables here.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/reference-study
for variant in shrunk plain; do
  python "$here/study.py" "$variant" --out "runs/reference-study/$variant" --keep "$here/$variant"
done
# The same tasks under a budget of queries, from what experiments/transfer-matrix-micro/run.sh kept.
python "$here/by_query.py" --curves experiments/transfer-matrix-micro/curves.parquet \
  --keep "$here/by-query.txt"
