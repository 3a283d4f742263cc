"""What the nets read: digits and series, each file checked by its hash."""
