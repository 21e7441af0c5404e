#!/usr/bin/env bash
# What executors cost, some minutes on two cores, with the extra ray: writes costs.md beside this file.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
python experiments/executors/measure.py
