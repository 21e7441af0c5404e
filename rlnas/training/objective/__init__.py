"""Training as an objective: every query trains a network, and leaves a record."""
