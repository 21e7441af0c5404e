#!/usr/bin/env bash
# Schedules of regularisation and their rivals on six tables; goes on where it was. About twenty
# minutes of one idle core.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
python experiments/additive-regularisation/compare.py --seeds 3
python experiments/additive-regularisation/transfer.py --seeds 5
python experiments/additive-regularisation/tell.py
