#!/usr/bin/env bash
# Schedules of regularisation and their rivals on six tables; goes on where it was. About twenty
# minutes of one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
here=experiments/additive-regularisation
python $here/compare.py --alone --seeds 1 --shares 0.1 --out $here/alone.csv
python $here/compare.py --seeds 10
python $here/transfer.py --seeds 5
python $here/tell.py
