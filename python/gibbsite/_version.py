"""The version, written in this place only."""

__version__ = "0.1.0"
