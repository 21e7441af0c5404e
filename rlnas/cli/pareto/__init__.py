"""``rlnas pareto``: its options, and what it prints."""
