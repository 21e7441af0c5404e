"""A controller on a target: how it acts, learns between queries, and rehearses."""
