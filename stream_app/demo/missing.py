"""What is missing for the demo, said in a sentence that a newcomer can act on."""

from __future__ import annotations


class Missing(Exception):
    """The demo cannot run: the message says why and what to install or to look at."""
