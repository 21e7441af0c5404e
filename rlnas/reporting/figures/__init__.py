"""Figures, one a file, and how all of them are drawn and saved."""
