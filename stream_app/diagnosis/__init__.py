"""The diagnosis: what is examined of an installation, what is found wrong by name, and how it is mended."""
