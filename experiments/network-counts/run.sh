#!/usr/bin/env bash
# Compare parameters and FLOPs of all architectures with the published ones.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/network-counts
python "$here/run.py" --keep "$here"
