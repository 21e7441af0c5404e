"""The command line ``rlnas``: one file a command, options as dataclasses.

A command's module is light: heavy libraries are imported when it runs, so help is quick.
"""
