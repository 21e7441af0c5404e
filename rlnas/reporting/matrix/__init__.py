"""The numbers of a transfer matrix, from the rows and curves of its searches."""
