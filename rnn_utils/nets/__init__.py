"""Nets that more than one chapter or a study trains."""
