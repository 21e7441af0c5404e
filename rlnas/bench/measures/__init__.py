"""What ``rlnas bench`` measures, one thing a file."""
