"""Similarity estimators, one a file: each asks a few queries of the target and ranks the sources."""
