"""Many networks as one: their weights stacked along a first axis."""
