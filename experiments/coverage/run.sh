#!/usr/bin/env bash
# Simulate how often the intervals of the tables cover the truth; some minutes on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
python experiments/coverage/run.py --out experiments/coverage/coverage.csv
python experiments/coverage/alternatives.py --out experiments/coverage/alternatives.csv
