"""The notifier: what the stream says, brought to whoever has to act."""
