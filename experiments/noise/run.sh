#!/usr/bin/env bash
# Measure the noise of every suite, and what a searcher with noise-free scores would reach.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/noise
python "$here/run.py" --keep "$here"
