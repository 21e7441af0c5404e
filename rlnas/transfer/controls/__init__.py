"""What nobody learnt: fixed lists, untrained controllers and random proposals.

A method is only called better than what it beats, and these are what it has to beat first.
"""
