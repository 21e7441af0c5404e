"""The numbers of searches on the tasks of a suite, from their rows and curves."""
