#!/usr/bin/env bash
# What asking and telling costs, a minute or two on one core: writes costs.md beside this file.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
python experiments/ask-and-tell/measure.py
