"""Train every architecture of a space, resumably, into a table."""
