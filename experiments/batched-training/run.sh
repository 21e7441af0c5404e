#!/usr/bin/env bash
# Train 64 architectures one by one and stacked for the speed, and 16 of them longer for the scores.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/batched-training
python "$here/run.py" speed "$here"
python "$here/run.py" agreement "$here"
