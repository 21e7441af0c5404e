"""Model-based search: posteriors over the scores of a search space."""
