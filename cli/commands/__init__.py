"""Hold one thin module per group of commands."""
