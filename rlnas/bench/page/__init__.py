"""What ``rlnas bench`` shows: its figure and the sections of its page."""
