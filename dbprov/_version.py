"""The one place of the version; hatch reads it too."""

__version__ = "0.1.0"
