"""What searches leave on disk: cells, their tables, run folders, curves and the best network."""
