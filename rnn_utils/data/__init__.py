"""What the nets read: digits, series and a text, each file checked by its hash."""
