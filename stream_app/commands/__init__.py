"""The subcommands of `tenggat`, a module each."""
