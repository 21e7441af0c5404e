#!/usr/bin/env bash
# Search the hostile targets of three benchmarks by every method, and tell what harm each does.
# Needs RLNAS_DATA_MIRROR, the folder of the published files. Goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
for suite in transnas-micro transnas-macro nasbench-201; do
  python experiments/harm/search.py --suite "$suite" --out runs/harm
done
python experiments/harm/tell.py --runs runs/harm --out experiments/harm
