"""Search by zero-cost proxies: with a surrogate, by weights that are learnt, or alone."""
