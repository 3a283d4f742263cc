"""What a chapter and its study share, and its drawings; no chapter takes from another's module."""
