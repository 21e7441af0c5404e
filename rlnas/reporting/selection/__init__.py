"""How well a source is chosen: measured against what every source would have given."""
