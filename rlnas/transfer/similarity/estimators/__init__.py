"""Similarity estimators, one a file: each asks the target a little and ranks the sources."""
