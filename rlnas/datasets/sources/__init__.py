"""Where images and targets come from: rooms, folders, Taskonomy's layout, digits."""
