"""What people do with keys at a terminal: ceremonies, share sheets, backups."""
