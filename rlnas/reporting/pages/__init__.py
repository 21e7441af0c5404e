"""HTML pages, a section a file."""
