"""Dead letters after the fact: which wait, sending them again, dropping them, and the note of what was done."""
